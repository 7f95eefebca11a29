"""`make faults`: break things and see what people notice. FAULTS="database pool" for some of it.

Exit status 1 where something is not as expected, 2 for a fault that is not there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Report
from companion.local import services
from faults.scenario import Scenario
from faults.scenarios import (
    cache,
    chains,
    clock,
    database,
    deploy,
    disk,
    keys,
    killed,
    pool,
    slow_clients,
    versions,
)
from faults.stage import Stage, stage
from faults.table import lines

FOLDER = Path(__file__).resolve().parents[1] / ".local" / "faults"
GROUPS: dict[str, tuple[list[Scenario], str]] = {
    "database": (database.SCENARIOS, "PostgreSQL is away, hangs, is slow, or is locked"),
    "cache": (cache.SCENARIOS, "Redis is away, hangs, is slow or full"),
    "keys": (keys.SCENARIOS, "Cognito's key set is away, slow, nonsense or elsewhere"),
    "chains": (chains.SCENARIOS, "S3 does not give Alexa's certificate chain"),
    "clock": (clock.SCENARIOS, "the clock of the site's machine jumps"),
    "deploy": (deploy.SCENARIOS, "a new version comes in the middle of conversations"),
    "versions": (versions.SCENARIOS, "an older version and this one side by side"),
    "pool": (pool.SCENARIOS, "connections to PostgreSQL are few, rows are held"),
    "killed": (killed.SCENARIOS, "a worker is killed, a server is ended under load"),
    "disk": (disk.SCENARIOS, "SQLite: the disk is full, the database is locked"),
    "slow_clients": (slow_clients.SCENARIOS, "hundreds of clients who neither send nor read"),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make faults",
        usage='make faults [FAULTS="..."]',
        description="Break real servers under a talk. Without FAULTS all of it, in this order:",
        epilog="The last line names the file with every figure.",
    )
    for name, (_, words) in GROUPS.items():
        parser.add_argument_group(name, words)
    parser.add_argument("groups", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="SCENARIO")
    parser.add_argument("--quick", action="store_true", help="what runs with the tests")
    given = parser.parse_args(arguments)
    names = given.groups or list(GROUPS)
    if unknown := [name for name in names if name not in GROUPS]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(GROUPS)}")
    report = Report()
    try:
        with stage(_say) as here:
            try:
                play(here, names, given.only, quick=given.quick)
            finally:
                print("\n" + "\n".join(lines(here.outcomes)))
                report.parts = {f"{o.group}: {o.fault}": o.figures() for o in here.outcomes}
                print(f"\nEvery figure: {report.write(given.json)}")
    except KeyboardInterrupt:
        print("\nStopped; what ran has ended.")
        return 130
    except services.NotInstalled as error:
        print(f"make faults: {error}", file=sys.stderr)
        return 1
    return 1 if any(outcome.broken for outcome in here.outcomes) else 0


def play(here: Stage, names: Sequence[str], only: str = "", *, quick: bool = False) -> None:
    for name in names:
        here.group = name
        for scenario in GROUPS[name][0]:
            if (quick and not scenario.is_quick) or (only and scenario.play.__name__ != only):
                continue
            known = len(here.outcomes)
            scenario.play(here)
            for outcome in here.outcomes[known:]:
                _say(f"{name}: {outcome.fault}: {'; '.join(outcome.broken) or 'as expected'}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
