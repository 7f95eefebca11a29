"""Fuzz the doors: `make fuzz`, docs/fuzzing.md.

python -m tests.fuzz                          all targets, 20 seconds each; Ctrl-C stops
python -m tests.fuzz token_text --seconds 600
python -m tests.fuzz --replay FILE            one input again, in this process
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import findings

SECONDS = 20
# what is reached is in another process, where nobody counts it
ELSEWHERE = frozenset({"server"})
TO_SPARE = 180  # seconds beside those that a target is given: to start, to end
_DONE = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_PULSE = re.compile(r"#(\d+)\s.*?cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass(frozen=True)
class Run:
    """What came of a target; `edges` is 0 where nobody counted them."""

    name: str
    inputs: int
    edges: int
    kept: int
    broke: str  # the end of what was printed; empty where all held


def fuzz(name: str, seconds: int, *, guided: bool) -> Run:
    module = "coverage_guided" if guided and name not in ELSEWHERE else "by_chance"
    log = findings.folder(name) / "log"
    with log.open("wb") as output, tempfile.TemporaryDirectory(prefix="doors-fuzz-") as folder:
        try:
            status = subprocess.run(
                [sys.executable, "-m", f"tests.fuzz.{module}", name, str(seconds)],
                cwd=findings.ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": folder},
                timeout=seconds + TO_SPARE,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = 1
    text = log.read_text(encoding="utf-8", errors="replace")
    pulses = _PULSE.findall(text)
    inputs = _DONE.search(text)
    return Run(
        name=name,
        inputs=int(inputs[1]) if inputs else int(pulses[-1][0]) if pulses else 0,
        edges=int(pulses[-1][1]) if pulses else 0,
        kept=int(pulses[-1][3]) if pulses else 0,
        broke="" if status == 0 else "\n".join(text.splitlines()[-40:]),
    )


def main(arguments: list[str] | None = None) -> int:
    """0: all held. 1: something broke. 130: Ctrl-C. Arguments that say nothing end it with 2."""
    targets = _targets()
    parser = argparse.ArgumentParser(prog="make fuzz", description="Fuzz the doors.")
    parser.add_argument("target", nargs="*", help=f"of {', '.join(targets)}; all without one")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument("--replay", type=Path, help="an input that broke a promise")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.target if name not in targets]:
        parser.error(f"{unknown[0]} is no target; there are {', '.join(targets)}")
    if given.seconds < 1:
        parser.error("--seconds: at least one")
    if given.replay:
        if not given.replay.is_file():
            parser.error(f"--replay: there is no file {given.replay}")
        name = findings.target_of(given.replay)
        if name not in targets:
            parser.error(f"--replay: a file in {findings.FOLDER}/TARGET/, where findings are kept")
        command = [sys.executable, "-m", "tests.fuzz.by_chance", name, str(given.replay)]
        return subprocess.run(command, cwd=findings.ROOT, check=False).returncode
    try:
        return _all(given.target or targets, given.seconds)
    except KeyboardInterrupt:  # whoever fuzzed has ended: subprocess.run sees to it
        print("\nStopped. What was found before is kept.")  # noqa: T201
        return 130


def _all(names: list[str], seconds: int) -> int:
    """One after the other, with a line each."""
    guided = importlib.util.find_spec("atheris") is not None
    if not guided:
        print("atheris is not installed: without it nobody looks at what an input reaches.")  # noqa: T201
    whole = f"{len(names)} targets, {seconds} s each" if len(names) > 1 else f"{seconds} s"
    print(f"{whole}, and some seconds to start")  # noqa: T201
    print(f"{'target':<18} {'inputs':>9} {'a second':>9} {'edges':>7} {'corpus':>7}", flush=True)  # noqa: T201
    broken = 0
    for name in names:
        run = fuzz(name, seconds, guided=guided)
        rate = run.inputs / seconds
        print(  # noqa: T201
            f"{name:<18} {run.inputs:>9,} {rate:>9,.0f} {run.edges:>7,} {run.kept:>7,}"
            f"  {'BROKE' if run.broke else 'held'}",
            flush=True,
        )
        if run.broke:
            broken += 1
            print(run.broke, flush=True)  # noqa: T201
    return 1 if broken else 0


def _targets() -> list[str]:
    """Their names, without Django in this process."""
    source = (Path(__file__).parent / "targets").glob("*.py")
    return [
        name
        for file in sorted(source)
        for name in re.findall(r'^        name="(\w+)",$', file.read_text("utf-8"), re.MULTILINE)
    ]


if __name__ == "__main__":
    raise SystemExit(main())
