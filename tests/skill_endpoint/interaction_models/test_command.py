from __future__ import annotations

import json
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from skill_endpoint.interaction_models import build, source


def run(*args: Any) -> None:
    call_command("interaction_models", *map(str, args))


def test_it_writes_the_models_and_finds_them_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    run("build", folder, "--locale", "en-US", "--locale", "en-GB")
    run("check", folder, "--locale", "en-US", "--locale", "en-GB")
    told = capsys.readouterr().out.splitlines()

    assert sorted(path.name for path in folder.iterdir()) == ["en-GB.json", "en-US.json"]
    text = (folder / "en-US.json").read_text(encoding="utf-8")
    assert text == build.as_json(build.document("en-US"))
    assert json.loads(text) == build.document("en-US")
    assert told[0].startswith(f"en-US: {folder / 'en-US.json'}, 25 intents, ")
    assert told[2].startswith("en-US: good, 25 intents, ")


def test_it_finds_a_file_that_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("build", tmp_path, "--locale", "en-US", "--locale", "en-GB")
    (tmp_path / "en-GB.json").write_text("{}", encoding="utf-8")

    with pytest.raises(CommandError, match=r"Faults in en-GB\."):
        run("check", tmp_path, "--locale", "en-US", "--locale", "en-GB")
    assert "en-GB.json is not what build would write" in capsys.readouterr().err


def test_it_finds_a_file_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        run("check", tmp_path, "--locale", "en-US")
    assert "en-US.json: No such file" in capsys.readouterr().err


def test_it_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(CommandError):
        run("build", tmp_path / "file", "--locale", "en-US")
    assert f"en-US: {tmp_path / 'file'}: File exists" in capsys.readouterr().err


def test_it_follows_no_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("precious", encoding="utf-8")
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "en-US.json").symlink_to(precious)
    (folder / "en-GB.json").symlink_to(tmp_path / "nothing")
    (folder / "en-CA.json").mkdir()

    with pytest.raises(CommandError, match=r"Faults in en-US, en-GB, en-CA\."):
        run("build", folder, "--locale", "en-US", "--locale", "en-GB", "--locale", "en-CA")
    told = capsys.readouterr().err
    for locale in ("en-US", "en-GB", "en-CA"):
        assert f"{locale}: {folder / locale}.json: is in the way, and no ordinary file" in told
    assert precious.read_text(encoding="utf-8") == "precious"
    assert (folder / "en-US.json").is_symlink()
    assert not (tmp_path / "nothing").exists()


def test_a_reader_finds_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "en-US.json"
    path.write_text("old", encoding="utf-8")
    with path.open(encoding="utf-8") as reader:
        run("build", tmp_path, "--locale", "en-US")
        assert reader.read() == "old"
    assert path.read_text(encoding="utf-8") == build.as_json(build.document("en-US"))
    assert [each.name for each in tmp_path.iterdir()] == ["en-US.json"]


def test_what_cannot_be_written_whole_leaves_the_old_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "en-US.json"
    path.write_text("old", encoding="utf-8")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal_before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # as if the disk were full
    try:
        with pytest.raises(CommandError):
            run("build", tmp_path, "--locale", "en-US")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signal_before)
    assert f"en-US: {path}: File too large" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["en-US.json"]


def test_it_tells_the_faults_of_a_source_and_writes_nothing_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "en.toml").write_text('invocation_name = "x"', encoding="utf-8")
    monkeypatch.setattr(source, "SOURCES", sources)

    with pytest.raises(CommandError, match=r"Faults in en-US, de-DE\."):
        run("build", tmp_path / "out", "--locale", "en-US", "--locale", "de-DE")
    told = capsys.readouterr().err
    assert "en-US: en.toml: intents is missing" in told
    assert "de-DE: there is no sources/de.toml" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "args", [[], ["build"], ["check", "--locale", "fr-BE"], ["check", "a", "b"], ["make"]]
)
def test_it_refuses_what_it_cannot_do(args: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*args)


def test_it_writes_no_model_that_has_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = source.source_path("en").read_text(encoding="utf-8")
    (tmp_path / "en.toml").write_text(text.replace('"small wonders"', '"wonders"'), "utf-8")
    monkeypatch.setattr(source, "SOURCES", tmp_path)

    with pytest.raises(CommandError):
        run("build", tmp_path, "--locale", "en-US")
    assert "must have two words or more" in capsys.readouterr().err
    assert not (tmp_path / "en-US.json").exists()
