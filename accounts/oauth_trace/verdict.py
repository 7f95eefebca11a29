"""What an attempt came to, in a word and stage by stage, from its trace and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.oauth_trace.diagnosis.rule import Finding, Level
from accounts.oauth_trace.models import Outcome, Stage
from accounts.oauth_trace.trace import Trace

OK, WARNING, FAILED = "ok", "warning", "failed"
UNFINISHED = "unfinished"  # somebody went away there; or what was brought back was no code
UNSEEN = "unseen"  # passed, as what came later shows, and not over us
_BEFORE_A_CODE = (Stage.AUTHORIZE, Stage.LOGIN, Stage.CALLBACK)
_WORDS = {Level.ERROR: FAILED, Level.UNFINISHED: UNFINISHED, Level.WARNING: WARNING}


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    main: Finding | None  # the gravest; notes are no verdict
    stages: dict[str, str]  # Stage -> one of the words above; what was not reached is missing


def verdict(trace: Trace, findings: Sequence[Finding]) -> Verdict:
    """`findings` as diagnose() orders them."""
    main = next((each for each in findings if each.level != Level.NOTE), None)
    if main and main.level == Level.ERROR:
        outcome = Outcome.FAILED
    elif main and main.level == Level.UNFINISHED:
        outcome = Outcome.GAVE_UP
    elif trace.has_tokens:
        outcome = Outcome.LINKED
    elif trace.is_silent:
        outcome = Outcome.GAVE_UP
    else:
        outcome = Outcome.OPEN
    return Verdict(outcome, main, _stages(trace, findings))


def _stages(trace: Trace, findings: Sequence[Finding]) -> dict[str, str]:
    stages = {event.stage.value: OK for event in trace.events}
    if Stage.CALLBACK in stages:
        if trace.has_code:
            stages.setdefault(Stage.LOGIN.value, OK)
        elif not all(event.is_withheld for event in trace.at(Stage.CALLBACK)):
            stages[Stage.CALLBACK.value] = UNFINISHED
    for stage in _passed_unseen(trace):
        stages.setdefault(stage.value, UNSEEN)
    for finding in reversed(findings):
        if finding.stage and finding.level in _WORDS:
            stages[finding.stage.value] = _WORDS[finding.level]
    return stages


def _passed_unseen(trace: Trace) -> tuple[Stage, ...]:
    """What must have come before, if it is a linking: client_credentials need no sign-in."""
    if trace.at(Stage.REFRESH):
        return (*_BEFORE_A_CODE, Stage.TOKEN)
    redeemed = any(event.request.has("code") for event in trace.at(Stage.TOKEN))
    return _BEFORE_A_CODE if redeemed else ()
