"""Which sentences belong to which folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from companion.local.translations import folders
from companion.local.translations.extracting import sentences

NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "npgettext"}


def written(base: Path, name: str, text: str) -> Path:
    path = base / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def found_in(base: Path, folder: str) -> list[tuple[str, ...]]:
    """(context, sentence, plural) of a folder's sentences, as far as there are."""
    [chosen] = [each for each in folders.find(base) if each.path == base / folder]
    return [
        (*([message.context] if message.context else []), *_strings(message.id))
        for message in sentences(chosen)
        if message.id
    ]


def _strings(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def test_python_gives_every_kind_of_sentence(tmp_path: Path) -> None:
    written(
        tmp_path,
        "skill_endpoint/speech/all.py",
        """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext, pgettext

plain = _("one")
lazy = gettext_lazy("two")
joined = _(
    "A first half, "
    "and a 'second' one."
)
forms = ngettext("{n} fact", "{n} facts", 3)
told_apart = pgettext("topic", "Space")
both = npgettext("list", "{n} entry", "{n} entries", 3)
inside = "{a}".format(a=_("in an argument"))
language, _, region = "fr-CA".partition("-")
variable = _(plain)
""",
    )

    assert found_in(tmp_path, "skill_endpoint/speech") == [
        ("one",),
        ("two",),
        ("A first half, and a 'second' one.",),
        ("{n} fact", "{n} facts"),
        ("topic", "Space"),
        ("list", "{n} entry", "{n} entries"),
        ("in an argument",),
    ]


def test_templates_give_theirs_whatever_their_indentation(tmp_path: Path) -> None:
    (tmp_path / "templates" / "locale").mkdir(parents=True)
    written(
        tmp_path,
        "templates/partials/page.html",
        """{% load i18n %}
      <p title="{% translate "It's a title" %}">
   {% blocktranslate trimmed count counter=facts %}
     {{ counter }} fact
   {% plural %}
     {{ counter }} facts
   {% endblocktranslate %}
 {% translate "Space" context "topic" %} isn't "unbalanced</p>
""",
    )

    assert found_in(tmp_path, "templates") == [
        ("It's a title",),
        ("%(counter)s fact", "%(counter)s facts"),
        ("topic", "Space"),
    ]


def test_a_deeper_folder_with_a_locale_has_its_own(tmp_path: Path) -> None:
    for name in ("skill_endpoint/a.py", "skill_endpoint/speech/b.py", "companion/c.py"):
        written(tmp_path, name, f'_("{name}")')
    (tmp_path / "skill_endpoint" / "locale").mkdir()

    assert found_in(tmp_path, "skill_endpoint") == [("skill_endpoint/a.py",)]
    assert found_in(tmp_path, "skill_endpoint/speech") == [("skill_endpoint/speech/b.py",)]


def test_a_comment_for_translators_comes_along(tmp_path: Path) -> None:
    written(tmp_path, "skill_endpoint/speech/a.py", '# Translators: a bird\n_("crane")\n')

    [speech] = folders.find(tmp_path)

    [message] = [message for message in sentences(speech) if message.id]
    assert message.auto_comments == ["a bird"]


@pytest.mark.parametrize("folder", folders.find(), ids=lambda folder: folder.path.name)
def test_it_finds_what_pythons_own_parser_finds(folder: folders.Folder) -> None:
    """Such as both of `_("one" if … else "two")`, which would read as one sentence."""
    expected = {
        argument.value
        for path in folder.sources
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES
        for call in [node.args[1:] if node.func.id.startswith(("p", "np")) else node.args]
        for part in call
        for argument in ast.walk(part)
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    found = {part for message in sentences(folder) if message.id for part in _strings(message.id)}

    assert expected - found == set()
    assert expected
