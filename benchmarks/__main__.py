"""`make bench`: measure what is promised. PARTS="voice steps" for some of it.

Exit status 1 where a promise does not hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import growth, oauth_trace, report, servers, steps, voice, website

PARTS: dict[str, Callable[[], bool]] = {
    "voice": voice.run,
    "steps": steps.run,
    "servers": servers.run,
    "growth": growth.run,
    "website": website.run,
    "oauth_trace": oauth_trace.run,
}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in PARTS]:
        print(f"There is no {', '.join(unknown)}; choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    held = [PARTS[name]() for name in names or PARTS]  # all of them, also after one that failed
    print(f"\nEvery figure: {report.current.write()}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
