from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.contrib.sessions.exceptions import InvalidSessionKey
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.models import User
from companion import logs
from companion.local import environment
from companion.logs import _REFUSALS, _SECRETS, _is_harmless, _without_request_data, redact
from tests.cognito import TokenMint


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET /callback/?code=4f1c-22&state=abc", "4f1c-22"),
        ("GET /callback/?code=4f1c-22&state=abc", "abc"),
        ("refresh_token=xyz123 sent", "xyz123"),
        ('{"client_secret": "s3cr3t+/=="}', "s3cr3t"),
        ("Authorization: Bearer abcdefgh12345", "abcdefgh12345"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("token: Bearer 3f6c0dee7a514c8f", "3f6c0dee7a514c8f"),
        ("token: 'client_secret': 's3cr3t'", "s3cr3t"),
        ("password=code = state=s3cr3t", "s3cr3t"),
        ("no user robin@example.com here", "robin@example.com"),
        ("called +1 206-555-0101 twice", "555-0101"),
        ("at postgres://site:s3c:r3t@db/site", "r3t"),
        ("at redis://:s3cr3t@cache.internal:6379", "s3cr3t"),
    ],
)
def test_it_redacts(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "[redacted]" in redact(text)


def test_it_redacts_a_token(mint: TokenMint) -> None:
    token = mint.access()
    assert token.split(".")[1] not in redact(f"bad token {token} came")


@pytest.mark.parametrize(
    "before",
    ["x", "x-", "_", "a.", "=", "é", "eyJ", "eyJx", "eyeyJ", "eyJeyJeyJ", "eyJshort.", "a@b.eyJ"],
)
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_it_redacts_a_token_that_is_glued_to_other_text(before: str, parts: int) -> None:
    token = ".".join(["eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJyb2JpbiJ9", "c2lnbmF0dXJl"][:parts])
    told = redact(f"{before}{token}. Then")
    for part in token.split("."):
        assert part not in told
    assert "[redacted]" in told


def test_it_keeps_what_stands_before_a_token() -> None:
    assert redact("id-eyJhbGciOiJSUzI1NiJ9.e30.x came") == "id-[redacted] came"


def test_it_is_done_with_a_text_of_beginnings_only() -> None:
    """In one pass: looking from each of them to the end would take minutes."""
    text = "eyJ" * 300_000
    assert redact(text) == text


@pytest.mark.parametrize("end", ["", "x", "[redacted", ","])
def test_it_is_done_with_a_row_of_names(end: str) -> None:
    """In one pass as well."""
    assert redact("code=" * 200_000 + end).startswith("code=" * 200_000 + "[redacted]")


@examples(max_examples=500, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["basic", "Bearer", "BA\u017fIC ", "code", "=", ": ", "eyJ", "a" * 9, "@", "+1 206"]
            ),
            st.text(max_size=8),
            st.text("abceyJ@+=: 0123456789.-", max_size=12),
        ),
        max_size=8,
    ).map("".join)
)
def test_what_is_taken_for_harmless_is_what_no_pattern_matches(text: str) -> None:
    """The look before the patterns saves their time, and must not save a secret."""
    if _is_harmless(text):
        assert not any(pattern.search(text) for pattern in _SECRETS)


@pytest.mark.parametrize("text", ["request_finished", "GET /facts/space/moon/", "id 7, 25 ms"])
def test_it_leaves_the_rest_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.django_db
def test_a_request_line_has_an_id_and_no_query(client: Client, request_lines: list[str]) -> None:
    client.get("/accounts/cognito/login/callback/?code=secret-code&state=secret-state&x=secret-x")
    [line] = map(json.loads, request_lines)
    assert line["event"] == "request_finished"
    assert line["request"] == "GET /accounts/cognito/login/callback/"
    assert str(UUID(line["request_id"])) == line["request_id"]
    assert "secret-" not in str(line)


