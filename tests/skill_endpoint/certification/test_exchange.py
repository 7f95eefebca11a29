from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from companion.local.environment import free_port
from skill_endpoint.certification.exchange import (
    MAX_ANSWER,
    Request,
    Target,
    TargetRefused,
    exchange,
)
from tests.skill_endpoint.certification.small_server import always, replying, saying

PLAIN = Request(headers=(("Content-Type", "application/json"),), body=b"{}")


@pytest.mark.parametrize(
    ("url", "shown", "path"),
    [
        ("https://skill.example.com", "https://skill.example.com/", "/"),
        ("https://skill.example.com:443/alexa", "https://skill.example.com/alexa", "/alexa"),
        (
            "https://skill.example.com:8443/a?key=s",
            "https://skill.example.com:8443/a?…",
            "/a?key=s",
        ),
        ("http://localhost:8000/alexa/", "http://localhost:8000/alexa/", "/alexa/"),
        ("http://[::1]:8000/alexa/", "http://[::1]:8000/alexa/", "/alexa/"),
    ],
)
def test_an_address_is_shown_without_its_query(url: str, shown: str, path: str) -> None:
    target = Target.of(url)
    assert (target.shown, target.path) == (shown, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "skill.example.com/alexa",
        "ftp://skill.example.com/",
        "http://skill.example.com/",
        "http://127.0.0.2/",
        "http://localhost.example.com/",
        "https://me:secret@skill.example.com/",
        "https://me@skill.example.com/",
        "https:///alexa",
        "https://skill.example.com:99999/",
        "https://[::1/",
        "https://skill.example.com/a b",
        "https://skill.example.com/\r\nX: y",
        "https://größe.example/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        Target.of(url)
    assert "secret" not in str(refused.value)


def test_what_is_sent_is_what_was_said() -> None:
    request = replace(PLAIN, headers=(("A", "1"), ("A", "2"), ("B", "größe")), length="7")
    raw = request.raw(Target.of("https://skill.example.com/alexa?x=1"))
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /alexa?x=1 HTTP/1.1"
    assert lines[1] == "Host: skill.example.com"
    assert lines[-4:] == ["Content-Length: 7", "A: 1", "A: 2", "B: größe"]
    assert body == b"{}"


@pytest.mark.parametrize(
    "change",
    [
        {"headers": (("A", "1\r\nB: 2"),)},
        {"headers": (("A\n", "1"),)},
        {"method": "GET / HTTP/1.1\r\nX:"},
        {"length": "1\r\nB: 2"},
    ],
)
def test_no_value_makes_a_second_line(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not one line"):
        Request(**{**vars_of(PLAIN), **change}).raw(Target.of("https://a.example/"))  # type: ignore[arg-type]


def vars_of(request: Request) -> dict[str, object]:
    return {"headers": request.headers, "body": request.body}


def test_an_answer_has_status_type_and_body() -> None:
    with replying(always(429, b"slow down", **{"Retry-After": "7", "Content-Type": "a/b"})) as url:
        answer = exchange(Target.of(url), PLAIN)
    assert (answer.status, answer.retry_after, answer.content_type) == (429, "7", "a/b")
    assert (answer.body, answer.is_whole, answer.problem) == (b"slow down", True, "")


def test_a_redirect_is_not_followed() -> None:
    with replying(always(302, Location="https://elsewhere.example/")) as url:
        assert exchange(Target.of(url), PLAIN).status == 302


def test_no_more_is_read_than_the_limit() -> None:
    with replying(always(200, b"x" * (MAX_ANSWER + 1))) as url:
        answer = exchange(Target.of(url), PLAIN)
        assert (len(answer.body), answer.is_whole) == (MAX_ANSWER, False)
        assert exchange(Target.of(url), PLAIN, limit=2 * MAX_ANSWER).is_whole


ENDLESS_HEADER = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "closed"),
        (b"hello\r\n", "garbled"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "garbled"),
        (ENDLESS_HEADER, "garbled"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "garbled"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "garbled"),
    ],
)
def test_what_is_no_answer_is_named(raw: bytes, problem: str) -> None:
    with saying(raw) as url:
        answer = exchange(Target.of(url), PLAIN)
    assert (answer.status, answer.problem) == (0, problem)


def test_nobody_there_is_named() -> None:
    answer = exchange(Target.of(f"http://127.0.0.1:{free_port()}/"), PLAIN)
    assert answer.problem == "unreachable"


def test_a_hostname_that_is_none_is_named() -> None:
    assert exchange(Target.of("https://a..example/"), PLAIN).problem == "unreachable"


def test_an_answer_byte_by_byte_has_one_deadline() -> None:
    """Each byte comes sooner than any timeout; only the whole is too slow."""
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        for _ in range(100):
            if stop.wait(0.05):
                return
            connection.sendall(b"x")

    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", then=trickle) as url:
        answer = exchange(Target.of(url), replace(PLAIN, patience=0.5))
        stop.set()
    assert (answer.status, answer.problem) == (0, "timeout")


def test_an_answer_before_the_body_is_read_counts() -> None:
    """A server that refuses 8 MB need not read them."""
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    done = threading.Event()
    with saying(refusal, then=lambda _: done.wait(5)) as url:
        answer = exchange(Target.of(url), replace(PLAIN, body=b"x" * 8_000_000))
        done.set()
    assert (answer.status, answer.problem) == (413, "")
