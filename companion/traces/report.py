"""A report of one attempt to pass on: as JSON, and as text (Markdown). Who it was stays masked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.conf import settings

from accounts.oauth_trace.diagnosis import Finding
from accounts.oauth_trace.exchange import Field
from accounts.oauth_trace.models import Attempt
from companion.traces import words
from companion.traces.attempt import Exchange, Shown, Side


def as_json(shown: Shown) -> str:
    attempt = shown.attempt
    data = {
        "reference": attempt.reference,
        "version": settings.VERSION,
        "started_at": attempt.started_at.isoformat(),
        "result": shown.look.word,
        "outcome": attempt.outcome,
        "finding": attempt.finding,
        "stages": {lane.name: lane.look.word for lane in shown.lanes},
        "client": words.CLIENTS.get(words.client_of(attempt.client_id), ""),
        "redirect_uri": attempt.redirect_uri,
        "region": words.REGIONS.get(words.region_of(attempt.redirect_uri), ""),
        "language": attempt.language,
        "captured": attempt.captured,
        "is_complete": attempt.is_complete,
        "who": words.masked(shown.person),
        "findings": [_finding(finding) for finding in shown.findings],
        "checks": [asdict(check) for check in shown.checks],
        "exchanges": [
            {
                "stage": event.stage,
                "at": event.at.isoformat(),
                "milliseconds": event.milliseconds,
                "withheld": event.is_withheld,
                "request": event.request,
                "response": event.response,
            }
            for event in shown.events
        ],
    }
    return json.dumps(_without_subs(data, _subs(attempt)), ensure_ascii=False, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level.value,
        "cause": finding.rule.cause,
        "evidence": {each.label: each.value for each in finding.evidence},
        "fix": finding.rule.fix,
        "source": finding.rule.source,
    }


def _subs(attempt: Attempt) -> frozenset[str]:
    return frozenset(filter(None, (attempt.sub, attempt.site_sub)))


def _without_subs(data: Any, subs: frozenset[str], *, is_sub: bool = False) -> Any:
    """Wherever one stands: claims have it, too, and so may an evidence."""
    if isinstance(data, dict):
        return {
            name: _without_subs(each, subs, is_sub=name == "sub") for name, each in data.items()
        }
    if isinstance(data, list | tuple):
        return [_without_subs(each, subs) for each in data]
    if not isinstance(data, str):
        return data
    for sub in subs:
        data = data.replace(sub, words.masked(sub))
    return words.masked(data) if is_sub else data


def as_text(shown: Shown) -> str:
    attempt = shown.attempt
    lines = [
        f"# Linking attempt {attempt.reference}: {shown.look.word}",
        "",
        f"- Begun: {attempt.started_at:%Y-%m-%d %H:%M:%S} UTC"
        + (f", took {words.took(shown.duration)}" if shown.duration else ""),
        f"- Client: {words.CLIENTS.get(words.client_of(attempt.client_id), 'not known')}",
        f"- Redirect address: {_code(attempt.redirect_uri)}",
        f"- Who: {_code(words.masked(shown.person))}",
        f"- Complete: {'yes' if attempt.is_complete else 'no, something could not be recorded'}",
        f"- Small Wonders {settings.VERSION}",
        "",
        "## Findings",
        "",
    ]
    if not shown.findings:
        lines += ["Nothing is wrong with it.", ""]
    for finding in shown.findings:
        lines += [f"### {finding.level.value}: {finding.code}", "", finding.rule.cause, ""]
        lines += [f"- {each.label}: {_code(each.value)}" for each in finding.evidence]
        lines += ["", f"To mend it: {finding.rule.fix}", "", f"Source: {finding.rule.source}", ""]
    lines += ["## Stages", ""]
    lines += [f"- {lane.name} ({lane.who}): {lane.look.word}, {lane.text}" for lane in shown.lanes]
    lines += ["", "## Checks", ""]
    lines += [
        f"- {check.name}: {check.mark.value}, {check.word}"
        + (f"; seen {_code(check.seen)}" if check.seen else "")
        + (f", wanted {_code(check.wanted)}" if check.wanted else "")
        for check in shown.checks
    ]
    lines += ["", "## Exchanges"]
    for exchange in shown.exchanges:
        lines += ["", *_exchange(exchange)]
    text = "\n".join(lines) + "\n"
    for sub in _subs(attempt):
        text = text.replace(sub, words.masked(sub))
    return text


def _exchange(exchange: Exchange) -> Iterable[str]:
    event = exchange.recorded
    when = f"{event.at:%H:%M:%S} UTC, {event.milliseconds} ms"
    yield f"### {exchange.number}. {exchange.name} ({exchange.who}), {when}"
    if event.is_withheld:
        yield ""
        yield "Withheld: it could not be redacted, so nothing of it was kept."
        return
    for name, side in (("Request", exchange.request), ("Response", exchange.response)):
        yield ""
        yield f"{name}: {_code(side.line)}"
        yield from _side(side)


def _side(side: Side) -> Iterable[str]:
    if side.groups or side.body:
        yield ""
    for title, fields in side.groups:
        for field in fields:
            yield f"- {title}, {_code(field.name)}: {_code(_value(field))}"
    if side.body:
        yield f"- {side.body}"


def _value(field: Field) -> str:
    value = field.value
    parts = [str(value)]
    for name, part in (("header", value.header), ("claims", value.claims)):
        if part:
            safe = {
                key: words.masked(str(each)) if key == "sub" else each for key, each in part.items()
            }
            parts.append(f"{name} {json.dumps(safe, ensure_ascii=False)}")
    return ", ".join(parts)


def _code(text: str) -> str:
    """As code: nothing in it is markup of the report."""
    text = "".join(each if each.isprintable() else " " for each in text).replace("`", "'")
    return f"`{text}`" if text.strip() else "–"
