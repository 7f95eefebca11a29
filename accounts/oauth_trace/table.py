"""The troubleshooting table of docs/linking.md, made from the rules of diagnosis."""

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
    """Rules as Markdown, one table for each stage of a linking."""
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
        if own:
            yield ""
            yield f"### {heading}"
            yield ""
            yield "| what shows | cause | mend | |"
            yield "| --- | --- | --- | --- |"
            shown = [rule.seen for rule in own]  # what shows alike stands together
            yield from map(_row, sorted(own, key=lambda rule: shown.index(rule.seen)))


def _row(rule: Rule) -> str:
    host = urlsplit(rule.source).hostname or rule.source
    cause = f"{rule.cause} (`{rule.code}`, {rule.level.value})"
    cells = (rule.seen, cause, rule.fix, f"[{host}]({rule.source})")
    return "| " + " | ".join(_cell(each) for each in cells) + " |"


def _cell(text: str) -> str:
    """One line; what would end the cell or open an HTML tag is escaped outside of code."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    plain = [part if at % 2 else part.replace("<", "&lt;") for at, part in enumerate(parts)]
    return "`".join(plain)
