"""The site as it is served, before a pool that takes calls and says nothing."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from companion.local import environment
from companion.local.environment import BASE_DIR, free_port

CALLS = 40
FORM = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "alexa-client"}


@pytest.fixture(scope="module")
def hanging() -> Iterator[str]:
    """Its address: connections are made and requests taken, by the kernel alone."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def site(hanging: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state, port = tmp_path_factory.mktemp("site"), free_port()
    pool = {
        "COGNITO_USER_POOL_ID": "us-east-1_TestPool1",
        "COGNITO_DOMAIN_URL": hanging,
        "COGNITO_WEB_CLIENT_ID": "web-client",
        "COGNITO_WEB_CLIENT_SECRET": "web-secret",
        "COGNITO_ALEXA_CLIENT_ID": "alexa-client",
        "COGNITO_ALEXA_CLIENT_SECRET": "alexa-secret",
        "OAUTH_TRACE": "1",
    }
    values = environment.for_site(state, port=port, aws_url="http://localhost:1", more=pool)
    prepare = [sys.executable, "-m", "companion.local.prepare"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(prepare, cwd=BASE_DIR, env=values, check=True, **quiet)  # type: ignore[call-overload]
    config = f"--config={BASE_DIR / 'deploy' / 'gunicorn.conf.py'}"
    module = [sys.executable, "-W", "ignore", "-m", "gunicorn", "companion.wsgi:application"]
    server = subprocess.Popen(
        [*module, f"--bind=127.0.0.1:{port}", config],
        cwd=BASE_DIR,
        env=values,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(20)


def test_the_site_answers_while_the_pool_does_not(site: str) -> None:
    assert requests.get(f"{site}/healthz", timeout=20).status_code == 200
    seen: list[requests.Response] = []

    def ask() -> None:
        seen.append(requests.post(f"{site}/oauth/token", data=FORM, timeout=60))

    threads = [threading.Thread(target=ask) for _ in range(CALLS)]
    for thread in threads:
        thread.start()
    # some wait for the pool by now: what they hold is not all
    statuses = [requests.get(f"{site}/healthz", timeout=20).status_code for _ in range(5)]
    for thread in threads:
        thread.join()
    assert statuses == [200] * 5
    found = {answer.status_code for answer in seen}
    assert found == {503, 504}
    for answer in seen:
        assert answer.json()["error"] == "temporarily_unavailable"
        assert (answer.status_code == 503) == ("Retry-After" in answer.headers)


@pytest.mark.parametrize(
    "body",
    [
        b"ZZZ\r\nfoo\r\n0\r\n\r\n",
        b"5\r\nab",
        b"-1\r\nx\r\n0\r\n\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
    ],
)
def test_a_malformed_chunk_is_refused(site: str, body: bytes) -> None:
    host = site.removeprefix("http://")
    head = f"POST /oauth/token HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=30) as peer:
        peer.sendall(head.encode() + body)
        peer.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(peer, method="POST")
        answer.begin()
        assert answer.status == 400
        assert json.loads(answer.read())["error"] == "invalid_request"
