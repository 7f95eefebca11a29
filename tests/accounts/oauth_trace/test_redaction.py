"""No secret rests anywhere, wherever it stood: names, values, headers, texts, encodings."""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
import uuid
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.core import serializers
from django.test import override_settings
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.oauth_trace import redaction
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Correlation, Event
from accounts.oauth_trace.scrubbing import UUID
from tests.accounts.oauth_trace.conftest import FORM, Linker, StubPool
from tests.cognito import TokenMint

many = hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

hexes = st.binary(min_size=16, max_size=16).map(bytes.hex)
CODES = hexes.map(lambda text: str(uuid.UUID(text)))
# as Cognito's, as the local AWS's, as a verifier of PKCE (RFC 7636)
SECRETS = st.one_of(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=51, max_size=51).filter(
        lambda text: any(each.isdigit() for each in text) and any(each.isalpha() for each in text)
    ),
    st.binary(min_size=48, max_size=48)
    .map(lambda raw: base64.b64encode(raw).decode())
    .filter(lambda text: any(each.isdigit() for each in text)),
    st.binary(min_size=32, max_size=32)
    .map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))
    .filter(lambda text: any(each.isdigit() for each in text)),
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=10)
EMAILS = st.builds(
    lambda first, sign, last, host: f"{first}{sign}{last}@{host}.example.com",
    NAMES,
    st.sampled_from([".", "+", "-", "_", "'", "!", "%", "/"]),
    NAMES,
    NAMES,
)
DIGITS = st.text("0123456789", min_size=10, max_size=10)
PHONES = st.builds(
    lambda digits, pattern: pattern.format(digits[:3], digits[3:6], digits[6:]),
    DIGITS,
    st.sampled_from(
        ["+1{}{}{}", "+1 ({}) {}-{}", "{}.{}.{}", "+1.{}.{}.{}", "{}-{}-{}", "0{}/{}{}", "{} {} {}"]
    ),
)
PLANTED = st.one_of(CODES, SECRETS, EMAILS, PHONES)
ENCODINGS = st.sampled_from(
    [
        lambda text: text,
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: "".join(f"&#{ord(each)};" for each in text),
        lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
        lambda text: text.replace("@", "＠"),
        lambda text: f"user={text};x",
        lambda text: f'"{text}"',
        lambda text: f"<b>{text}</b>",
    ]
)
PLAIN_NAMES = st.sampled_from(sorted(redaction._PLAIN | {"client_id", "redirect_uri", "odd"}))


def kept(*messages: Message) -> str:
    return json.dumps([message.to_json() for message in messages], ensure_ascii=False)


def hidden(planted: str, text: str) -> bool:
    """Neither as it is nor encoded, nor its telling part."""
    forms = {planted, quote(planted, safe=""), quote(quote(planted, safe=""), safe="")}
    return not any(form in text for form in forms)


@many
@given(planted=PLANTED, encode=ENCODINGS, name=PLAIN_NAMES)
def test_nothing_rests_of_a_value(planted: str, encode: Any, name: str) -> None:
    text = encode(planted)
    sent = urlencode({name: f"a {text} b" if name != "client_id" else text})
    for raw in (sent, urlencode({name: text}), f"{name}={text}"):
        query = raw.encode("ascii", "ignore").decode()
        messages = (
            redaction.request(
                method="GET", url=f"https://x.example/{quote(text)}", query=query, body=raw.encode()
            ),
            redaction.answer(status=400, body=json.dumps({name: text, text: text}).encode()),
            redaction.answer(
                status=302, headers_=[("Location", f"https://x.example/{quote(text)}?{query}")]
            ),
            redaction.answer(status=302, headers_=[("Location", f"https://{text}@x.example/")]),
        )
        assert hidden(planted, kept(*messages))


