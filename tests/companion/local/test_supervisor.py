from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from companion.local import environment, supervisor
from companion.local.supervisor import NotReady, Process, ProcessDied, Supervisor

SERVE = (
    "import http.server, sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])),"
    " http.server.SimpleHTTPRequestHandler).serve_forever()"
)
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)
# starts a child of its own, then waits
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c',"
    " 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)']);"
    "print(child.pid, flush=True); time.sleep(60)"
)
SLOW_TO_STOP = (
    "import pathlib, signal, sys, time\n"
    "def leave(*_): time.sleep(0.5); pathlib.Path(sys.argv[1]).touch(); sys.exit()\n"
    "signal.signal(signal.SIGTERM, leave); print('up', flush=True); time.sleep(60)"
)
# a supervisor in a process of its own: starts a program and says its pid
SUPERVISOR = """
import pathlib, sys
from companion.local.supervisor import Supervisor, unwinding_on_signals
with unwinding_on_signals(), Supervisor(pathlib.Path(sys.argv[1])) as supervisor:
    process = supervisor.start("it", sys.argv[2:], {"PATH": "/usr/bin:/bin"})
    print(process.popen.pid, flush=True)
    supervisor.watch()
"""


def start(own: Supervisor, *code: str, name: str = "it") -> Process:
    return own.start(name, [sys.executable, "-c", *code], environment.bare(own.logs))


def supervise(logs: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(logs), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=environment.BASE_DIR,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def wait_for_line(log: Path) -> str:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if text := log.read_text():
            return text.strip()
        time.sleep(0.02)
    raise AssertionError("it said nothing")


def is_gone(pid: int, limit: float = 5) -> bool:
    """Whether it has ended; a zombie, whom nobody waits for in a container, has."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_it_waits_until_a_process_answers(tmp_path: Path) -> None:
    port = environment.free_port()
    with Supervisor(tmp_path) as own:
        process = start(own, SERVE, str(port))
        own.wait_ready(process, f"http://localhost:{port}/", limit=10)

    assert process.popen.poll() is not None
    assert environment.is_free(port)


def test_a_process_serves_on_the_socket_that_it_is_given(tmp_path: Path) -> None:
    serve = (
        "import http.server, socket, sys\n"
        "server = http.server.HTTPServer(('', 0), http.server.SimpleHTTPRequestHandler, False)\n"
        "server.socket = socket.socket(fileno=int(sys.argv[1])); server.serve_forever()"
    )
    with Supervisor(tmp_path) as own, socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-c", serve, str(listener.fileno())]
        process = own.start("it", command, environment.bare(own.logs), sockets=[listener])
        port = listener.getsockname()[1]
        listener.close()
        own.wait_ready(process, f"http://127.0.0.1:{port}/", limit=10)
        own.stop(process)
        assert environment.is_free(port)


def test_it_is_not_ready_by_the_answer_of_another(tmp_path: Path) -> None:
    """It ends while somebody else answers at its address."""
    slow = (
        "import http.server, sys, time\n"
        "class Slow(http.server.SimpleHTTPRequestHandler):\n"
        "    def do_GET(self): time.sleep(1); super().do_GET()\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Slow).serve_forever()"
    )
    port = environment.free_port()
    with Supervisor(tmp_path) as own:
        other = start(own, slow, str(port), name="other")
        own.wait_ready(other, f"http://127.0.0.1:{port}/")
        ours = start(own, "import time; time.sleep(0.5); print('no port')", name="ours")
        with pytest.raises(ProcessDied, match="ours ended"):
            own.wait_ready(ours, f"http://127.0.0.1:{port}/")


def test_it_reports_an_early_death_with_the_end_of_the_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as own:
        process = start(own, "import sys; sys.exit('no database')", name="site")
        with pytest.raises(ProcessDied, match="site ended with status 1:\nno database"):
            own.wait_ready(process, "http://localhost:1/", limit=10)


def test_it_says_what_was_answered_instead_of_ready(tmp_path: Path) -> None:
    port = environment.free_port()
    with Supervisor(tmp_path) as own:
        process = start(own, SERVE, str(port))
        own.wait_ready(process, f"http://localhost:{port}/")
        with pytest.raises(NotReady, match="status 404"):
            own.wait_ready(process, f"http://localhost:{port}/nothing", limit=0.2)


def test_it_waits_for_no_address_elsewhere(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as own:
        process = start(own, "pass")
        with pytest.raises(environment.NotLoopback):
            own.wait_ready(process, "https://example.com/", limit=0.1)


def test_it_notices_a_death_while_watching(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as own:
        start(own, "import time; time.sleep(0.1); print('over')", name="aws")
        with pytest.raises(ProcessDied, match="aws ended with status 0"):
            own.watch()


def test_it_stops_the_last_started_first(tmp_path: Path) -> None:
    note = (
        "import pathlib, signal, sys, time\n"
        "def leave(*_):\n"
        "    with open(sys.argv[1], 'a') as file: file.write(sys.argv[2])\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave); print('up', flush=True); time.sleep(60)"
    )
    order = tmp_path / "order"
    with Supervisor(tmp_path / "logs") as own:
        for name in ("1", "2", "3"):
            wait_for_line(start(own, note, str(order), name, name=name).log)

    assert order.read_text() == "321"


def test_it_kills_what_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_LIMIT", 0.2)
    with Supervisor(tmp_path) as own:
        process = start(own, STUBBORN)
        wait_for_line(process.log)

    assert process.popen.returncode == -signal.SIGKILL


def test_it_leaves_no_grandchildren(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as own:
        grandchild = int(wait_for_line(start(own, PARENT).log))

    assert is_gone(grandchild)


def test_it_stops_all_when_the_block_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with Supervisor(tmp_path) as own:
            processes.append(start(own, "import time; time.sleep(60)"))
            raise ZeroDivisionError

    processes: list[Process] = []
    with pytest.raises(ZeroDivisionError):
        fail()

    assert processes[0].popen.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, -signal.SIGINT),
        (signal.SIGTERM, 128 + signal.SIGTERM),
        (signal.SIGHUP, 128 + signal.SIGHUP),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_it_takes_its_processes_along_however_it_ends(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells children of a parent's death")
    with supervise(tmp_path, "sh", "-c", "echo up; exec sleep 60") as own:
        sleeper = first_line(own)
        wait_for_line(tmp_path / "it.log")
        own.send_signal(number)

    assert own.returncode == status
    assert is_gone(int(sleeper))


def test_it_finishes_stopping_whoever_is_impatient(tmp_path: Path) -> None:
    """The local AWS writes its state when it is told to end: that takes a moment."""
    saved = tmp_path / "saved"
    with supervise(tmp_path, sys.executable, "-c", SLOW_TO_STOP, str(saved)) as own:
        first_line(own)
        wait_for_line(tmp_path / "it.log")
        for _ in range(3):
            own.send_signal(signal.SIGINT)
            time.sleep(0.1)

    assert saved.exists()


def test_it_starts_nothing_from_another_thread(tmp_path: Path) -> None:
    """There the kernel would end the process with the thread."""
    failures: list[str] = []

    def attempt() -> None:
        try:
            start(own, "pass")
        except RuntimeError as error:
            failures.append(str(error))

    with Supervisor(tmp_path) as own:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()

    assert failures == ["start it from the main thread"]


def test_it_gives_a_process_its_own_session(tmp_path: Path) -> None:
    """Ctrl-C at the terminal must reach the supervisor alone."""
    with Supervisor(tmp_path) as own:
        process = start(own, "import time; time.sleep(60)")
        assert os.getsid(process.popen.pid) == process.popen.pid
