"""`make smoke`: the whole scenario over HTTP against a throw-away installation.

    python -m companion.local.smoke [--services]    # on PostgreSQL and Redis of its own

Prints one line a step with its time; exit status 0 only if all held.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from accounts.pool.errors import PoolError, explain
from companion.local import environment, scenario, services
from companion.local.aws import NotInstalled
from companion.local.scenario.stage import Stage, Step
from companion.local.site import Site, running_site
from companion.local.supervisor import NotReady, ProcessDied, Supervisor, unwinding_on_signals


class StepFailed(Exception):
    """A step did not hold; everything about it is printed already."""


class StillRunning(RuntimeError):
    """A process outlived its installation."""


def main(arguments: Sequence[str] = ()) -> int:
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="doors-smoke-") as folder:
        state = Path(folder)
        environment.forget_caller(state)
        try:
            with unwinding_on_signals(), _databases(state, "--services" in arguments) as more:
                count = _two_starts(state, more)
        except StepFailed:
            return 1
        except KeyboardInterrupt:
            print("\nstopped", file=sys.stderr)
            return 130
        except (
            NotInstalled,
            NotReady,
            PoolError,
            ProcessDied,
            StillRunning,
            services.NotInstalled,
        ) as error:
            return _broken(str(error))
        except (BotoCoreError, ClientError) as error:
            return _broken(f"the local AWS: {explain(error)}")
    print(f"\nAll {count} steps held, in {time.monotonic() - begin:.1f} s.")
    return 0


@contextlib.contextmanager
def _databases(state: Path, is_on_services: bool) -> Iterator[Mapping[str, str]]:
    """The settings of a PostgreSQL and a Redis that run for the block; none: SQLite."""
    if not is_on_services:
        yield {}
        return
    began = time.monotonic()
    with Supervisor(state / "services") as supervisor:
        more = {
            "DATABASE_URL": services.postgresql(supervisor, state, is_durable=False),
            "CACHE_URL": services.redis(supervisor, state),
        }
        _say(began, "PostgreSQL and Redis are up")
        yield more


def _two_starts(state: Path, more: Mapping[str, str]) -> int:
    """The second one on the same folder, after everything has stopped."""
    began = time.monotonic()
    with running_site(state, more=more, traced_for=1) as site:
        _say(began, "first start")
        stage = Stage(site)
        _play(stage, scenario.FIRST_START)
    began = time.monotonic()
    with running_site(state, more=more) as site:
        _say(began, "stopped, and started again")
        _play(replace(stage, site=site), scenario.SECOND_START)
    began = time.monotonic()
    for url in (site.url, site.aws.url):
        if not environment.is_free(urlsplit(url).port or 0):
            raise StillRunning(f"something still answers at {url}")
    _say(began, "everything has stopped")
    return len(scenario.FIRST_START) + len(scenario.SECOND_START)


def _play(stage: Stage, steps: Sequence[Step]) -> None:
    for step in steps:
        began = time.monotonic()
        try:
            said = step.action(stage)
        except Exception as error:  # whatever a step raises: it did not hold
            _say(began, step.title, mark="FAILED")
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            print(f"     {kind}{error}", file=sys.stderr)
            _show_logs(stage.site)
            raise StepFailed from error
        _say(began, f"{step.title}: {said}" if said else step.title)


def _say(began: float, title: str, *, mark: str = "ok") -> None:
    print(f"{time.monotonic() - began:6.2f} s  {mark:<6}  {title}", flush=True)


def _show_logs(site: Site) -> None:
    print(f"\n--- the end of {site.process.log.name}", file=sys.stderr)
    print(site.process.tail(), file=sys.stderr)


def _broken(text: str) -> int:
    print(f"make smoke: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
