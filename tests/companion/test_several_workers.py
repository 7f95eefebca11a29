"""gunicorn with two workers of the real site: what they count is one, and they stop in order."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from benchmarks.accounting import descendants
from companion.local import environment
from companion.local.environment import BASE_DIR, free_port

DRAIN = 5.0


@dataclass
class Server:
    url: str
    process: subprocess.Popen[bytes]
    token: str
    counters: Path

    def get(self, path: str) -> requests.Response:
        """Each on a connection of its own, so that both workers have some."""
        headers = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        return requests.get(self.url + path, headers=headers, timeout=20)

    def counted(self, sample: str) -> float:
        text = self.get("/metrics").text
        found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers(self) -> list[int]:
        return [pid for pid in descendants(self.process.pid) if pid != self.process.pid]


@contextlib.contextmanager
def serving(folder: Path, **more: str) -> Iterator[Server]:
    port = free_port()
    env = environment.for_site(folder, port=port, aws_url="http://localhost:1")
    env |= {"PROMETHEUS_MULTIPROC_DIR": str(folder / "counters"), **more}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "companion.wsgi", "--workers=2"),
                *("--config=deploy/gunicorn.conf.py", f"--bind=127.0.0.1:{port}"),
            ],
            cwd=BASE_DIR,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    server = Server(f"http://127.0.0.1:{port}", process, env["METRICS_TOKEN"], folder / "counters")
    try:
        until(lambda: answers(server))
        yield server
    finally:
        process.kill() if process.poll() is None else None
        process.wait(10)
        for pid in server.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def answers(server: Server) -> bool:
    try:
        return server.get("/healthz").status_code == 200
    except requests.RequestException:  # it listens before its workers are there
        return False


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as found:
        until(lambda: found.counted("workers") == 2)
        yield found


PROBES = 'http_request_seconds_count{area="probes",status="2xx"}'


def test_what_two_workers_count_is_one_number(server: Server) -> None:
    before = server.counted(PROBES)
    for _ in range(40):
        assert server.get("/healthz").status_code == 200
    # and the look before, which counted itself when it had answered
    assert server.counted(PROBES) == before + 41
    kept = {path.name.rpartition("_")[2] for path in server.counters.glob("histogram_*.db")}
    assert len(kept) == 2, "both had some, or nothing was added up here"


def test_what_a_killed_worker_counted_stays_and_it_is_no_worker_any_more(server: Server) -> None:
    for _ in range(20):
        server.get("/healthz")
    before = server.counted(PROBES)
    killed = server.workers()[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in server.workers() and len(server.workers()) == 2)
    until(lambda: server.counted("workers") == 2)
    assert not list(server.counters.glob(f"gauge_live*_{killed}.db"))
    assert server.counted(PROBES) >= before


def test_counters_of_the_last_run_are_not_counted_again(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        for _ in range(50):
            first.get("/healthz")
        assert first.counted(PROBES) >= 50
    with serving(tmp_path) as second:
        assert second.counted(PROBES) < 50


def test_a_server_that_is_stopped_says_so_first_and_goes_on_for_a_while(tmp_path: Path) -> None:
    with serving(tmp_path, DRAIN_SECONDS=str(DRAIN)) as server:
        assert "server" not in server.get("/readyz").json()
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        stopping = {"server": "failed: it is stopping"}
        until(lambda: server.get("/readyz").json() == stopping, DRAIN - 1)
        assert server.get("/readyz").status_code == 503
        assert server.get("/healthz").status_code == 200
        assert server.process.wait(60) == 0
        assert time.monotonic() - begun >= DRAIN
        assert server.workers() == []


def test_a_second_signal_stops_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, DRAIN_SECONDS="60") as server:
        server.process.send_signal(signal.SIGTERM)
        until(lambda: "server" in server.get("/readyz").json(), DRAIN - 1)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "20s"])
def test_a_time_to_drain_that_is_none_is_told_at_the_start(seconds: str) -> None:
    config = BASE_DIR / "deploy" / "gunicorn.conf.py"
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "companion.wsgi", f"--config={config}"],
        cwd=BASE_DIR,
        env={**os.environ, "DRAIN_SECONDS": seconds},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"DRAIN_SECONDS={seconds}: write seconds, like 20" in done.stderr


def test_without_a_time_to_drain_it_stops_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
