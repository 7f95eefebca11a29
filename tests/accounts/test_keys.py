from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from accounts.cognito import keys
from accounts.cognito.keys import KeySet, KeysUnavailable, UnknownKey
from tests.cognito import TokenMint


class Answer:
    """What the key server below says next, and how often it was asked."""

    status = 200
    body = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - set anew by the fixture
    asked = 0


@pytest.fixture
def answer() -> Iterator[tuple[Answer, str]]:
    """A real HTTP server on loopback, and its address."""
    said = Answer()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.asked += 1
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *args: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield said, f"http://localhost:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


def document(mint: TokenMint) -> bytes:
    return json.dumps(mint.jwks()).encode()


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that a test moves: the last entry is now."""
    now = [1000.0]
    monkeypatch.setattr("accounts.cognito.keys.time.monotonic", lambda: now[-1])
    return now


def test_it_fetches_once(answer: tuple[Answer, str], pool_keys: TokenMint) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    assert key_set.key("key-1")
    assert key_set.key("key-1")
    assert said.asked == 1


def test_it_asks_again_for_an_unknown_key_but_not_twice_within_the_cooldown(
    answer: tuple[Answer, str], pool_keys: TokenMint, moments: list[float]
) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    key_set.key("key-1")
    for _ in range(5):
        with pytest.raises(UnknownKey):
            key_set.key("made-up")
    assert said.asked == 1
    moments.append(moments[-1] + keys.COOLDOWN + 1)
    for _ in range(5):
        with pytest.raises(UnknownKey):
            key_set.key("made-up")
    assert said.asked == 2


def test_it_finds_a_rotated_key(
    answer: tuple[Answer, str], pool_keys: TokenMint, moments: list[float]
) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    key_set.key("key-1")
    said.body = document(TokenMint(key=pool_keys.key, kid="key-2"))
    moments.append(moments[-1] + keys.COOLDOWN + 1)
    assert key_set.key("key-2")


def test_it_keeps_the_last_good_set_through_an_outage(
    answer: tuple[Answer, str], pool_keys: TokenMint, moments: list[float]
) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    key_set.key("key-1")
    said.status = 503
    for _ in range(3):
        moments.append(moments[-1] + 10 * keys.FRESH)
        key_set._refresh()
    assert said.asked == 4
    assert key_set.key("key-1")


def test_it_says_that_there_are_no_keys(answer: tuple[Answer, str]) -> None:
    said, url = answer
    said.status = 500
    with pytest.raises(KeysUnavailable):
        KeySet(url).key("key-1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [7, {"kty": "EC"}]}',
        b'{"keys": [{"kty": "RSA", "kid": "key-1", "n": "", "e": ""}]}',
        b" " * (keys.MAX_BYTES + 1),
    ],
)
def test_it_takes_no_broken_set(answer: tuple[Answer, str], body: bytes) -> None:
    said, url = answer
    said.body = body
    with pytest.raises(KeysUnavailable):
        KeySet(url).key("key-1")


def test_it_follows_no_redirect(answer: tuple[Answer, str], pool_keys: TokenMint) -> None:
    said, url = answer
    said.status, said.headers, said.body = 302, {"Location": url + "?again"}, document(pool_keys)
    with pytest.raises(ValueError, match="302"):
        keys.fetch(url)


def test_it_leaves_keys_for_other_uses_out(pool_keys: TokenMint) -> None:
    entry = pool_keys.jwks()["keys"][0]
    others = [{**entry, "use": "enc", "kid": "a"}, {**entry, "alg": "RS512", "kid": "b"}]
    assert set(keys.parse({"keys": [entry, *others]})) == {"key-1"}


def test_a_private_key_that_was_published_is_none_of_the_pool(pool_keys: TokenMint) -> None:
    """Whoever read it can sign with it."""
    [entry] = pool_keys.jwks()["keys"]
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(pool_keys.key))

    assert set(keys.parse({"keys": [entry, {**private, "kid": "private"}]})) == {"key-1"}
    with pytest.raises(ValueError, match="no signing key"):
        keys.parse({"keys": [{**private, "kid": "private"}]})


def test_a_hundred_turns_at_once_fetch_once(
    answer: tuple[Answer, str], pool_keys: TokenMint
) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    gate = threading.Barrier(20)
    found: list[object] = []

    def ask() -> None:
        gate.wait()
        found.append(key_set.key("key-1"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), said.asked) == (20, 1)


def test_the_real_fetch_has_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key server that never answers must not hold a turn: the request carries both limits."""
    seen: dict[str, Any] = {}

    def send(self: requests.Session, request: object, **kwargs: Any) -> None:
        seen.update(kwargs)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "send", send)
    with pytest.raises(requests.ConnectionError):
        keys.fetch("http://localhost:1/jwks.json")
    assert seen["timeout"] == keys.TIMEOUT
    assert seen["allow_redirects"] is False


def test_a_new_key_in_an_outage_is_no_reason_to_link_again(
    answer: tuple[Answer, str], pool_keys: TokenMint, moments: list[float]
) -> None:
    said, url = answer
    said.body = document(pool_keys)
    key_set = KeySet(url)
    key_set.key("key-1")
    said.status = 503
    moments.append(moments[-1] + keys.COOLDOWN + 1)
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            key_set.key("key-2")
    assert (said.asked, bool(key_set.key("key-1"))) == (2, True)
    said.status, said.body = 200, document(TokenMint(key=pool_keys.key, kid="key-2"))
    moments.append(moments[-1] + keys.RETRY + 0.1)  # not half a minute later
    assert key_set.key("key-2")
    with pytest.raises(UnknownKey):
        key_set.key("made-up")


def test_in_an_outage_one_turn_waits_for_the_fetch_and_not_all(
    answer: tuple[Answer, str], pool_keys: TokenMint, moments: list[float]
) -> None:
    said, url = answer
    said.status = 503
    key_set = KeySet(url)
    with pytest.raises(KeysUnavailable):
        key_set.key("key-1")
    moments.append(moments[-1] + keys.RETRY + 0.1)
    refused = threading.Event()

    def turn() -> None:
        with pytest.raises(KeysUnavailable):
            key_set.key("key-1")
        refused.set()

    with key_set._fetching:  # somebody else asks, and it hangs
        threading.Thread(target=turn, daemon=True).start()
        assert refused.wait(10)