@many
@given(planted=PLANTED, name=st.sampled_from(["user-agent", "server", "www-authenticate", "odd"]))
def test_nothing_rests_of_a_header(planted: str, name: str) -> None:
    pairs = [
        (name, f"robot ({planted})"),
        ("authorization", planted),
        ("authorization", f"Bearer {planted}"),
        (planted, "x"),
        ("cookie", planted),
        ("x-api-key", planted),
    ]
    for start in range(len(pairs)):
        some = pairs[start:]
        message = redaction.request(method="POST", url="https://x.example/", headers_=some)
        assert hidden(planted, kept(message, redaction.answer(status=200, headers_=some)))


@many
@given(planted=PLANTED, user=st.sampled_from(["alexa-client", "", "a" * 26]))
def test_nothing_rests_of_basic_credentials(planted: str, user: str) -> None:
    for pair in (f"{user}:{planted}", f"{planted}:{user}", planted, quote(planted) + ":"):
        header = "Basic " + base64.b64encode(pair.encode()).decode()
        message = redaction.request(
            method="POST",
            url="https://x.example/",
            headers_=[("Authorization", header), ("User-Agent", f"robot {planted}")],
        )
        assert hidden(planted, kept(message))
        assert header[6:] not in kept(message)


@many
@given(planted=PLANTED, name=st.sampled_from(sorted(redaction._CLAIMS | redaction._JOSE | {"odd"})))
def test_nothing_rests_of_a_token(planted: str, name: str) -> None:
    # the name of a key is public, and looks like a secret; a sub is a UUID, as a code is
    assume(name != "kid" and not (name == "sub" and re.fullmatch(UUID, planted)))
    parts = [
        {"alg": "RS256", name: planted},
        {"sub": "s", name: planted, "cognito:groups": [planted]},
    ]
    token = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    )
    body = json.dumps({"access_token": f"{token}.sig", "id_token": f"{token}.", "scope": token})
    message = redaction.answer(status=200, body=body.encode())
    assert hidden(planted, kept(message))
    assert token not in kept(message)


@pytest.mark.parametrize("shape", [{"data": {"x": "{}"}}, {"error": ["{}"]}, {"error": {"{}": 1}}])
def test_nothing_rests_of_what_is_nested(shape: dict[str, Any]) -> None:
    text = json.dumps(shape).replace("{}", "robin@example.com")
    assert hidden("robin@example.com", kept(redaction.answer(status=200, body=text.encode())))


@pytest.mark.parametrize("number", [2065550101, 12065550101, -12065550101, 2065550101.5])
@pytest.mark.parametrize("name", ["expires_in", "error", "sub", "phone_number"])
def test_a_phone_number_may_be_a_number(name: str, number: float) -> None:
    message = redaction.answer(status=200, body=json.dumps({name: number}).encode())
    assert "2065550101" not in kept(message)


def test_what_an_answer_repeats_of_its_request_is_withheld() -> None:
    code, password = "wordlike-code", "correct horse 1"
    form = urlencode({"code": code, "password": password, "grant_type": "authorization_code"})
    secret_ones = redaction.secrets_of(body=form.encode())
    body = json.dumps({"error": "invalid_grant", "error_description": f"no {code}, no {password}"})
    message = redaction.answer(status=400, body=body.encode(), secrets=secret_ones)
    assert hidden(code, kept(message))
    assert hidden(password, kept(message))
    assert message.text("error") == "invalid_grant"


def test_the_pool_may_repeat_what_it_was_sent(stub_linker: Linker, stub_pool: StubPool) -> None:
    stub_pool.says({"error": "invalid_grant", "error_description": "no wordlike-code here"}, 400)
    stub_linker.redeem("wordlike-code")
    assert "wordlike" not in str(list(Event.objects.values()))


def test_a_secret_of_ours_is_withheld_wherever_it_stands() -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET="justwords", METRICS_TOKEN="otherwords"):
        for own in ("justwords", "otherwords", settings.SECRET_KEY):
            query = urlencode({"scope": own, "client_id": own, "prompt": f"x{own}x"})
            url = f"https://x.example/{own}"
            message = redaction.request(
                method="GET", url=url, query=query, headers_=[(own, own), ("User-Agent", own)]
            )
            assert hidden(own, kept(message))


