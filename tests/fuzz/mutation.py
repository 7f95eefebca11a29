"""One input into another: JSON by its members, everything else by its bytes.

Bytes that are changed one at a time rarely stay JSON; what changes a member reaches the code
behind the parser.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

LONG = 9000
VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        0.5,
        2**31,
        2**63,
        10**30,
        1e308,
        "",
        " ",
        "0",
        "null",
        "\u0000",
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        [None],
        {"": ""},
        "x" * LONG,
        "ß" * 300,
        "\u202e",
        "é",
        "<&>",
        "{}",
        "%s",
    ),
    *("../..", "2026-11-22T10:00:00Z", "1", "-1", "١", "ſ", "\ufeff", "'\"", "a\r\nb", [1] * 100),
]
BYTES = (
    b"\x00",
    b"\xff",
    b"\n",
    b"\r\n",
    b"%",
    b"%00",
    b"%2f",
    b"&",
    b"=",
    b"\\",
    b'"',
    b"..",
    b"@",
)


def mutated(data: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """`words` go in, and parts of `others`; the same `random` makes the same of it."""
    for _ in range(1 + random.randrange(4)):
        if random.random() < 0.6 and (changed := _of_json(data, random, words)) is not None:
            data = changed
        else:
            data = _of_bytes(data, random, words, others)
    return data


def _of_json(data: bytes, random: Random, words: Sequence[bytes]) -> bytes | None:
    """None where it is no JSON object."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return None
    places = [(holder, key) for holder in _holders(whole) for key in _keys(holder)]
    if not places:
        return None
    holder, key = random.choice(places)
    what = random.randrange(6)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[_word(words, random)] = holder[key]
    elif what == 2:
        other, name = random.choice(places)
        if name in _keys(other):
            holder[key] = json.loads(json.dumps(other[name]))
    elif what == 3:
        holder[key] = _word(words, random)
    elif what == 4 and isinstance(holder[key], str) and holder[key]:
        text = holder[key]
        at = random.randrange(len(text))
        holder[key] = text[:at] + str(random.choice(VALUES)) + text[at + random.randrange(2) :]
    else:
        holder[key] = random.choice(VALUES)
    try:
        return json.dumps(whole, ensure_ascii=bool(random.randrange(2))).encode("utf-8", "replace")
    except (ValueError, RecursionError):  # a value was put into itself
        return None


def _holders(whole: Any) -> list[Any]:
    found: list[Any] = []
    level = [whole]
    while level and len(found) < 500:
        found += [each for each in level if isinstance(each, dict | list)]
        below = [list(_values(each)) for each in level if isinstance(each, dict | list)]
        level = [each for values in below for each in values]
    return found


def _keys(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))


def _values(holder: Any) -> list[Any]:
    return list(holder.values()) if isinstance(holder, dict) else list(holder)


def _word(words: Sequence[bytes], random: Random) -> str:
    return random.choice(words or [b"x"]).decode("utf-8", "replace")


def _of_bytes(
    data: bytes, random: Random, words: Sequence[bytes], others: Sequence[bytes]
) -> bytes:
    at = random.randrange(len(data) + 1)
    to = min(len(data), at + random.randrange(1, 1 + random.choice([1, 8, 64])))
    what = random.randrange(7)
    if what == 0:
        return data[:at] + data[to:]
    if what == 1 and at < len(data):
        return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
    if what == 2:
        return data[:to] + data[at:to] * random.choice([1, 2, 50]) + data[to:]
    if what == 3 and others:
        other = random.choice(others)
        start = random.randrange(len(other) + 1)
        return data[:at] + other[start : start + random.randrange(1, 200)] + data[to:]
    if what == 4:
        return data[:at] + random.randbytes(random.randrange(1, 5)) + data[to:]
    if what == 5:
        return data[:at] + random.choice(BYTES) + data[at:]
    return data[:at] + random.choice(words or BYTES) + data[random.choice([at, to]) :]
