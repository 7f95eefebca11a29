from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.oauth_trace import recording, switch, table
from accounts.oauth_trace.diagnosis import rules
from accounts.oauth_trace.gateway import command as gateway
from accounts.oauth_trace.models import Attempt, Span
from accounts.pool.console import SCOPES
from accounts.pool.parameters import TRACE_CALLBACK_PATH
from accounts.tables import require_table

EXAMPLES = """
manage.py oauth_trace on --hours 2    record linking attempts for two hours
manage.py oauth_trace status          is it on, what came, which addresses to type where
manage.py oauth_trace off             stop recording; linking goes on
manage.py oauth_trace table           every fault that diagnosis knows, as docs/linking.md has it
manage.py oauth_trace gateway --help  the same from the log of an Amazon API Gateway stage

Alexa's developer console points at PUBLIC_URL/oauth/authorize and /oauth/token while you look for
a fault. Those addresses pass on whenever OAUTH_TRACE=1, recording or not.
"""


class Command(BaseCommand):
    help = "Record what Alexa and the pool say to each other while an account is linked."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        on = actions.add_parser("on", help="record from now on, for a time")
        on.add_argument("--hours", type=float, default=2, help="for so long (default: 2)")
        on.add_argument(
            "--no-capture",
            action="store_true",
            help="do not lead the way back from sign-in over this site: what the sign-in page "
            "answers is not seen then",
        )
        actions.add_parser("off", help="stop recording")
        actions.add_parser("status", help="is it on, and what has arrived")
        of_rules = actions.add_parser("table", help="the troubleshooting table of docs/linking.md")
        how = of_rules.add_mutually_exclusive_group()
        how.add_argument("--write", action="store_true", help="write it there, not here")
        how.add_argument("--check", action="store_true", help="fail where it is out of date")
        gateway.add_arguments(
            actions.add_parser(
                "gateway",
                help="the same without this site: Amazon API Gateway",
                description=gateway.ABOUT,
                formatter_class=RawDescriptionHelpFormatter,
            )
        )

    def handle(self, *args: Any, **options: Any) -> str:
        if options["action"] == "gateway":
            gateway.run(options, self.stdout.write)
            return ""
        if options["action"] == "table":
            return self._table(options)
        require_table(Span)
        return str(getattr(self, f"_{options['action']}")(options))

    def _on(self, options: dict[str, Any]) -> str:
        try:
            switch.on(hours=options["hours"], capture=not options["no_capture"])
        except switch.NotPossible as error:
            raise CommandError(str(error)) from error
        return self._status(options)

    def _off(self, options: dict[str, Any]) -> str:
        return self._status(options) if switch.off() else "It was off."

    def _status(self, options: dict[str, Any]) -> str:
        recording.forget_span()
        span = Span.objects.current()
        lines = [_recording(span)]
        recent = Attempt.objects.filter(started_at__gte=timezone.now() - timedelta(hours=24))
        lines.append(f"Attempts in the last 24 hours: {recent.count()}")
        if lost := recording.lost():
            lines.append(f"{lost} exchange(s) could not be recorded.")
        if settings.OAUTH_TRACE:
            lines += ["", *_addresses(span)]
        return "\n".join(lines)

    def _table(self, options: dict[str, Any]) -> str:
        if not (options["write"] or options["check"]):
            return table.table(rules()).rstrip("\n")
        try:
            old = table.DOCUMENT.read_text(encoding="utf-8")
            new = table.written(old)
        except (OSError, table.NoPlace) as error:
            raise CommandError(str(error)) from error
        if new == old:
            return "docs/linking.md has every rule."
        if options["check"]:
            raise CommandError(
                "docs/linking.md is not as the rules are: run manage.py oauth_trace table --write"
            )
        table.DOCUMENT.write_text(new, encoding="utf-8")
        return "docs/linking.md is written."


def _recording(span: Span | None) -> str:
    if span and not settings.OAUTH_TRACE:
        return (
            f"Not recording: it is on until {span.ends_at:%Y-%m-%d %H:%M} UTC, but OAUTH_TRACE is "
            "off here, so that its addresses do not exist. Set OAUTH_TRACE=1 and restart the site."
        )
    if span:
        capture = "the way back from sign-in included" if span.capture else "without capture"
        return f"Recording until {span.ends_at:%Y-%m-%d %H:%M} UTC, {capture}."
    if settings.OAUTH_TRACE:
        return "Not recording. `manage.py oauth_trace on` records."
    return (
        "Not recording. OAUTH_TRACE is off here: set OAUTH_TRACE=1 and restart the site before "
        "`manage.py oauth_trace on`."
    )


def _addresses(span: Span | None) -> list[str]:
    """What to type at Amazon while it records; and how to get out of the way when it does not."""
    url = settings.PUBLIC_URL
    host = urlsplit(url).hostname or ""
    if span:
        lines = ["Developer console, Build > Account Linking, while you look for a fault:"]
    else:
        lines = [
            "If these stand in the developer console, linking goes on over them. Put the direct",
            "addresses back when you have found the fault: `manage.py pool show` prints them.",
        ]
    lines += [
        f"  Your Web Authorization URI  {url}/oauth/authorize",
        f"  Access Token URI            {url}/oauth/token",
    ]
    if span:
        lines += [
            f"  Scope                       {', '.join(SCOPES)}, as before",
            f"  Domain List                 {host}, beside what is there",
        ]
    if host == "localhost":
        lines.append("  (Amazon cannot reach this machine: they are for the simulator.)")
    return [
        *lines,
        f"Return address, on the skill's app client by `manage.py pool deploy`: "
        f"{url}{TRACE_CALLBACK_PATH}",
        f"Attempts: {url}/traces/",
    ]