@pytest.mark.parametrize(
    "before", ["%25A", "2.3%25A", "%", "%2", "&#x", "&amp;#", "\\u00", "+", "%2525A"]
)
def test_a_secret_of_ours_is_found_where_a_decoding_eats_its_first_letters(before: str) -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET="alexa-secret"):
        assert redaction.scrub(f"{before}alexa-secret") == redaction.WITHHELD


def test_a_secret_of_ours_is_withheld_where_each_part_may_be_shown() -> None:
    """The words of a scope are looked at one by one, and what is like an id is taken for one."""
    own = "A1b2C3d4E5f6G7h8I9j0K1l2"
    pairs = {"scope": f"openid {own[:8]} {own[8:]}", "client_id": f"{own}0a"}
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET=own):
        query = urlencode(pairs)
        for message in (
            redaction.request(method="GET", url="https://x.example/", query=query),
            redaction.request(method="POST", url="https://x.example/", body=query.encode()),
            redaction.answer(status=302, headers_=[("Location", f"https://x.example/?{query}")]),
            redaction.answer(status=200, body=json.dumps(pairs).encode()),
        ):
            assert own[:8] not in kept(message)


@pytest.mark.parametrize(
    "text",
    [
        "Apache-HttpClient/4.5.x (Java/1.8.0_152)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.1.2 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 Chrome/119.0.6045.163 Mobile",
        "Sun, 22 Nov 2026 10:51:39 GMT",
        "application/json;charset=UTF-8",
        "RefreshTokenReuseException",
        "Required String parameter 'redirect_uri' is not present",
        "openid email phone profile aws.cognito.signin.user.admin",
        "LoginWithAmazon Error - 400 invalid_request",
        "100% of x + y",
    ],
)
def test_it_leaves_what_tells_something(text: str) -> None:
    assert redaction.scrub(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://pitangui.amazon.com/api/skill/link/M2ABCDEFGHIJKL",
        "https://layla.amazon.com/api/skill/link/"
        "amzn1.ask.skill.12345678-1234-4234-8234-123456789012",
        "https://my-pool.auth.us-east-1.amazoncognito.com/oauth2/token",
        "http://localhost:8000/oauth/callback",
        "https%3A%2F%2Fpitangui.amazon.com%2Fapi%2Fskill%2Flink%2FM2ABCDEFGHIJKL",
    ],
)
def test_it_leaves_an_address_that_is_one(url: str) -> None:
    assert redaction.address(url) == url


@pytest.mark.parametrize("plus", ["+", "%2B", "%252B"])
def test_a_secret_of_another_server_is_withheld_however_its_plus_is_written(plus: str) -> None:
    parts = ["Ab1cD2eF3gH4iJ5", "kL6mN7oP8qR9sT0", "uV1wX2yZ3aB4cD5"]
    for kept_ in (
        redaction.scrub(plus.join(parts)),
        redaction.address(f"https://x.example/{plus.join(parts)}"),
    ):
        assert not any(part in kept_ for part in parts)


def test_the_words_of_a_scope_are_no_phone_number_together() -> None:
    assert redaction.value("scope", "openid 206 555 0147 email").is_withheld
    # as many spaces as were sent: they make a difference
    assert redaction.value("scope", "openid  email ").text == "openid  email "


@pytest.mark.parametrize("encode", [str, quote], ids=["raw", "as the RFC says"])
def test_a_secret_is_ours_however_basic_was_written(encode: Any) -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET="a+b/c=d"):
        credentials = base64.b64encode(f"id:{encode('a+b/c=d')}".encode()).decode()
        sent = {field.name: field.value for field in redaction.basic(f"Basic {credentials}")}
        assert redaction.same_secret(sent["client_secret"], "a+b/c=d")


def test_digests_compare_and_tell_nothing() -> None:
    one, same, other = (redaction.secret(text) for text in ("abc", "abc", "abd"))
    assert one == same != other
    assert "abc" not in str(one)
    assert redaction.same_secret(one, "abc")
    assert not redaction.same_secret(one, "abd")
    assert redaction.secret("\ud800").length == 1  # half a pair, as JSON may bring


