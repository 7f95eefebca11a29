"""The report for other tools. Its shape is documented in docs/certification.md and is stable."""

from __future__ import annotations

import json
from typing import Any

from skill_endpoint.certification.case import Result
from skill_endpoint.certification.run import Report

FORMAT = "skill-endpoint-certification/1"


def text(report: Report, version: str) -> str:
    return json.dumps(data(report, version), ensure_ascii=False, indent=2) + "\n"


def data(report: Report, version: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": version,
        "endpoint": report.endpoint,
        "skill_id": report.skill_id,
        "signed": report.signs,
        "chains": report.chains,
        "begun": report.begun.isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 1),
        "exit_status": report.exit_status,
        "counts": report.count(),
        "cases": [_case(result) for result in report.results],
    }


def _case(result: Result) -> dict[str, Any]:
    case, verdict = result.case, result.verdict
    return {
        "code": case.code,
        "group": case.group,
        "level": case.level,
        "sent": case.title,
        "wanted": case.wanted,
        "source": case.source,
        "needs": case.needs.name.lower(),
        "control": case.control,
        "state": verdict.state,
        "proof": result.proof,
        "seen": verdict.seen,
        "notes": list(verdict.notes),
        "status": verdict.status or None,
        "milliseconds": verdict.milliseconds or None,
    }