@pytest.mark.django_db
def test_a_request_line_says_by_what_program_without_its_secrets(
    client: Client, request_lines: list[str]
) -> None:
    said = "Mozilla/5.0 (X11) AppleWebKit/537.36 secret-0123456789abcdef01234 me@example.com"
    client.get("/healthz", headers={"User-Agent": said})
    [line] = map(json.loads, request_lines)
    assert line["user_agent"].startswith("Mozilla/5.0 (X11) AppleWebKit/537.36 ")
    assert "secret" not in line["user_agent"]
    assert "example.com" not in line["user_agent"]


def refused(client: Client, caplog: pytest.LogCaptureFixture, what: str) -> list[str]:
    caplog.clear()
    if what == "DisallowedHost":
        answer = client.get("/", headers={"host": "evil.example"})
    else:
        answer = client.post("/theme/", {f"f{number}": "evil.example" for number in range(300)})
    assert answer.status_code == 400
    ours = next(handler for handler in logging.root.handlers if handler.name == "stderr")
    return [ours.format(record) for record in caplog.records if record.name.startswith("django.")]


def _kinds(of: type[Exception]) -> Iterator[type[Exception]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_whatever_django_refuses_as_suspicious_is_no_failure_of_ours() -> None:
    """Whoever sends it would else fill the operators' list of failures."""
    found = {kind.__name__ for kind in _kinds(SuspiciousOperation) if "django." in kind.__module__}
    assert {"DisallowedModelAdminLookup", "DisallowedHost", InvalidSessionKey.__name__} <= found
    assert found <= set(_REFUSALS)


@pytest.mark.django_db
def test_a_lookup_that_the_admin_refuses_is_no_failure(
    client: Client, operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(operator)
    answer = client.get("/admin/accounts/user/?password__startswith=a")
    assert answer.status_code == 400
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["DisallowedHost", "TooManyFieldsSent"])
def test_a_refusal_is_one_line_without_what_was_sent(
    client: Client, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    [line] = refused(client, caplog, what)
    assert f"refused: {what}" in line
    assert "warning" in line
    for told in ("evil", "Traceback", "\n"):
        assert told not in line
    # an alarm on errors stays silent
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_an_error_report_holds_nothing_of_the_request(mint: TokenMint) -> None:
    event: Any = {
        "message": f"bad token {mint.access()} of robin@example.com",
        "request": {
            "url": "http://localhost/accounts/cognito/login/callback/",
            "query_string": "code=secret",
            "cookies": {"doors_session": "secret"},
            "headers": {"Authorization": "Bearer secret"},
            "data": {"password": "secret"},
            "env": {"REMOTE_ADDR": "192.0.2.1"},
        },
    }
    report = str(_without_request_data(event, {}))
    assert "callback" in report
    for secret in ("secret", "eyJ", "robin@", "192.0.2.1"):
        assert secret not in report


def test_the_line_of_a_request_that_failed_is_no_error_report(tmp_path: Path) -> None:
    told = """if True:
        import json, logging, django, sentry_sdk
        from companion import logs
        django.setup()
        logs.start_sentry("http://key@127.0.0.1:1/1", release="tests")
        sent = []
        sentry_sdk.get_client().transport.capture_envelope = sent.append
        logging.getLogger("companion.requests").error({"event": "request_finished"})
        logging.getLogger("companion.other").error("something broke")
        print(json.dumps([item.payload.json["logger"] for each in sent for item in each.items]))
    """
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=environment.BASE_DIR,
        env={**environment.bare(tmp_path), "DJANGO_SETTINGS_MODULE": "companion.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == ["companion.other"]


def test_references_behind_a_load_balancer_tell_requests_apart() -> None:
    """Its ids begin with the second."""
    told = []
    for tail in ("0000000000000000aaaaaaaa", "0000000000000000bbbbbbbb"):
        with structlog.contextvars.bound_contextvars(request_id=f"1-67891233-{tail}"):
            told.append(logs.reference())
    assert told == ["aaaaaaaa", "bbbbbbbb"]
