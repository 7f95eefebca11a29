"""The command line. Exit status 1 where something is wrong, one line each on standard error."""

from __future__ import annotations

import argparse
import sys

from companion.local.translations import checking, compiling, folders, updating


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="translations", description="Catalogues of sentences.")
    parser.add_argument("verb", nargs="?", choices=["compile", "update", "check"])
    parser.add_argument("languages", nargs="*", help="such as de or fr_CA; without any, all")
    chosen = parser.parse_args(arguments)
    only = frozenset(chosen.languages)
    if chosen.verb == "update":
        try:
            for path in updating.update(folders.find(), only):
                print(f"written: {path}")
        except updating.BrokenCatalogue as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    if chosen.verb == "check":
        problems = list(checking.check(folders.find(), only))
    else:
        problems = [
            line for path in compiling.catalogues() for line in compiling.compile_catalogue(path)
        ]
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
