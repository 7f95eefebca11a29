from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_endpoint.interaction_models.expansion import (
    MOST_SENTENCES,
    expand,
    parts_in,
    with_parts,
)

WORDS = st.text("abc '{}éあ", min_size=1, max_size=6)
# a saying as a tree: text, or a list of alternatives, each of them a list of such
TREES = st.recursive(
    WORDS, lambda inner: st.lists(st.lists(inner, max_size=2), min_size=1, max_size=3), max_leaves=8
)
SAYINGS = st.lists(TREES, min_size=1, max_size=3)

type Tree = str | list[list[Tree]]


def written(sequence: list[Tree]) -> str:
    return "".join(
        each if isinstance(each, str) else f"({'|'.join(map(written, each))})" for each in sequence
    )


def meant(sequence: list[Tree]) -> list[str]:
    """All texts, in another way than the one under test: from the left, growing."""
    texts = [""]
    for each in sequence:
        ends = (
            [each] if isinstance(each, str) else [end for choice in each for end in meant(choice)]
        )
        texts = [start + end for start in texts for end in ends]
    return texts


@given(SAYINGS)
def test_it_makes_all_that_is_meant_and_nothing_else(sequence: list[Tree]) -> None:
    texts = meant(sequence)
    sentences = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    if len(texts) > MOST_SENTENCES:
        with pytest.raises(ValueError, match=f"makes {len(texts)} sentences"):
            expand(written(sequence))
    elif "" in sentences:
        with pytest.raises(ValueError, match="nothing at all"):
            expand(written(sequence))
    else:
        assert expand(written(sequence)) == sentences


@given(st.text("ab()|<> "))
def test_whatever_is_written_it_is_expanded_or_refused(saying: str) -> None:
    try:
        sentences = expand(saying, {"a": "b"})
    except ValueError:
        return
    assert sentences
    assert not {*"()|<>"} & {*"".join(sentences)}
    assert all(each == " ".join(each.split()) for each in sentences)


@pytest.mark.parametrize(
    ("saying", "sentences"),
    [
        ("tell me a fact", ["tell me a fact"]),
        ("(tell|give) me", ["tell me", "give me"]),
        ("a fact (|please)", ["a fact", "a fact please"]),
        ("fact(|s)", ["fact", "facts"]),
        ("  a   (b|) c ", ["a b c", "a c"]),
        ("(a|a) b", ["a b"]),
        ("(a (b|c)|d)", ["a b", "a c", "d"]),
        ("(about |){topic}", ["about {topic}", "{topic}"]),
    ],
)
def test_it_reads_the_notation(saying: str, sentences: list[str]) -> None:
    assert expand(saying) == sentences


@pytest.mark.parametrize(
    ("saying", "fault"),
    [
        ("(a|b", "is not closed"),
        ("a|b)", "outside of parentheses"),
        ("a)", "closes nothing"),
        ("a|b", "outside of parentheses"),
        ("(|)", "nothing at all"),
        ("", "nothing at all"),
        ("<nobody>", "no part <nobody>"),
        ("<that", "do not match"),
        ("(a|b|c|d)" * 5, "makes 1024 sentences, at most 400"),
        ("(" * 200 + "a" + ")" * 200 + "(a|b)" * 2000, "more than 10000 letters"),
    ],
)
def test_it_says_what_is_wrong(saying: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        expand(saying, {"that": "it"})


def test_parts_stand_for_what_they_hold() -> None:
    parts = {"that": "that|it", "please": "|please"}

    assert expand("save <that> <please>", parts) == [
        "save that",
        "save that please",
        "save it",
        "save it please",
    ]
    assert with_parts("<that>!", parts) == "(that|it)!"
    assert parts_in("save <that> <please>") == {"that", "please"}
