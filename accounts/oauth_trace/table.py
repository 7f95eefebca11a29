"""What shows and what it means: the last section of docs/linking.md, made from the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from accounts.oauth_trace.diagnosis import Rule, rules
from accounts.oauth_trace.models import Stage

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "linking.md"
BEGIN = "<!-- made by `manage.py oauth_trace table --write`: edit the rules, not this -->"
END = "<!-- end of the table -->"

_HEADINGS = {
    None: "Nothing arrives",
    Stage.AUTHORIZE: "At the authorize address",
    Stage.LOGIN: "At the sign-in page",
    Stage.CALLBACK: "On the way back to Alexa",
    Stage.TOKEN: "When Alexa redeems the code",
    Stage.REFRESH: "Later: when Alexa refreshes",
    Stage.SKILL: "When the skill is used",
}


class NoPlace(Exception):
    """The document has not exactly one place for the table."""


def table(known: Sequence[Rule]) -> str:
    """Rules as Markdown: under each stage what shows, and below it what may cause it."""
    return "\n".join(_lines(known)).lstrip("\n") + "\n"


def written(document: str) -> str:
    """The document with the table as it should be. Raises NoPlace."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise NoPlace(f"{DOCUMENT.name} must have these two lines once each: {BEGIN} {END}")
    return f"{before}{BEGIN}\n\n{table(rules())}\n{END}{after}"


def _lines(known: Sequence[Rule]) -> Iterator[str]:
    for stage, heading in _HEADINGS.items():
        own = [rule for rule in known if rule.stage == stage]
        if not own:
            continue
        yield f"\n### {heading}"
        twins = [rule for rule in own if _is_twin(rule, known)]
        if twins:
            yield _of_twins(twins)
        shown: dict[str, list[Rule]] = {}  # what shows alike stands together
        for rule in own:
            if rule not in twins:
                shown.setdefault(rule.seen, []).append(rule)
        for seen, alike in shown.items():
            yield f"\n**{_line(seen)}**\n"
            yield from map(_item, alike)


def _is_twin(rule: Rule, known: Sequence[Rule]) -> bool:
    """Whether it says of a refresh what another one says of a redeemed code."""
    return rule.stage == Stage.REFRESH and any(
        each.stage == Stage.TOKEN and (each.cause, each.fix) == (rule.cause, rule.fix)
        for each in known
    )


def _of_twins(twins: Sequence[Rule]) -> str:
    heading = _HEADINGS[Stage.TOKEN]
    anchor = heading.lower().replace(" ", "-")
    codes = ", ".join(f"`{rule.code}`" for rule in twins)
    return (
        "\n**The link works until its first token runs out.**\n\n"
        f"* What is wrong with the answer to a refresh is the same as [{heading.lower()}]"
        f"(#{anchor}), and is mended as there: {codes}."
    )


def _item(rule: Rule) -> str:
    host = urlsplit(rule.source).hostname or rule.source
    source = f"[{host}]({rule.source})"
    name = f"`{rule.code}`, {rule.level.value}"
    return f"* {_line(rule.cause)} *Mend:* {_line(rule.fix)} ({name}; {source})"


def _line(text: str) -> str:
    """One line; what would be a tag of HTML or emphasis is escaped outside of code."""
    parts = " ".join(text.split()).split("`")
    plain = [
        part if at % 2 else part.replace("<", "&lt;").replace("*", "\\*")
        for at, part in enumerate(parts)
    ]
    return "`".join(plain)
