"""One attempt, made ready to be shown: judged by what is known now, its exchanges, its checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.diagnosis import Finding, Level, Rule, diagnose, rules
from accounts.oauth_trace.exchange import Field, Message, Value
from accounts.oauth_trace.models import Attempt, Event, Outcome, Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import Verdict, verdict
from companion.traces import briefs, curl, words
from companion.traces.parameter_checks import Check, checks
from companion.traces.timeline import Lane, lanes

_PROBLEMS = {
    "timeout": "No answer in time.",
    "unreachable": "The pool could not be reached.",
    "tls": "No secure connection: the certificate does not fit.",
    "too_long": "The answer was too long to read.",
    "broken": "The answer broke off, or was no HTTP.",
}


@dataclass(frozen=True)
class Side:
    """A request, or its answer: one line on top, then groups of fields."""

    line: str
    groups: tuple[tuple[str, tuple[Field, ...]], ...]
    also: str  # names of headers whose values are not kept
    body: str


@dataclass(frozen=True)
class Exchange:
    number: int
    recorded: Recorded
    name: str
    who: str
    look: words.Look
    request: Side
    response: Side
    command: str
    variables: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True)
class Shown:
    attempt: Attempt
    trace: Trace
    main: Finding | None
    others: tuple[Finding, ...]  # the gravest first
    possible: tuple[Rule, ...]  # what else looks like this
    lanes: tuple[Lane, ...]
    checks: tuple[Check, ...]
    exchanges: tuple[Exchange, ...]
    events: tuple[Event, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*((self.main,) if self.main else ()), *self.others)

    @property
    def look(self) -> words.Look:
        return words.outcome_look(self.attempt.outcome, self.attempt.finding)

    @property
    def utc(self) -> str:
        return f"{self.attempt.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def duration(self) -> timedelta:
        """To the end of the last exchange before any refresh; zero where nobody came back."""
        linking = [event for event in self.trace.events if event.stage in briefs.BEFORE_REFRESH]
        return briefs.lasted(
            self.trace.started_at, ((event.at, event.milliseconds) for event in linking)
        )

    @property
    def person(self) -> str:
        return self.attempt.sub or self.attempt.site_sub


def shown(attempt: Attempt) -> Shown:
    """Diagnosed by the pool as it is now; a verdict that is another one is kept.

    Raises Attempt.DoesNotExist where it was deleted meanwhile.
    """
    events = list(attempt.events.all())
    trace, known = Trace.of(attempt, events), wanted.current()
    findings = diagnose(trace, known)
    found = verdict(trace, findings)
    code = found.main.code if found.main else ""
    is_new = (found.outcome, code, found.stages) != (
        attempt.outcome,
        attempt.finding,
        attempt.stages,
    )
    if is_new and not recording.judge(attempt, events):
        raise Attempt.DoesNotExist
    failing = _failing(trace, found.main)
    return Shown(
        attempt=attempt,
        trace=trace,
        main=found.main,
        others=tuple(each for each in findings if each is not found.main),
        possible=_possible(found, findings),
        lanes=tuple(lanes(trace, found.stages)),
        checks=tuple(checks(trace, known)),
        exchanges=tuple(
            _exchange(number, recorded, is_open=recorded is failing)
            for number, recorded in enumerate(trace.events, 1)
        ),
        events=tuple(events),
    )


def _possible(found: Verdict, findings: Sequence[Finding]) -> tuple[Rule, ...]:
    """Where the verdict is a guess: errors that look the same, or all of a stage that was left."""
    codes, main = {finding.code for finding in findings}, found.main
    if found.outcome not in {Outcome.FAILED, Outcome.GAVE_UP} or (main and not main.rule.is_guess):
        return ()
    ahead = next((stage for stage in Stage if stage not in found.stages), None)
    stopped = main.stage if main else ahead
    alike = main.rule.seen if main and found.outcome == Outcome.FAILED else ""
    return tuple(
        rule
        for rule in rules()
        if rule.stage == stopped
        and rule.level == Level.ERROR
        and rule.code not in codes
        and alike in {"", rule.seen}
    )


def _failing(trace: Trace, main: Finding | None) -> Recorded | None:
    """The exchange that the verdict is about: the last one of its stage."""
    if main is None or main.level == Level.NOTE:
        return None
    at = trace.last(main.stage) if main.stage else None
    return at or (trace.events[-1] if trace.events else None)


def _exchange(number: int, recorded: Recorded, *, is_open: bool) -> Exchange:
    request = recorded.request
    return Exchange(
        number=number,
        recorded=recorded,
        name=recorded.stage.label,
        who="Alexa" if recorded.stage in {Stage.TOKEN, Stage.REFRESH, Stage.SKILL} else "browser",
        look=_look(recorded),
        request=_request(request),
        response=_response(recorded.response),
        # a skill's request is signed: nobody can send it again
        command="" if recorded.stage == Stage.SKILL else curl.command(request),
        variables=() if recorded.stage == Stage.SKILL else tuple(curl.variables(request)),
        is_open=is_open,
    )


def _look(recorded: Recorded) -> words.Look:
    response = recorded.response
    if recorded.is_withheld:
        return words.Look("withheld", "warning", "warned")
    if response.problem:
        return words.Look("no answer" if not response.status else response.problem, "close", "bad")
    refused = any(
        field.name == "error" for field in (*response.body, *response.location_query)
    ) or any(field.name == "error" for field in recorded.request.query)
    if response.status >= HTTPStatus.BAD_REQUEST or refused:
        return words.Look(status(response.status), "close", "bad")
    return words.Look(status(response.status), "check", "good")


def status(code: int) -> str:
    """`400 Bad Request`; a number that nobody knows stands alone."""
    if not code:
        return "no status"
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _request(message: Message) -> Side:
    return Side(
        line=f"{message.method} {message.address}".strip(),
        groups=_groups(
            ("Query", message.query),
            ("Authorization: Basic", message.basic),
            ("Form" if message.body_kind == "form" else "Body", message.body),
            ("Headers", message.headers),
        ),
        also=", ".join(message.other_headers),
        body=_body(message),
    )


def _response(message: Message) -> Side:
    line = status(message.status) if message.status else ""
    if message.problem:
        said = _PROBLEMS.get(message.problem, message.problem)
        line = f"{line}: {said}" if line else said
    return Side(
        line=line or "No answer was recorded.",
        groups=_groups(
            (
                "Leads to",
                (Field("Location", Value(text=message.location)),) if message.location else (),
            ),
            ("With", message.location_query),
            ("JSON" if message.body_kind == "json" else "Body", message.body),
            ("Headers", message.headers),
        ),
        also=", ".join(message.other_headers),
        body=_body(message),
    )


def _groups(
    *groups: tuple[str, tuple[Field, ...]],
) -> tuple[tuple[str, tuple[Field, ...]], ...]:
    return tuple((title, fields) for title, fields in groups if fields)


def _body(message: Message) -> str:
    if not message.body_kind or message.body_kind == "empty":
        return ""
    return f"{message.body_kind}, {message.size} bytes"
