"""Sayings with alternatives, `(tell|give) me a fact (|please)`, to the sentences they stand for.

sources/en.toml explains the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

MOST_SENTENCES = 400  # of one saying: more is a slip, not a saying
MOST_LETTERS = 10_000  # of one saying with its parts in place
_PART = re.compile(r"<([^<>]*)>")
_TOKEN = re.compile(r"[()|]|[^()|]+")

# a sequence of words and groups; a group is a tuple of sequences, one of which is said
type _Sequence = list[str | _Group]


@dataclass(frozen=True, slots=True)
class _Group:
    choices: tuple[_Sequence, ...]


def expand(saying: str, parts: Mapping[str, str] | None = None) -> list[str]:
    """The sentences in the order of the notation, without duplicates, spaces made single.

    `parts` are whole: what `with_parts` returned. Raises ValueError, which says what is wrong.
    """
    whole = with_parts(saying, parts or {})
    sequence = _parsed(whole)
    if (count := _count(sequence)) > MOST_SENTENCES:
        raise ValueError(f"makes {count} sentences, at most {MOST_SENTENCES} are allowed")
    sentences = list(dict.fromkeys(" ".join(text.split()) for text in _sentences(sequence)))
    if "" in sentences:
        raise ValueError("may be nothing at all")
    return sentences


def with_parts(saying: str, parts: Mapping[str, str]) -> str:
    """The saying with `<name>` replaced by that part, in parentheses. Raises ValueError."""

    def whole(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise ValueError(f"there is no part <{match[1]}> (above it)")
        return f"({parts[match[1]]})"

    replaced = _PART.sub(whole, saying)
    if "<" in replaced or ">" in replaced:
        raise ValueError("< and > do not match")
    if len(replaced) > MOST_LETTERS:
        raise ValueError(f"has more than {MOST_LETTERS} letters with its parts")
    return replaced


def parts_in(saying: str) -> set[str]:
    return set(_PART.findall(saying))


def _parsed(saying: str) -> _Sequence:
    # choices of each group that is still open, the whole saying being the first
    open_groups: list[list[_Sequence]] = [[[]]]
    for token in _TOKEN.findall(saying):
        if token == "(":  # noqa: S105 - no password, a parenthesis
            open_groups.append([[]])
        elif token == ")":  # noqa: S105 - as above
            if len(open_groups) == 1:
                raise ValueError("a ) closes nothing")
            group = _Group(tuple(open_groups.pop()))
            open_groups[-1][-1].append(group)
        elif token == "|":  # noqa: S105 - as above
            if len(open_groups) == 1:
                raise ValueError("a | stands outside of parentheses")
            open_groups[-1].append([])
        else:
            open_groups[-1][-1].append(token)
    if len(open_groups) > 1:
        raise ValueError("a ( is not closed")
    return open_groups[0][0]


def _count(sequence: _Sequence) -> int:
    groups = (part for part in sequence if isinstance(part, _Group))
    return prod(sum(map(_count, group.choices)) for group in groups)


def _sentences(sequence: _Sequence) -> Iterator[str]:
    if not sequence:
        yield ""
        return
    first, *rest = sequence
    starts = [first] if isinstance(first, str) else _of_group(first)
    for start in starts:
        for end in _sentences(rest):
            yield start + end


def _of_group(group: _Group) -> Iterator[str]:
    for choice in group.choices:
        yield from _sentences(choice)
