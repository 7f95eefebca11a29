"""Operators can tell two releases of one version apart, and a checkout asks nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from companion.metrics import build_info, sample
from companion.version import LONGEST, version_of


def a_release(
    folder: Path, name: str, *, changelog: str = "# Changes\n\n## 1.2.0 (soon)\n"
) -> Path:
    release = folder / "releases" / name
    release.mkdir(parents=True)
    (release / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    (release / ".installed").touch()
    return release


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("1.2.0-1f2e3d4c5b6a", "1.2.0-1f2e3d4c5b6a"),
        ("1.2.0", "1.2.0"),
        ("1.2.01", "1.2.0+1.2.01"),  # another version's name: both are said
        ("hotfix", "1.2.0+hotfix"),
        ("x" * 99, "1.2.0+" + "x" * (LONGEST - 6)),
    ],
)
def test_an_installed_release_says_its_commit(tmp_path: Path, name: str, version: str) -> None:
    assert version_of(a_release(tmp_path, name)) == version


def test_a_checkout_says_the_version_alone(tmp_path: Path) -> None:
    folder = tmp_path / "1.2.0-1f2e3d4c5b6a"
    a_release(tmp_path, "x").rename(folder)  # not below `releases`
    assert version_of(folder) == "1.2.0"
    half = a_release(tmp_path, "1.2.0-abc")
    (half / ".installed").unlink()
    assert version_of(half) == "1.2.0"


def test_without_a_heading_it_is_none(tmp_path: Path) -> None:
    assert version_of(a_release(tmp_path, "0", changelog="")) == "0"


def test_counters_say_which_release_this_is() -> None:
    sample()
    assert settings.VERSION in {version for version, *_others in build_info._metrics}
    assert version_of(settings.BASE_DIR) == settings.VERSION
