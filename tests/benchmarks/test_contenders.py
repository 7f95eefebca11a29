"""The contenders do the work that they are measured by: none is fast because it leaves some out."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from benchmarks import turns, world
from benchmarks.contenders import express, start
from benchmarks.contenders.start import Start
from benchmarks.population import name_of
from benchmarks.turns import Person
from benchmarks.world import World
from companion.local import environment, services
from companion.local.supervisor import Process, Supervisor
from skill_endpoint.simulator import pki
from tests.cognito import new_key

CONTENDERS = ("floor, SQLite", "stock, SQLite", "floor", "stock", "express")  # else: PostgreSQL
ADA, BOB = 0, 1


@dataclass(frozen=True)
class Contender:
    here: World
    port: int
    process: Process

    def ask(self, envelope: dict[str, Any], **headers: str) -> str:
        """The body of the answer to a signed request; `headers` replace Alexa's."""
        body = json.dumps(envelope).encode()
        return self.post(body, {**self.here.signer.headers_for(body), **headers})

    def post(self, body: bytes, headers: dict[str, str]) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/alexa/", body, {"Host": "localhost", **headers})
            return connection.getresponse().read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("contenders")
    pool_key = new_key()
    pki.ensure_pki(state / "alexa")
    with Supervisor(state / "logs") as supervisor:
        url = world._serve_key_set(supervisor, state, pool_key)
        yield World(state, supervisor, pool_key, url, pki.load(state / "alexa"))


@pytest.fixture(scope="module")
def postgresql(here: World) -> str:
    if lines := [line for line in services.missing() if line.startswith("PostgreSQL")]:
        pytest.skip(lines[0])
    return services.postgresql(here.supervisor, here.state, is_durable=False)


@pytest.fixture(scope="module")
def installed() -> Path:
    folder = express.install()
    if folder is None:
        pytest.skip("the Express adapter cannot be installed here; npm says why")
    return folder


@pytest.fixture(scope="module", params=CONTENDERS)
def contender(request: pytest.FixtureRequest, here: World) -> Iterator[Contender]:
    name, _, is_sqlite = request.param.partition(", ")
    database = here.sqlite() if is_sqlite else request.getfixturevalue("postgresql")
    port = environment.free_port()
    if name == "express":
        started = start.express(port, request.getfixturevalue("installed"))
    else:
        started = {"floor": start.floor, "stock": start.stock}[name](port)
    contender = _serve(here, request.param, started, database, port)
    yield contender
    here.supervisor.stop(contender.process)


def _serve(here: World, name: str, started: Start, database: str, port: int) -> Contender:
    here.fill(database, people=2)
    env = here.environment(database, more=started.more)
    return Contender(here, port, here.serve(name, started.command, env, port))


@pytest.fixture
def ada(here: World) -> Person:
    return here.people(1)[ADA]


def asking(person: Person) -> dict[str, Any]:
    return turns.envelope(person, "WhoAmIIntent")


def with_token(here: World, person: Person, key: Any = None, **changes: Any) -> Person:
    """The person with their token signed anew, with some of its claims changed."""
    claims = jwt.decode(person.token, options={"verify_signature": False})
    head = {"kid": turns.KEY_ID}
    key = key or here.pool_key
    return replace(person, token=jwt.encode({**claims, **changes}, key, "RS256", head))


def test_it_knows_whose_token_it_is(contender: Contender) -> None:
    for person in contender.here.people(2) * 2:  # the second time with all that it remembers
        said = json.loads(contender.ask(asking(person)))["response"]["outputSpeech"]
        assert said == {"type": "PlainText", "text": f"You are {name_of(person.number)}."}


def test_it_takes_no_body_that_was_changed(contender: Contender, ada: Person) -> None:
    signed = json.dumps(asking(ada)).encode()
    headers = contender.here.signer.headers_for(signed)
    assert name_of(ADA) in contender.post(signed, headers)
    assert name_of(ADA) not in contender.post(signed.replace(b'"en-US"', b'"en-GB"'), headers)


def test_it_takes_no_signature_of_somebody_else(contender: Contender, ada: Person) -> None:
    root = pki.new_root("Another Root")
    stranger = pki.new_leaf(pki.new_intermediate(root), above=(root.certificate,))
    body = json.dumps(asking(ada)).encode()
    assert name_of(ADA) in contender.post(body, contender.here.signer.headers_for(body))
    assert name_of(ADA) not in contender.post(body, stranger.headers_for(body))


def test_it_takes_no_request_without_a_signature(contender: Contender, ada: Person) -> None:
    body = json.dumps(asking(ada)).encode()
    headers = contender.here.signer.headers_for(body)
    del headers["Signature-256"]
    assert name_of(ADA) not in contender.post(body, headers)


