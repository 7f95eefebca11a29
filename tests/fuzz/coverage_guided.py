"""One target under atheris, in a process of its own: it ends with the time, or with what it found.

    python -m tests.fuzz.coverage_guided NAME SECONDS

Only atheris has seen the packages by now: what it is to follow must be imported under its eyes.
"""

from __future__ import annotations

import importlib
import os
import sys
from random import Random
from typing import Any

WATCHED = ["accounts", "skill_endpoint", "companion"]
SLOWEST = 20  # seconds for one input
PARTS_OF_OTHERS = 50


def main(name: str, seconds: int) -> None:
    atheris: Any = importlib.import_module("atheris")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with atheris.instrument_imports(include=WATCHED):
        django = importlib.import_module("django")
        django.setup()
        stage = importlib.import_module("tests.fuzz.stage")
        target = importlib.import_module("tests.fuzz.targets").TARGETS[name]
        importlib.import_module("companion.urls")
    mutated = importlib.import_module("tests.fuzz.mutation").mutated
    findings = importlib.import_module("tests.fuzz.findings")
    folder = findings.folder(name)
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    with stage.command_database(), stage.set_up():
        seeds = list(target.seeds())
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number:03}").write_bytes(seed)
        words = folder / "words"
        words.write_text("".join(_line(word) for word in target.words), encoding="ascii")

        def run(data: bytes) -> None:
            with findings.kept(name, data):
                stage.run(target, data)

        def mutate(data: bytes, longest: int, seed: int) -> bytes:
            """Half of the time by members of JSON and by whole words; else by atheris."""
            random = Random(seed)  # noqa: S311 - nothing is kept secret by it
            if random.randrange(2):
                made = mutated(data, random, target.words, seeds[:PARTS_OF_OTHERS])[:longest]
                return bytes(made)
            return bytes(atheris.Mutate(data, longest))

        options = [
            f"-max_total_time={seconds}",
            f"-max_len={target.longest}",
            f"-timeout={SLOWEST}",
            f"-artifact_prefix={folder}/libfuzzer-",
            f"-dict={words}",
            "-rss_limit_mb=4096",
            "-print_final_stats=1",
            "-verbosity=1",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], run, custom_mutator=mutate)
        atheris.Fuzz()  # leaves the process, and cleans nothing up: the command does


def _line(word: bytes) -> str:
    """As libFuzzer reads a dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