@many
@given(
    query=st.text(max_size=300),
    body=st.binary(max_size=300),
    pairs=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=5),
)
def test_it_reads_anything_and_back(query: str, body: bytes, pairs: list[tuple[str, str]]) -> None:
    message = redaction.request(
        method="POST",
        url=query,
        query=query,
        headers_=[*pairs, ("Authorization", query)],
        body=body,
    )
    stored = json.loads(json.dumps(message.to_json()))
    assert Message.from_json(stored) == message
    assert "\\u0000" not in json.dumps(stored)  # PostgreSQL keeps none


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 20_000,
        b'{"a":' * 10_000,
        b'{"expires_in": ' + b"9" * 5000 + b"}",
        b'{"expires_in": NaN}',
        b'{"error": "\\ud800"}',
        b"&" * 16_000,
        b"=" * 16_000,
        b"a=b&" * 4_000,
        b"code_verifier=%ff%fe",
        b"x=" + b"A" * 16_000,
        b"error_description=" + b"eyJ" * 5_000,
        b"error_description=" + b"@" * 15_000,
        b"error_description=" + b"1." * 7_000,
        b"error_description=" + b"%2525" * 3_000,
    ],
)
def test_it_is_done_with_anything(body: bytes) -> None:
    for message in (
        redaction.request(
            method="POST", url="https://x.example/", body=body, headers_=[("Content-Type", FORM)]
        ),
        redaction.answer(status=200, body=body),
    ):
        assert len(json.dumps(message.to_json())) < 40_000
        assert Message.from_json(message.to_json()) == message


def test_nothing_rests_in_database_or_log_of_a_whole_linking(
    stub_linker: Linker,
    stub_pool: StubPool,
    mint: TokenMint,
    caplog: pytest.LogCaptureFixture,
    request_lines: list[str],
) -> None:
    """Each kind of secret, each where it belongs and where it does not, failures included."""
    planted = {
        "code": str(uuid.uuid4()),
        "state": stub_linker.state,
        "email": "robin.o'brien@example.com",
        "phone": "206.555.0101",
        "password": "correct-horse-9",
        "refresh": secrets.token_urlsafe(120),
        "secret": secrets.token_urlsafe(40),
        "access": mint.access(),
    }
    stub_linker.client_secret = planted["secret"]
    caplog.set_level(logging.DEBUG)
    names = ("login_hint", "prompt", "ui_locales", "error_description", planted["email"])
    text = " ".join(planted[name] for name in ("email", "phone", "secret", "code"))
    everywhere = dict.fromkeys(names, text)
    stub_linker.authorize(**everywhere)
    back = urlencode({"state": stub_linker.state, "code": planted["code"], **everywhere})
    stub_linker.browser.get(f"/oauth/callback?{back}", headers={"User-Agent": planted["email"]})
    stub_linker.browser.get(f"/oauth/callback?state=unknown&code={planted['code']}")
    stub_pool.says({"error": "invalid_grant", **everywhere}, 400)
    stub_linker.redeem(planted["code"], username=planted["email"], password=planted["password"])
    stub_linker.redeem(
        planted["secret"], client_id=planted["secret"], grant_type=planted["refresh"]
    )
    stub_pool.says(
        {"access_token": planted["access"], "refresh_token": planted["refresh"], **everywhere}
    )
    stub_linker.redeem(planted["code"])
    stub_linker.refresh(planted["refresh"])
    stub_linker.client.post("/oauth/token", json.dumps(planted), "application/json")
    with override_settings(COGNITO_DOMAIN_URL="http://127.0.0.1:1"):
        stub_linker.redeem(planted["code"])

    assert Event.objects.count() >= 7
    rows = [*Attempt.objects.all(), *Event.objects.all(), *Correlation.objects.all()]
    handler = next(each for each in logging.root.handlers if each.name == "stderr")
    written = "\n".join([*request_lines, *(handler.format(each) for each in caplog.records)])
    raw = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    stored = serializers.serialize("json", rows, ensure_ascii=False)
    for name, text in planted.items():
        for place, found in (("database", stored), ("log", written), ("log", raw)):
            assert hidden(text, found), (name, place)
    assert "request_finished" in written