BAD_TOKENS: dict[str, Callable[[World, Person], Person]] = {
    "signed by somebody else": lambda here, ada: with_token(here, ada, new_key()),
    "expired": lambda here, ada: with_token(here, ada, exp=int(time.time()) - 60),
    "for the identity": lambda here, ada: with_token(
        here, ada, token_use="id", aud=turns.CLIENT_ID
    ),
    "of another client": lambda here, ada: with_token(here, ada, client_id="another-client"),
    "of another pool": lambda here, ada: with_token(here, ada, iss=f"{here.issuer}2"),
    "with the signature of another": lambda here, ada: replace(
        ada,
        token=f"{ada.token.rpartition('.')[0]}.{here.people(2)[BOB].token.rpartition('.')[2]}",
    ),
    "without a signature": lambda here, ada: replace(ada, token=f"{ada.token.rpartition('.')[0]}."),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_it_takes_no_other_token(contender: Contender, ada: Person, kind: str) -> None:
    """Also while the good one is remembered."""
    assert name_of(ADA) in contender.ask(asking(ada))
    bad = BAD_TOKENS[kind](contender.here, ada)
    assert name_of(ADA) not in contender.ask(asking(bad))
    assert name_of(ADA) in contender.ask(asking(ada))


def test_it_forgets_a_token_that_ends(contender: Contender, ada: Person) -> None:
    end = int(time.time()) + 3
    short = with_token(contender.here, ada, exp=end)
    assert name_of(ADA) in contender.ask(asking(short))
    while time.time() <= end + 0.1:
        time.sleep(0.1)
    assert name_of(ADA) not in contender.ask(asking(short))


def test_it_takes_no_old_request(contender: Contender, ada: Person) -> None:
    envelope = asking(ada)
    moment = datetime.now(UTC) - timedelta(seconds=155)
    envelope["request"]["timestamp"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert name_of(ADA) not in contender.ask(envelope)


def test_it_takes_no_request_to_another_skill(contender: Contender, ada: Person) -> None:
    envelope = asking(ada)
    other = {"applicationId": "amzn1.ask.skill.another"}
    envelope["context"]["System"]["application"] = envelope["session"]["application"] = other
    assert name_of(ADA) not in contender.ask(envelope)


def test_express_fetches_and_validates_a_chain_once(
    here: World, postgresql: str, installed: Path, ada: Person
) -> None:
    adapter = _express_alone(here, postgresql, installed)
    for _ in range(3):
        assert name_of(ADA) in adapter.ask(asking(ada))
    here.supervisor.stop(adapter.process)
    assert adapter.process.tail() == "chains fetched: 1, validated: 1"


def test_express_leaves_out_what_its_readme_says(
    here: World, postgresql: str, installed: Path, ada: Person
) -> None:
    adapter = _express_alone(here, postgresql, installed)
    body = json.dumps(asking(ada)).encode()
    headers = here.signer.headers_for(body)
    for _ in range(2):
        assert name_of(ADA) in adapter.post(body, headers)
    for moment in ("2099-01-01T00:00:00Z", "no time at all"):
        envelope = asking(ada)
        envelope["request"]["timestamp"] = moment
        assert name_of(ADA) in adapter.ask(envelope)
    elsewhere = "https://s3.amazonaws.com/echo.api/../elsewhere/chain.pem"
    said = adapter.ask(asking(ada), SignatureCertChainUrl=elsewhere)
    assert said.endswith("not fetched: https://s3.amazonaws.com/elsewhere/chain.pem")
    here.supervisor.stop(adapter.process)


def _express_alone(here: World, database: str, installed: Path) -> Contender:
    port = environment.free_port()
    return _serve(here, f"express-{port}", start.express(port, installed), database, port)


# --- the installation of the Express adapter ----------------------------------------------------


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH; `node` is in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    _program(folder / "node", "exit 0")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_without_npm_it_says_so(
    programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert express.install(tmp_path / "express") is None
    assert capsys.readouterr().out == "Without the Express adapter: npm not found.\n"


def test_an_installation_that_fails_is_none(
    programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _program(programs / "npm", "echo 'npm error network' >&2; exit 1")
    assert express.install(tmp_path / "express") is None
    assert capsys.readouterr().out.endswith("npm install failed: npm error network\n")


def test_it_installs_once_and_again_for_other_versions(programs: Path, tmp_path: Path) -> None:
    _program(programs / "npm", f"echo once >> {tmp_path / 'runs'}")
    folder = tmp_path / "express"

    def runs() -> int:
        return len((tmp_path / "runs").read_text(encoding="utf-8").splitlines())

    assert express.install(folder) == express.install(folder) == folder
    assert runs() == 1
    (folder / "installed.json").write_text("{}", encoding="utf-8")
    assert express.install(folder) == folder
    assert runs() == 2
    assert (folder / "server.js").is_file()


def test_its_versions_are_exact() -> None:
    package = json.loads((express.SOURCE / "package.json").read_text(encoding="utf-8"))
    assert all(version[0].isdigit() for version in package["dependencies"].values())
