from __future__ import annotations

from pathlib import Path

import pytest

SPEECH = """
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

def saved(count, topic):
    _("Hello, {name}.")
    _("Would you like another?")
    pgettext("between words", ", ")
    return ngettext("{count} fact about {topic}.", "{count} facts about {topic}.", count)
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A project with nothing but three sentences that are spoken, and one form of two."""
    speech = tmp_path / "skill_endpoint" / "speech"
    speech.mkdir(parents=True)
    (speech / "saved.py").write_text(SPEECH, encoding="utf-8")
    return tmp_path
