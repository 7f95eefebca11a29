"""What the load sends is what Alexa sends: the product's own checks take it, once."""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
from pytest_django import Settings

from accounts.cognito import keys
from accounts.cognito.tokens import verify_access_token
from accounts.models import Profile, User
from benchmarks import population, turns
from companion.local.environment import SKILL_ID
from skill_endpoint import signing_keys, skill
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.verification import verify
from tests.cognito import TokenMint

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Benchmark"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pki")
    pki.ensure_pki(made)
    return made


@pytest.fixture
def signer(folder: Path, settings: Settings) -> Signer:
    signing_keys.forget()
    settings.ALEXA_DEV_PKI_DIR = str(folder)
    settings.ALEXA_SKILL_IDS = [SKILL_ID]
    return pki.load(folder)


@pytest.fixture
def people(
    pool_keys: TokenMint, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> list[turns.Person]:
    """Three, with tokens of a pool whose keys can be fetched."""
    settings.COGNITO_ISSUER = ISSUER
    settings.COGNITO_ALEXA_CLIENT_ID = turns.CLIENT_ID
    monkeypatch.setattr(keys, "fetch", lambda url: keys.parse(pool_keys.jwks()))
    monkeypatch.setattr(turns, "KEY_ID", pool_keys.kid)
    return turns.people(range(3), pool_keys.key, ISSUER)


def parts(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, dict(each.split(": ", 1) for each in lines), body


def test_a_request_is_whole_and_its_signature_holds(
    signer: Signer, people: list[turns.Person]
) -> None:
    [request] = turns.signed(people[:1], signer, intent="DailyFactIntent", host="example.com")
    line, headers, body = parts(request.raw)
    assert line == "POST /alexa/ HTTP/1.1"
    assert headers["Host"] == "example.com"
    assert headers["Content-Length"] == str(len(body))
    envelope = verify(headers, body)
    assert envelope["request"]["intent"]["name"] == "DailyFactIntent"
    # as large as Alexa's usually are
    assert 3500 < len(body) < 6000


def test_no_two_requests_are_the_same(signer: Signer, people: list[turns.Person]) -> None:
    made = turns.signed([*people, *people], signer)
    envelopes = [json.loads(parts(request.raw)[2]) for request in made]
    assert len({each["request"]["requestId"] for each in envelopes}) == 6
    assert len({each["session"]["sessionId"] for each in envelopes}) == 6


def test_a_token_is_one_of_the_pool(people: list[turns.Person]) -> None:
    claims = verify_access_token(people[1].token)
    assert claims.sub == population.sub_of(1)
    assert len({person.token for person in people}) == 3
    lasts = jwt.decode(people[1].token, options={"verify_signature": False})
    assert lasts["exp"] - lasts["iat"] == turns.TOKEN_LIFE + turns.ISSUED


@pytest.mark.django_db
def test_each_person_of_the_population_is_known_by_their_name(
    signer: Signer, people: list[turns.Person]
) -> None:
    population.fill(2)
    population.fill(3)
    population.fill(3)
    assert [model.objects.count() for model in (User, Profile, AccountLink)] == [3] * 3
    for request in turns.signed(people, signer):
        _, headers, body = parts(request.raw)
        assert len(request.expected) > 3
        assert request.expected.decode() in skill.answer(verify(headers, body))
    # nobody became another person by it
    assert [model.objects.count() for model in (User, Profile, AccountLink)] == [3] * 3


def test_names_and_numbers_belong_together() -> None:
    for of in (population.name_of, population.sub_of, population.user_id_of):
        assert len({of(number) for number in range(1000)}) == 1000
    assert all(population.name_of(number).isalpha() for number in range(1000))
    assert len(population.user_id_of(999_999)) == len(population.user_id_of(0))
