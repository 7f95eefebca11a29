"""Sentences with code in them, and claims of tokens."""

from __future__ import annotations

import pytest

from companion.templatetags.traces import claim, with_code


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Type `manage.py doctor`.", "Type <code>manage.py doctor</code>."),
        ("`<a>` and <b>", "<code>&lt;a&gt;</code> and &lt;b&gt;"),
        ("one ` alone <i>", "one ` alone &lt;i&gt;"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code_and_nothing_is_markup(
    sentence: str, shown: str
) -> None:
    assert with_code(sentence) == shown


@pytest.mark.parametrize(
    ("value", "name", "shown"),
    [
        (1795345015, "iat", "1795345015 (2026-11-22 10:56:55 UTC)"),
        (10**20, "exp", 10**20),
        ("soon", "exp", "soon"),
        (7, "version", 7),
        (["operators", "<b>"], "cognito:groups", "operators, <b>"),
    ],
)
def test_claims_as_people_read_them(value: object, name: str, shown: object) -> None:
    assert claim(value, name) == shown
