"""Endpoints as processes of their own, with real HTTP, for the self-test to be run against."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from companion.local import environment
from companion.local.environment import BASE_DIR, SKILL_ID, free_port
from skill_endpoint.simulator import pki
from tests.skill_endpoint.certification.known_faults import Build

STARTS_WITHIN = 60.0  # seconds


@dataclass(frozen=True)
class Endpoint:
    url: str
    skill_id: str
    key_dir: Path
    chain_url: str = ""


@pytest.fixture(scope="session")
def key_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    pki.ensure_pki(folder)
    return folder


@pytest.fixture(scope="session")
def stock(key_dir: Path) -> Iterator[Callable[[Build], Endpoint]]:
    """The SDK's handler and verifiers, put together in one of three ways; started when asked."""
    started: dict[str, tuple[Endpoint, subprocess.Popen[bytes]]] = {}

    def start(build: Build) -> Endpoint:
        if build not in started:
            chains = f"http://127.0.0.1:{free_port()}"
            port = free_port()
            module = "tests.skill_endpoint.certification.stock_endpoint"
            arguments = [str(port), build, str(key_dir / "root.pem"), chains, SKILL_ID]
            process = _started(port, [module, *arguments], dict(os.environ))
            endpoint = Endpoint(f"http://127.0.0.1:{port}/", SKILL_ID, key_dir, chains)
            started[build] = endpoint, process
        return started[build][0]

    yield start
    for _, process in started.values():
        _stop(process)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """This project as it is served: gunicorn, migrations, facts, rate limits; no pool is needed."""
    state, port = tmp_path_factory.mktemp("site"), free_port()
    keys = state / "alexa"
    pki.ensure_pki(keys)
    pool = {
        "COGNITO_USER_POOL_ID": "us-east-1_TestPool1",
        "COGNITO_DOMAIN_URL": "http://localhost:1",
        "COGNITO_WEB_CLIENT_ID": "web-client",
        "COGNITO_WEB_CLIENT_SECRET": "web-secret",
        "COGNITO_ALEXA_CLIENT_ID": "alexa-client",
        "COGNITO_ALEXA_CLIENT_SECRET": "alexa-secret",
    }
    values = environment.for_site(state, port=port, aws_url="http://localhost:1", more=pool)
    subprocess.run(
        [sys.executable, "-m", "companion.local.prepare"],
        cwd=BASE_DIR,
        env=values,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    config = f"--config={BASE_DIR / 'deploy' / 'gunicorn.conf.py'}"
    serve = ["gunicorn", "companion.wsgi:application", f"--bind=127.0.0.1:{port}", config]
    process = _started(port, serve, values)
    # by the one name that it knows itself by
    yield Endpoint(f"http://localhost:{port}/alexa/", SKILL_ID, keys)
    _stop(process)


def _started(port: int, command: list[str], values: dict[str, str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", *command],
        cwd=BASE_DIR,
        env=values,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    _stop(process)
    raise RuntimeError(f"nothing answers at port {port}: {command[0]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
