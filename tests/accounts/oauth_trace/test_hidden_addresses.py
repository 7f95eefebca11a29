"""Whatever was sent, what is kept of it can be judged and shown: no rule dies of a redaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

import pytest
import structlog.testing
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.oauth_trace import redaction, wanted
from accounts.oauth_trace.diagnosis import diagnose, rules
from accounts.oauth_trace.diagnosis import rule as rule_module
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Event, Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import verdict
from companion.traces import report, words
from companion.traces.attempt import shown
from companion.traces.curl import command
from companion.traces.parameter_checks import checks
from companion.traces.timeline import lanes
from tests.accounts.oauth_trace.conftest import Linker, codes, latest

LAMBDA = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
ODD = [
    f"https://{LAMBDA}/cb",
    "https://2065551234.example/cb",
    "https://robin@example.com/cb",
    "https://%28206%29555-0101.example/cb",
    f"https://{'a1' * 20}.example/cb",
    "https://[::1]/cb",
    "https://[::1%25" + "a" * 300 + "]/cb",
    "http://[::1",
    "//[x",
    "////[x",
    "x:[y",
    "https://x.example:99999/",
    "https://\u2100.example/",
    "https://[withheld].lambda-url.us-east-1.on.aws/cb",  # as it was kept before
    "[withheld]",
    "https://pitangui.amazon.com:x/api/skill/link/M[",
]
ADDRESSES = st.one_of(
    st.sampled_from(ODD),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["https", "http", "x", "", "HTTPS"]),
        st.one_of(
            st.text("ab1.-[]:@%\u2100\uff0f", max_size=30),
            st.sampled_from(["pitangui.amazon.com", "x" * 15 + "1" * 15, "+12065550101"]),
        ),
        st.sampled_from(["", "/", "/api/skill/link/", ":443", ":x"]),
        st.text(max_size=20),
    ),
    st.text(max_size=60),
)


def known() -> wanted.Wanted:
    """The pool was asked, so that all rules have something to compare with."""
    found = wanted.known()
    return replace(found, callbacks=tuple(found.return_addresses))


def kept(address: str, *, is_redacted: bool = True) -> Trace:
    """A linking that names this address wherever one may stand, as it is read again."""
    pairs = {
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": address,
        "scope": address,
        "state": address,
        "code": "c" * 20,
        "grant_type": "authorization_code",
    }
    raw = urlencode(pairs, errors="replace")
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Location", address)]
    sent = redaction.request(
        method="POST", url=address, query=raw, body=raw.encode(), headers_=headers
    )
    got = redaction.answer(status=302, headers_=headers)
    if not is_redacted:  # rows of an earlier version
        fields = tuple(
            replace(each, value=replace(each.value, text=address))
            if each.name == "redirect_uri"
            else each
            for each in sent.query
        )
        sent, got = replace(sent, query=fields, body=fields), replace(got, location=address)
    now = timezone.now()
    return Trace(
        started_at=now - timedelta(hours=1),
        seen_at=now,
        redirect_uri=sent.text("redirect_uri"),
        events=tuple(
            Recorded(
                stage=stage,
                at=now - timedelta(minutes=30),
                request=Message.from_json(sent.to_json()),
                response=Message.from_json(got.to_json()),
            )
            for stage in Stage
        ),
    )


@pytest.mark.parametrize("stages", [list(Stage)[:1], list(Stage)[:3], list(Stage)[:4], list(Stage)])
@hypothesis_settings(max_examples=60, deadline=None)
@given(address=ADDRESSES, is_redacted=st.booleans())
def test_nothing_dies_of_an_address(stages: list[Stage], address: str, is_redacted: bool) -> None:
    trace = kept(address, is_redacted=is_redacted)
    trace = replace(trace, events=tuple(each for each in trace.events if each.stage in stages))
    with structlog.testing.capture_logs() as logs:
        found = diagnose(trace, known())
    assert logs == []
    for rule in rules():
        rule.check(trace, known())
    stages_ = verdict(trace, found).stages
    assert lanes(trace, stages_)
    assert checks(trace, known())
    for event in trace.events:
        assert isinstance(command(event.request), str)
    words.region_of(trace.redirect_uri)


@hypothesis_settings(max_examples=300, deadline=None)
@given(address=ADDRESSES)
def test_what_is_kept_of_an_address_can_be_parsed(address: str) -> None:
    made = redaction.address(address)
    parts = urlsplit(made)
    assert parts.port is None or parts.port >= 0
    assert redaction.address(made) in {made, redaction.WITHHELD} or "withheld" in made


@pytest.mark.parametrize("address", ODD)
def test_each_attempt_has_its_page_and_reports(stub_linker: Linker, address: str) -> None:
    stub_linker.authorize(redirect_uri=address)
    made = shown(latest())
    assert report.as_json(made)
    assert report.as_text(made)


def test_an_address_of_lambda_is_shown_and_judged(stub_linker: Linker) -> None:
    address = f"https://{LAMBDA}/cb"
    assert redaction.address(address) == address
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET=LAMBDA[:32]):
        assert redaction.address(address) == redaction.WITHHELD
    digits = f"https://2065550101{'a' * 22}.lambda-url.us-east-1.on.aws/"
    assert redaction.address(digits) == f"https://{redaction.HIDDEN_HOST}/"


def test_one_rule_that_breaks_takes_no_other_with_it(
    stub_linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_linker.authorize(redirect_uri=None)
    before = codes()
    assert before

    def breaks(*args: object) -> None:
        raise ValueError("hunter2")

    broken = replace(next(rule for rule in rules() if rule.code not in before), check=breaks)
    monkeypatch.setitem(rule_module._rules, broken.code, broken)
    with structlog.testing.capture_logs() as logs:
        assert codes() == before
    assert logs == [
        {
            "event": "oauth_trace_rule_failed",
            "rule": broken.code,
            "error": "ValueError",
            "log_level": "warning",
        }
    ]


SECRET = "MpPIKzXPLQWmzDWs/9p1/JynmH41Jvx+8Ou0AB8A/z+q7w8e9r0t1y2u3i4o5p6"
MAIL = "victim.person@secretmail.example"
ENCODED: list[Callable[[str], str]] = [
    str,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    " ".join,
    "%20".join,
]


@pytest.mark.parametrize("encode", ENCODED)
@pytest.mark.parametrize("shape", ["{}", "https://{}/", "https://x.example/{}/y", "text/{}"])
def test_nothing_is_left_of_what_was_encoded(
    stub_linker: Linker,
    encode: Callable[[str], str],
    shape: str,
) -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET=SECRET):
        for planted in (SECRET, MAIL):
            if planted == MAIL and "%20" in encode("ab"):
                continue  # only a secret of ours is known for what it is then
            text = shape.format(encode(planted))
            stub_linker.state = f"state {planted[:3]} {shape} {encode('ab')}"
            stub_linker.authorize(redirect_uri=text)
            query = urlencode({"redirect_uri": text, "scope": text, "error": text})
            headers = [(name, text) for name in sorted(redaction._HEADERS | {"location"})]
            messages = [
                redaction.request(method="GET", url=text, query=query, headers_=headers),
                redaction.answer(status=302, headers_=headers),
            ]
            stored = str([each.to_json() for each in messages])
            stored += str(list(Attempt.objects.values())) + str(list(Event.objects.values()))
            pieces = ("MpPI", "Jynm", "8Ou0", "9p1") if planted == SECRET else ("victim", "secretm")
            if encode("ab") == "a b" and planted == MAIL:
                continue
            for piece in pieces:
                assert piece not in stored
                assert " ".join(piece) not in stored


def test_a_media_type_is_one_or_withheld() -> None:
    def shown_type(text: str) -> str:
        return redaction.request(
            method="POST", url="https://x.example/", headers_=[("Content-Type", text)]
        ).header("content-type")

    for good in (
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/json",
        'text/html; charset="utf-8"',
        "application/vnd.api+json",
    ):
        assert shown_type(good) == good
    assert shown_type("multipart/form-data; boundary=robin") == "multipart/form-data; [withheld]"
    assert shown_type("robin is here") == "[withheld]"


@pytest.mark.parametrize("encode", ENCODED[1:4])
@pytest.mark.parametrize("planted", [SECRET, "victim.person@secretmail4711ofthedomain.example"])
def test_nothing_is_left_of_what_nobody_knew(encode: Callable[[str], str], planted: str) -> None:
    """A secret of another server: encoded, its pieces are too short to be taken for one."""
    text = encode(planted)
    for shape in ("{}", "robot ({})", "text/{}"):
        for piece in ("MpPI", "Jynm", "8Ou0", "victim", "ofthedomain"):
            assert piece not in redaction.scrub(shape.format(text))
    assert "victim" not in redaction.address(f"https://{text}/")
    assert "Jynm" not in redaction.address(f"https://x.example/{text}")


def test_a_secret_of_ours_leaves_no_part_where_it_is_of_several() -> None:
    own = "justwords.A1b2C3d4E5f6G7h8I9j0K1l2~morewords"
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET=own):
        for text in (own, f"robot {own}", quote(quote(own, safe=""), safe=""), " ".join(own)):
            assert redaction.scrub(text) == redaction.WITHHELD
            assert redaction.address(f"https://x.example/{text}") == redaction.WITHHELD
