"""What an attempt came to, in a word and stage by stage, from its trace and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.oauth_trace.diagnosis.rule import Finding, Level
from accounts.oauth_trace.models import Outcome, Stage
from accounts.oauth_trace.trace import Trace

OK, WARNING, FAILED = "ok", "warning", "failed"


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    main: Finding | None  # an error or a warning; notes are no verdict
    stages: dict[str, str]  # Stage -> ok, warning, failed; what was not reached is missing


def verdict(trace: Trace, findings: Sequence[Finding]) -> Verdict:
    """`findings` as diagnose() orders them."""
    main = next((each for each in findings if each.level != Level.NOTE), None)
    is_broken = bool(main and main.level == Level.ERROR)
    if is_broken:
        # a person who closed the page did not meet an error
        gave_up = main is not None and main.code in GAVE_UP
        outcome = Outcome.GAVE_UP if gave_up else Outcome.FAILED
    elif trace.has_tokens:
        outcome = Outcome.LINKED
    elif trace.is_silent:
        outcome = Outcome.GAVE_UP
    else:
        outcome = Outcome.OPEN
    return Verdict(outcome, main, _stages(trace, findings))


# findings that say that the person went away, not that something is wrong
GAVE_UP = frozenset({"page-closed", "person-cancelled"})


def _stages(trace: Trace, findings: Sequence[Finding]) -> dict[str, str]:
    stages = {event.stage.value: OK for event in trace.events}
    if trace.captured and Stage.CALLBACK in stages:
        stages.setdefault(Stage.LOGIN.value, OK)
    if Stage.TOKEN in stages:  # somebody signed in, or there would be no code
        stages.setdefault(Stage.LOGIN.value, OK)
        stages.setdefault(Stage.CALLBACK.value, OK)
    for finding in reversed(findings):
        if finding.stage and finding.level != Level.NOTE:
            word = FAILED if finding.level == Level.ERROR else WARNING
            stages[finding.stage.value] = word
    return stages
