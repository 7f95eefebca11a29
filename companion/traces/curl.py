"""A recorded request as a command to try again. Secrets were never kept: they become variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote

from accounts.oauth_trace.exchange import Field, Message, Value
from accounts.oauth_trace.redaction import WITHHELD

_SENT = ("accept", "accept-language", "user-agent")
_END = " \\\n  "


def command(message: Message) -> str:
    """For a POSIX shell. Empty for what is no request."""
    if not message.method or not message.address:
        return ""
    parts = ["curl -sS -i"]
    if message.method == "GET":
        parts[0] += " --get"
    elif message.method != "POST" or not message.body:
        parts[0] += f" --request {quote(message.method)}"
    parts.append(quote(message.address))
    parts += [
        f"--header {quote(f'{field.name}: {field.value.text}')}"
        for field in message.headers
        if field.name in _SENT
    ]
    basic = {field.name: field.value for field in message.basic}
    if "client_secret" in basic:
        user = _word("client_id", basic.get("client_id", Value()))
        parts.append(f"--user {user}:{_word('client_secret', basic['client_secret'])}")
    in_address = "--data-urlencode" if message.method == "GET" else "--url-query"
    parts += [f"{in_address} {each}" for each in _data(message.query)]
    if message.method != "GET":
        parts += [f"--data-urlencode {each}" for each in _data(message.body)]
    return "".join(each for each in _END.join(parts) if each.isprintable() or each == "\n")


def _data(fields: Iterable[Field]) -> Iterable[str]:
    for field in fields:
        # what we computed ourselves, and names that were withheld, were not sent so
        if field.name != WITHHELD and " " not in field.name:
            yield f"{quote(field.name)}={_word(field.name, field.value)}"


def _word(name: str, value: Value) -> str:
    """The text in quotes, or a variable named after the parameter: "$CLIENT_SECRET"."""
    if value.text or not value.length:
        return quote(value.text)
    variable = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    return f'"${variable}"'


def variables(message: Message) -> list[str]:
    """Names of those that the command needs, each once, in order."""
    found = re.findall(r'"\$([A-Z0-9_]+)"', command(message))
    return list(dict.fromkeys(found))
