"""What a rule and a finding are, and the list of all rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

log = structlog.get_logger(__name__)


class Level(StrEnum):
    ERROR = "error"  # the linking fails, or will
    WARNING = "warning"  # it works, and will not stay so
    UNFINISHED = "not finished"  # somebody went away, and nothing is wrong
    NOTE = "note"


@dataclass(frozen=True)
class Evidence:
    """One value that was looked at: what it is, and what it was."""

    label: str
    value: str


type Check = Callable[[Trace, Wanted], Sequence[Evidence] | None]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The sentences are fixed, so that the table in docs/linking.md can be made from them."""

    code: str
    stage: Stage | None  # None: before anything arrived
    level: Level
    seen: str  # how it shows, for somebody who has no trace
    cause: str  # one sentence
    fix: str  # where to click, or what to type
    source: str  # a page of the vendor's, or of the standard
    check: Check
    is_guess: bool = False  # what it saw may have another cause, too


@dataclass(frozen=True)
class Finding:
    rule: Rule
    evidence: tuple[Evidence, ...] = ()

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def level(self) -> Level:
        return self.rule.level

    @property
    def stage(self) -> Stage | None:
        return self.rule.stage


_rules: dict[str, Rule] = {}
_RANK = {Level.ERROR: 0, Level.UNFINISHED: 1, Level.WARNING: 2, Level.NOTE: 3}


def rule(
    code: str,
    *,
    stage: Stage | None,
    level: Level,
    seen: str,
    cause: str,
    fix: str,
    source: str,
    is_guess: bool = False,
) -> Callable[[Check], Check]:
    """Register a check. It returns the evidence, the two values that differ first; or None."""

    def decorator(check: Check) -> Check:
        if code in _rules:
            raise ValueError(f"two rules are called {code}")
        _rules[code] = Rule(
            code=code,
            stage=stage,
            level=level,
            seen=seen,
            cause=cause,
            fix=fix,
            source=source,
            check=check,
            is_guess=is_guess,
        )
        return check

    return decorator


def rules() -> list[Rule]:
    """All of them, in the order of a linking."""
    return list(_rules.values())


def by_code(code: str) -> Rule | None:
    return _rules.get(code)


def diagnose(trace: Trace, wanted: Wanted) -> list[Finding]:
    """What applies, the gravest first; of equals, in the order of the rules.

    A rule that breaks over something odd costs what it would have said, and nothing else.
    """
    found = []
    for rule in _rules.values():
        try:
            evidence = rule.check(trace, wanted)
        except Exception as error:  # noqa: BLE001 - anybody may send anything; the others go on
            # its kind only: the text of an error may quote what was sent
            log.warning("oauth_trace_rule_failed", rule=rule.code, error=type(error).__name__)
            continue
        if evidence is not None:
            found.append(Finding(rule, tuple(evidence)))
    return sorted(found, key=lambda finding: _RANK[finding.level])
