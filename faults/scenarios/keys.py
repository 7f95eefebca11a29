"""Cognito's key set is away, slow, nonsense, without end, or elsewhere: at the start and later."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from benchmarks import turns
from faults.asking import ANSWERED, OUT_OF_REACH, Question
from faults.played import Played, Way, played
from faults.scenario import Scenario
from faults.stage import Site, Stage
from faults.talk import Record
from faults.verdict import Expected

NEW_KEY = "the-next-key"
# who cannot be known now is told so, and hears facts as anybody does
AT_START = Expected(turns=frozenset({ANSWERED, OUT_OF_REACH}), longest=5.0, well=7.0)
LATER = Expected(
    turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=1.0, longest=5.0, well=1.0
)
PAUSE = 1.0  # seconds, instead of those between two fetches


def at_start(stage: Stage) -> None:
    """A new server has no key yet: it is not ready, and tells whoever comes that it is its fault.

    Nothing is confirmed, and a load balancer would not even send anybody.
    """
    for way in (Way.DOWN, Way.SILENT):
        with _pool(stage) as pool:
            pool.way = way
            with (
                _site(stage, pool, awaited=False) as site,
                stage.talking(f"at the start: {way}", site, AT_START, turns=8, intent="save") as (
                    talk,
                    found,
                ),
            ):
                with talk.fault():
                    time.sleep(5)
                    found.check(not _is_ready(site), "ready without a key")
                    pool.way = Way.GOOD
                talk.until_well()
                found.check(_is_ready(site), "not ready with a key")


def later(stage: Stage) -> None:
    """The pool has replaced its key, and its key set is worse each time somebody looks."""
    new_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    people = _signed_by(stage, new_key)
    with (
        _pool(stage) as pool,
        _site(stage, pool, pause=PAUSE) as site,
        stage.talking("a new key, and no key set", site, LATER) as (talk, found),
    ):
        time.sleep(PAUSE + 0.2)
        pool.body = _key_set(stage, new_key)
        with talk.fault():
            for way in (each for each in Way if each != Way.GOOD):
                pool.way, begun = way, time.monotonic()
                heard: list[Record] = []
                while len(heard) < 10:
                    time.sleep(0.25)
                    heard.append(talk.aside(next(people)))
                outcomes = Counter(each.outcome for each in heard)
                longest = max(each.took for each in heard)
                # asked to link again, they would do it, and it would help nobody
                found.check(set(outcomes) == {OUT_OF_REACH}, f"{way}: {dict(outcomes)}")
                found.check(longest < LATER.longest, f"{way}: a turn took {longest:.1f} s")
                found.said.append(
                    f"{way}, {time.monotonic() - begun:.0f} s, the new key:"
                    f" {outcomes[OUT_OF_REACH]} × {OUT_OF_REACH}, at most {longest:.1f} s"
                )
            pool.way = Way.GOOD
        while talk.aside(next(people)).outcome != ANSWERED:
            if time.monotonic() > talk.lifted + PAUSE + 5:
                found.check(holds=False, promise="the new key is not taken")
                break
            time.sleep(0.2)
        found.said.append(f"the new key counts {time.monotonic() - talk.lifted:.1f} s after it")
        found.check(pool.followed == 0, "a redirect was followed")
        talk.until_well()


@contextlib.contextmanager
def _pool(stage: Stage) -> Iterator[Played]:
    with played(stage.here, _key_set(stage)) as pool:
        yield pool


@contextlib.contextmanager
def _site(
    stage: Stage, pool: Played, *, awaited: bool = True, pause: float = 0.0
) -> Iterator[Site]:
    more = {"COGNITO_JWKS_URL": pool.url, "DJANGO_SETTINGS_MODULE": "faults.settings"}
    if pause:
        more["FAULTS_PAUSE"] = str(pause)
    with stage.site(more=more, awaited=awaited, workers=1) as site:
        yield site


def _key_set(stage: Stage, *more: rsa.RSAPrivateKey) -> bytes:
    entries = []
    for kid, key in zip((turns.KEY_ID, NEW_KEY), (stage.world.pool_key, *more), strict=False):
        entry = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        entries.append(entry | {"kid": kid, "alg": "RS256", "use": "sig"})
    return json.dumps({"keys": entries}).encode()


def _signed_by(stage: Stage, key: rsa.RSAPrivateKey) -> Iterator[Question]:
    """Turns of people whose tokens have the new key's signature."""
    for person in itertools.cycle(stage.cast.people[:100]):
        claims = jwt.decode(person.token, options={"verify_signature": False})
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": NEW_KEY})
        yield replace(stage.cast, people=[replace(person, token=token)]).next_turn("who")


def _is_ready(site: Site) -> bool:
    time.sleep(1.1)  # an answer is remembered for a second
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/readyz", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return False


SCENARIOS = [Scenario(at_start), Scenario(later)]
