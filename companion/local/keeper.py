"""Run a server whose folder goes with it: `python keeper.py FOLDER USER PROGRAM [ARG...]`.

A process of its own, so that nothing is left even where the one who wanted the server is killed
outright. SIGTERM, SIGINT and SIGHUP end the server by SIGINT: PostgreSQL takes SIGTERM as "when the
last client has gone", which never comes while a pool is open, and SIGINT as "now, in good order"
(https://www.postgresql.org/docs/current/server-shutdown.html). To Redis both mean the same.

SIGUSR1 stops the server and keeps its folder, and SIGUSR2 starts it there again: what tests of a
server that is away need.

USER may be empty: then the server runs as whoever runs this.
"""

from __future__ import annotations

import ctypes
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
# Seconds that each way to stop may take, in all less than a supervisor waits. After SIGQUIT
# PostgreSQL gives its backends 5 s before it kills them.
WAYS_TO_STOP = ((signal.SIGINT, 2.0), (signal.SIGQUIT, 6.0), (signal.SIGKILL, None))

_ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
PAUSE, RESUME = signal.SIGUSR1, signal.SIGUSR2
_AWAITED = _ASKED_TO_STOP | {signal.SIGCHLD, PAUSE, RESUME}


def main(folder: Path, user: str, command: list[str]) -> int:
    """Return the server's status as a shell would; the folder is gone then."""
    # Blocked and asked for one by one: a signal that comes while the server starts is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    try:
        server = _start(folder, user, command)
        while server.poll() is None:  # SIGCHLD also says that it was paused
            asked = signal.sigwait(_AWAITED)
            if asked in _ASKED_TO_STOP | {PAUSE}:
                _stop(server)
            if asked == PAUSE and signal.sigwait(_ASKED_TO_STOP | {RESUME}) == RESUME:
                server = _start(folder, user, command)
    finally:
        shutil.rmtree(folder)
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


def _start(folder: Path, user: str, command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=folder, preexec_fn=_in_child, **as_user(user))


def as_user(name: str) -> dict[str, Any]:
    """Arguments for subprocess to run something as this user and in no further group."""
    if not name:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _in_child() -> None:
    """Safe between fork and exec: this process has one thread."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
    if sys.platform == "linux":  # after the change of user, which would forget it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def _stop(server: subprocess.Popen[bytes]) -> None:
    for number, limit in WAYS_TO_STOP:
        server.send_signal(number)
        try:
            server.wait(limit)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
