"""Attempts of a log as lines for a terminal, already redacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.oauth_trace.diagnosis import Finding, Level
from accounts.oauth_trace.exchange import Field, Message
from accounts.oauth_trace.gateway.reading import HIDDEN, Judged, Read
from accounts.oauth_trace.models import Outcome

_LEVELS = {
    Level.ERROR: "ERROR",
    Level.UNFINISHED: "NOT FINISHED",
    Level.WARNING: "WARNING",
    Level.NOTE: "note",
}


def lines(judged: Judged) -> Iterator[str]:
    """The verdict, what it is concluded from and how to mend it, then each exchange."""
    outcome = Outcome(judged.verdict.outcome)
    main = judged.verdict.main
    words = main.rule.cause if main else _without_finding(outcome)
    yield f"{judged.trace.started_at:%Y-%m-%d %H:%M:%S} UTC  {outcome.label.upper()}: {words}"
    for finding in judged.findings:
        yield from _finding(finding)
    for read in judged.attempted.reads:
        yield from _exchange(read)


def _without_finding(outcome: Outcome) -> str:
    return {
        Outcome.LINKED: "Alexa got its tokens.",
        Outcome.GAVE_UP: "it stopped without an error.",
        Outcome.OPEN: "nothing is wrong so far.",
        Outcome.FAILED: "",
    }[outcome]


def _finding(finding: Finding) -> Iterator[str]:
    yield f"  {_LEVELS[finding.level]}  {finding.rule.cause}  [{finding.code}]"
    width = max((len(each.label) for each in finding.evidence), default=0)
    for each in finding.evidence:
        yield f"      {each.label:<{width}}  {each.value}"
    yield f"      Mend: {finding.rule.fix}"
    yield f"      See {finding.rule.source}"


def _exchange(read: Read) -> Iterator[str]:
    recorded = read.recorded
    head = f"  {recorded.at:%H:%M:%S}  {recorded.stage.label:<9}  "
    if recorded.is_withheld:
        yield f"{head}withheld: it could not be redacted"
        return
    yield (
        f"{head}{recorded.request.method} {recorded.request.address} "
        f"-> {_answer(recorded.response)}  ({recorded.milliseconds} ms)"
    )
    basic = () if HIDDEN in read.cut else recorded.request.basic
    yield from _fields("sent", (*recorded.request.query, *basic, *recorded.request.body))
    yield from _fields("got", (*recorded.response.location_query, *recorded.response.body))
    if read.cut:
        yield f"      not in the log, or not all of it: {', '.join(read.cut)}"


def _fields(side: str, fields: Iterable[Field]) -> Iterator[str]:
    shown = "  ".join(f"{field.name}={field.value}" for field in fields)
    if shown:
        yield f"      {side:<4}  {shown}"


def _answer(answer: Message) -> str:
    if answer.problem:
        return answer.problem
    if not answer.status:
        return "no answer in the log"
    what = answer.location or answer.body_kind
    return f"{answer.status} {what}".strip()
