"""`make bench`: measure what is promised. PARTS="voice steps" for some of it.

Exit status 1 where a promise does not hold, 2 for a part that is not there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import growth, oauth_trace, report, servers, steps, voice, website

PARTS: dict[str, tuple[Callable[[], bool], str]] = {
    "voice": (voice.run, "the voice door beside its peers on the same work: 5 minutes"),
    "steps": (steps.run, "what each step of the lean turn is worth: half a minute"),
    "servers": (servers.run, "gunicorn's workers and granian under the same site: 8 minutes"),
    "growth": (growth.run, "more people, longer histories, more callers, time: 10 minutes"),
    "website": (website.run, "what each page costs: 3 minutes"),
    "oauth_trace": (oauth_trace.run, "what the trace adds to a token exchange: a minute"),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench",
        usage='make bench [PARTS="..."]',
        description="Measure what is promised about speed. Without PARTS all of it, in this order:",
        epilog="The last line names the file with every figure.",
    )
    for name, (_, words) in PARTS.items():
        parser.add_argument_group(name, words)
    parser.add_argument("parts", nargs="*", help=argparse.SUPPRESS)
    names = parser.parse_args(arguments).parts or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    held = True
    try:
        for name in names:  # all of them, also after one that failed
            held = PARTS[name][0]() and held
    except KeyboardInterrupt:
        print("\nStopped; what ran has ended.")
        return 130
    finally:
        if report.current.parts:
            print(f"\nEvery figure: {report.current.write()}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
