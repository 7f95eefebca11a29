"""Take one defence away at a time and see that a test notices: `make mutants`.

    python -m tests.mutants "a remembered token" front:    # those with such words in their name

Each mutant is a named patch on a copy of the tree, and the tests that should notice it. A patch
that no longer fits the code is an error too: the list is kept true by running it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from companion.local import services
from tests.mutants import (
    attack,
    aws,
    conversation,
    deploy,
    examinations,
    faults,
    fuzzing,
    identity,
    linking_trace,
    operations,
    races,
    seeing,
    servers,
    voice_door,
    website,
)
from tests.mutants.mutant import DoesNotFit, Mutant

ROOT = Path(__file__).resolve().parent.parent.parent
# One file of tests waits for its servers more than it computes.
AT_ONCE = min(2 * (os.cpu_count() or 1), 8)

MUTANTS = [
    *attack.MUTANTS,
    *aws.MUTANTS,
    *linking_trace.MUTANTS,
    *website.MUTANTS,
    *identity.MUTANTS,
    *voice_door.MUTANTS,
    *conversation.MUTANTS,
    *examinations.MUTANTS,
    *servers.MUTANTS,
    *faults.MUTANTS,
    *operations.MUTANTS,
    *seeing.MUTANTS,
    *fuzzing.MUTANTS,
    *races.MUTANTS,
    *deploy.MUTANTS,
]


def copy_tree(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for environment in (".venv-aws",):
        if (ROOT / environment).exists():
            (target / environment).symlink_to(ROOT / environment)


def run_tests(tree: Path, tests: str, *how: str) -> tuple[bool, str]:
    """Whether the tests passed, and the first that did not."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", *how, *tests.split()],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.search(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - |$)", done.stdout, re.MULTILINE)
    if done.returncode == 1 and failed:
        return False, failed[1]
    return done.returncode == 0, done.stdout[-600:] + done.stderr[-300:]


def notice(mutant: Mutant, clean: Path) -> tuple[bool, str]:
    """Whether a test failed with this defence gone, and which; or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        tree = Path(name) / "tree"
        shutil.copytree(clean, tree, symlinks=True)
        (tree / mutant.file).write_text(mutant.patched(clean), encoding="utf-8")
        passed, what = run_tests(tree, mutant.tests)
        if passed:
            return False, "no test noticed"
        return "::" in what, what


def misfits(mutants: list[Mutant], tree: Path) -> list[str]:
    found = []
    for mutant in mutants:
        try:
            mutant.patched(tree)
        except (DoesNotFit, OSError) as error:
            found.append(f"{mutant.defence}: {error}")
    return found


def chosen(words: list[str]) -> list[Mutant]:
    mutants = [m for m in MUTANTS if not words or any(word in m.defence for word in words)]
    if (missing := services.missing()) and any(m.needs_services for m in mutants):
        print("\n".join(f"not installed: {line}" for line in missing))  # noqa: T201
        for left_out in filter(lambda m: m.needs_services, mutants):
            print(f"left out  {left_out.defence}")  # noqa: T201
        mutants = [m for m in mutants if not m.needs_services]
    return mutants


def main() -> int:
    mutants = chosen(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        clean = Path(name)
        copy_tree(clean)
        # before anything runs: a minute and not an hour until one knows
        if wrong := misfits(mutants, clean) or ([] if mutants else ["no such defence"]):
            print("\n".join(wrong))  # noqa: T201
            return 1
        tests = " ".join(sorted({test for mutant in mutants for test in mutant.tests.split()}))
        passed, what = run_tests(clean, tests, "--numprocesses=auto", "--dist=worksteal")
        if not passed:
            print(f"the tests fail without any patch: {what}")  # noqa: T201
            return 1
        unnoticed = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = pool.map(lambda mutant: notice(mutant, clean), mutants)
            for mutant, (noticed, what) in zip(mutants, results, strict=True):
                word = "noticed " if noticed else "UNNOTICED"
                print(f"{word} {mutant.defence:<46} {what}", flush=True)  # noqa: T201
                unnoticed += not noticed
    print(f"{len(mutants)} defences taken away, {unnoticed} unnoticed")  # noqa: T201
    return 1 if unnoticed else 0


if __name__ == "__main__":
    raise SystemExit(main())
