"""Run pytest on PostgreSQL and Redis: `python -m tests.on_services [argument of pytest ...]`.

Both are started for this run on free ports of 127.0.0.1 and stopped by process id at its end,
however it ends. `make test SERVICES=1` calls this. Exit status: pytest's; 1 where one of the two
is not installed or does not start.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from companion.local import services
from companion.local.supervisor import (
    NotReady,
    ProcessDied,
    Supervisor,
    unwinding_on_signals,
)

# None of these asks the database or the cache of the run: they start their own, as the browser's
# whole installation is, or read templates; the run without services has them. What is named on the
# command line runs all the same.
OF_THEIR_OWN = (
    "tests/browser",
    "tests/faults",
    "tests/deploy_aws",
    "tests/benchmarks/test_contenders.py",
)


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="doors-services-") as folder:
        state = Path(folder)
        try:
            with unwinding_on_signals(), Supervisor(state / "logs") as supervisor:
                # A crash of the machine may lose all of it: no test waits for a disk.
                database = services.postgresql(supervisor, state, is_durable=False)
                cache = services.redis(supervisor, state)
                return _pytest(arguments, database, cache)
        except KeyboardInterrupt:
            return 130
        except (services.NotInstalled, NotReady, ProcessDied) as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command
            return 1


def _pytest(arguments: list[str], database: str, cache: str) -> int:
    """Ctrl-C reaches pytest too: it is waited for, so that it can say where it was."""
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, *_left_out(arguments)],
        env={**os.environ, "TEST_DATABASE_URL": database, "TEST_CACHE_URL": cache},
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
        except BaseException:
            process.terminate()
            raise


def _left_out(arguments: list[str]) -> list[str]:
    is_all = not any(argument.startswith("tests") for argument in arguments)
    return [f"--ignore={folder}" for folder in OF_THEIR_OWN] if is_all else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
