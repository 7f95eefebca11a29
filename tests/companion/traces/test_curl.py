"""The command to try again: a shell makes of it what was sent, and never another command."""

from __future__ import annotations

import subprocess

import pytest

from accounts.oauth_trace.exchange import Field, Message, Value
from companion.traces import curl
from tests.companion.traces import attempts

BAD = [
    "'; reboot; '",
    "$(reboot)",
    "`reboot`",
    '"; reboot; "',
    "\\",
    "a\nreboot",
    "-o/etc/x",
    "@/x",
]
SECRETS = {"CLIENT_SECRET": "s", "CODE": "c", "STATE": "t", "REFRESH_TOKEN": "r"}


def run(command: str) -> list[str]:
    """What a shell gives to curl, with the variables set; and it runs nothing else."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}; reboot() {{ printf 'REBOOT'; }}; {command}"
    done = subprocess.run(
        ["/bin/sh", "-euc", script], env=SECRETS, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "REBOOT" not in done.stdout
    return done.stdout.split("\0")[:-1]


def test_alexas_token_call() -> None:
    request, _answer = attempts.token()
    words = run(curl.command(request))
    assert words[:3] == ["-sS", "-i", "http://localhost:8000/oauth/token"]
    assert words[words.index("--user") + 1] == "alexa-client:s"
    assert words[words.index("--header") + 1].startswith("user-agent: Apache-HttpClient")
    sent = [words[n + 1] for n, word in enumerate(words) if word == "--data-urlencode"]
    assert sent == [
        "grant_type=authorization_code",
        "code=c",
        f"redirect_uri={attempts.redirect_uri()}",
        "client_id=alexa-client",
    ]
    assert curl.variables(request) == ["CLIENT_SECRET", "CODE"]


def test_a_browsers_call() -> None:
    request, _answer = attempts.authorize()
    words = run(curl.command(request))
    assert words[:3] == ["-sS", "-i", "--get"]
    assert "state=t" in words
    assert "scope=openid email phone" in words


def test_a_refresh() -> None:
    request, _answer = attempts.token(refresh_token="r" * 30, grant_type="refresh_token")
    assert "REFRESH_TOKEN" in curl.variables(request)


def test_what_the_trace_computed_is_not_sent() -> None:
    request, _answer = attempts.token(code_verifier="x" * 43)
    assert "S256" not in curl.command(request)
    assert "CODE_VERIFIER" in curl.variables(request)


@pytest.mark.parametrize("bad", BAD)
def test_a_stored_value_is_never_a_command(bad: str) -> None:
    value, hidden = Value(text=bad), Value(digest="d", length=3)
    for method in (bad, "GET", "POST"):
        message = Message(
            method=method,
            address=f"https://example.com/{bad}",
            query=(Field(bad, value), Field("state", hidden)),
            headers=(Field("user-agent", value),),
            basic=(Field("client_id", value), Field("client_secret", hidden)),
            body=(Field(bad, value), Field("code", hidden)),
        )
        words = run(curl.command(message))
        assert f"https://example.com/{bad}" in words
        assert f"user-agent: {bad}" in words
        assert f"{bad}:s" in words


def test_no_request_no_command() -> None:
    assert curl.command(Message()) == ""
    assert curl.variables(Message()) == []


def test_characters_that_turn_text_around_are_left_out() -> None:
    message = Message(method="GET", address="https://example.com/\u202egpj")
    assert "\u202e" not in curl.command(message)
