"""Draw what `make bench PARTS=voice` measured.

    python -m benchmarks.chart RESULTS.json [PICTURE.svg]

Each contender has a bar for requests a second and one for CPU time a request: the bar ends at the
median of the rounds, the thin line goes from the lowest to the highest. One SVG of plain text, in
light and dark colors as the reader's system has them, with the figures in its description.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "speed.svg"
OURS = "ours"
NAMES = {
    "floor": "a bare function, no framework",
    OURS: "this project",
    "Express adapter": "Amazon's Express adapter",
    "stock SDK": "Amazon's SDK for Python",
}
DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}

WIDTH, MARGIN = 920, 24
LABELS = 236  # where the names end, right-aligned
PANELS = (252, 596)  # where the bars of the two panels begin
LONGEST = 170  # a bar; its figures stand behind it
ROW, BAR = 34, 18
HEAD, SECTION, FOOT = 64, 46, 44

STYLE = """
    .ground { fill: #fff6ec }
    .bar { fill: #c9b3bf }
    .ours { fill: #c4457f }
    .spread { stroke: #2a1830; stroke-width: 1.5 }
    text { fill: #2a1830; font-size: 15px }
    .small { fill: #5c4a60; font-size: 12.5px }
    .strong { font-weight: 700 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #1d1221 }
      .bar { fill: #6b5570 }
      .ours { fill: #ef9cc3 }
      .spread { stroke: #fff6ec }
      text { fill: #fff6ec }
      .small { fill: #d3c3d6 }
    }"""


class NoResults(ValueError):
    """The file does not hold what a chart needs. The message says what is missing."""


@dataclass(frozen=True)
class Spread:
    """Of one figure in all rounds."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:,.0f}"

    @property
    def limits(self) -> str:
        return f"{self.lowest:,.0f} to {self.highest:,.0f}"


@dataclass(frozen=True)
class Contender:
    """`rate`: requests a second; `cpu`: microseconds a request."""

    name: str
    rate: Spread
    cpu: Spread

    @property
    def kind(self) -> str:
        return self.name.partition(", ")[0]

    @property
    def label(self) -> str:
        return NAMES.get(self.kind, self.kind)

    @property
    def way(self) -> str:
        """In which way it was measured, where there are several."""
        return self.name.partition(", ")[2]


Results = dict[str, list[Contender]]  # by database


def read(text: str) -> Results:
    """The part "voice" of a run. Raises NoResults."""
    try:
        voice = json.loads(text)["parts"]["voice"]
        found = {
            database: [
                Contender(str(each["name"]), _spread(each["rates"]), _spread(each["cpu"]))
                for each in voice[database]
            ]
            for database in DATABASES
            if voice.get(database)
        }
    except KeyError as error:
        raise NoResults(f"there is no {error} in it") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise NoResults(f"it is no result of a benchmark: {error}") from error
    if not found:
        raise NoResults("nothing was measured in it")
    return found


def draw(results: Results, measured_on: str = "") -> str:
    """The picture; `measured_on` stands below it."""
    height = HEAD + FOOT + sum(SECTION + ROW * len(each) for each in results.values())
    everyone = [contender for each in results.values() for contender in each]
    scales = (
        LONGEST / max(contender.rate.highest for contender in everyone),
        LONGEST / max(contender.cpu.highest for contender in everyone),
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="title description" font-family="system-ui, sans-serif">',
        '  <title id="title">Requests a second, and CPU time a request</title>',
        f'  <desc id="description">{escape(_told(results))}</desc>',
        f"  <style>{STYLE}\n  </style>",
        f'  <rect class="ground" width="{WIDTH}" height="{height}" rx="18"/>',
        _text(PANELS[0], 36, "requests a second", "strong"),
        _text(PANELS[0], 54, "longer is better", "small"),
        _text(PANELS[1], 36, "CPU time a request, in microseconds", "strong"),
        _text(PANELS[1], 54, "shorter is better", "small"),
    ]
    y = HEAD
    for database, contenders in results.items():
        y += SECTION
        lines.append(_text(MARGIN, y - 14, f"on {DATABASES[database]}", "strong"))
        for contender in contenders:
            lines += _row(contender, y, scales)
            y += ROW
    below = "bars: median of all rounds; thin lines: lowest to highest"
    lines.append(_text(MARGIN, height - 18, "; ".join(filter(None, [below, measured_on])), "small"))
    return "\n".join([*lines, "</svg>", ""])


def _row(contender: Contender, y: float, scales: Sequence[float]) -> Iterator[str]:
    middle = y + BAR / 2
    is_ours = contender.kind == OURS
    name = "strong" if is_ours else ""
    yield _text(LABELS, middle + (0 if contender.way else 5), contender.label, name, anchor="end")
    if contender.way:
        yield _text(LABELS, middle + 15, contender.way, "small", anchor="end")
    for x, scale, figure in zip(PANELS, scales, (contender.rate, contender.cpu), strict=True):
        kind = "bar ours" if is_ours else "bar"
        width = figure.median * scale
        low, high = x + figure.lowest * scale, x + figure.highest * scale
        yield f'  <rect class="{kind}" x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3"/>'
        yield (
            f'  <path class="spread" d="M{low:.1f} {middle:.1f}H{high:.1f}'
            f'M{low:.1f} {middle - 4:.1f}v8M{high:.1f} {middle - 4:.1f}v8"/>'
        )
        yield (
            f'  <text x="{high + 8:.1f}" y="{middle + 5:.1f}">'
            f'<tspan class="strong">{figure}</tspan>'
            f'<tspan class="small" dx="6">{figure.limits}</tspan></text>'
        )


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'  <text x="{x}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def _told(results: Results) -> str:
    """All figures in sentences."""
    return " ".join(
        f"On {DATABASES[database]}, "
        + "; ".join(
            f"{', '.join(filter(None, [contender.label, contender.way]))}:"
            f" {contender.rate} requests a second"
            f" with {contender.cpu} microseconds of CPU each"
            for contender in contenders
        )
        + "."
        for database, contenders in results.items()
    )


def _spread(values: Any) -> Spread:
    numbers = [float(value) for value in values]
    if not numbers or not all(isfinite(number) and number > 0 for number in numbers):
        raise ValueError("a contender without figures")
    return Spread(statistics.median(numbers), min(numbers), max(numbers))


def _measured_on(text: str) -> str:
    """Which machine, in a few words, as far as the run says it."""
    run = json.loads(text)
    machine = run.get("machine") or {}
    processors = f"{machine['processors']} processors" if machine.get("processors") else ""
    return ", ".join(filter(None, [processors, str(run.get("begun", ""))[:10]]))


def main(arguments: Sequence[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("python -m benchmarks.chart RESULTS.json [PICTURE.svg]", file=sys.stderr)
        return 2
    results = Path(arguments[0])
    picture = Path(arguments[1]) if arguments[1:] else PICTURE
    try:
        text = results.read_text(encoding="utf-8")
        picture.write_text(draw(read(text), _measured_on(text)), encoding="utf-8")
    except (OSError, NoResults) as error:
        print(f"{results}: {error}", file=sys.stderr)
        return 1
    print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
