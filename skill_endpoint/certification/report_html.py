"""The report as one file to attach: no script, nothing from elsewhere, good on paper."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from django.template import Engine

from skill_endpoint.certification.case import Result
from skill_endpoint.certification.report_text import (
    MARKS,
    MEANING,
    advice,
    proof_in_words,
    setting,
    slowest,
    verdict,
)
from skill_endpoint.certification.run import Report

HERE = Path(__file__).parent
FIRST = ("failed", "unjudged", "warning")
AFTER = ("passed", "refused", "skipped")


def text(report: Report, version: str) -> str:
    style = (HERE / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    context = {
        "endpoint": report.endpoint,
        "skill_id": report.skill_id,
        "version": version,
        "begun": f"{report.begun:%Y-%m-%d %H:%M} UTC",
        "seconds": f"{report.seconds:.1f}",
        "setting": setting(report),
        "advice": advice(report),
        "verdict": verdict(report),
        "passed": report.exit_status == 0,
        "counts": [
            {"mark": MARKS[state], "state": state, "number": str(number), "meaning": MEANING[state]}
            for state, number in report.count().items()
            if number
        ],
        "slowest": [_row(result) for result in slowest(report)],
        "faults": _rows(report, FIRST),
        "others": _rows(report, AFTER),
        "style": style,
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'",
    }
    engine = Engine(dirs=[str(HERE)])  # of its own: the site's settings play no part
    return engine.render_to_string("report.html", context)


def _rows(report: Report, states: tuple[str, ...]) -> list[dict[str, Any]]:
    ordered = sorted(
        (result for result in report.results if result.verdict.state in states),
        key=lambda result: states.index(result.verdict.state) if states is FIRST else 0,
    )
    return [_row(result) for result in ordered]


def _row(result: Result) -> dict[str, Any]:
    case, found = result.case, result.verdict
    return {
        "code": case.code,
        "group": case.group,
        "level": case.level,
        "title": case.title,
        "wanted": case.wanted,
        "source": case.source,
        "mark": MARKS[found.state],
        "state": found.state,
        "seen": found.seen,
        "notes": found.notes,
        "proof": proof_in_words(result),
        "took": f"{found.milliseconds} ms" if found.milliseconds else "",
    }
