"""One target without atheris: what mutation.py makes of the seeds, until the time is over.

python -m tests.fuzz.by_chance NAME SECONDS
python -m tests.fuzz.by_chance NAME FILE       plays one input again
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from random import Random


def main(name: str, what: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from tests.fuzz import findings, stage
    from tests.fuzz.mutation import mutated
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    with stage.command_database(), stage.set_up():
        if not what.isdigit():
            stage.run(target, Path(what).read_bytes())
            print(f"{name} holds: {target.promise}")  # noqa: T201
            return
        seeds, random = list(target.seeds()), Random()  # noqa: S311 - nothing is secret
        end, runs = time.monotonic() + int(what), 0
        while time.monotonic() < end:
            data = random.choice(seeds)
            for _ in range(random.randrange(4)):
                data = mutated(data, random, target.words, seeds)
            with findings.kept(name, data):
                stage.run(target, data)
            runs += 1
    print(f"stat::number_of_executed_units: {runs}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
