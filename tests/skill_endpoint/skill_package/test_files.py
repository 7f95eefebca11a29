"""What is written, over what, and with which rights."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from skill_endpoint.skill_package.files import RECORD, File, WriteRefused, write

MODEL = "skill-package/interactionModels/custom/en-US.json"
OTHER = "skill-package/interactionModels/custom/fr-FR.json"


def test_it_writes_a_line_a_file_and_a_second_time_the_same(tmp_path: Path) -> None:
    files = {MODEL: File(b"one"), "ask-resources.json": File(b"two")}
    lines = write(tmp_path / "new" / "folder", files)
    assert lines == [f"wrote {tmp_path / 'new' / 'folder' / name}" for name in files]
    assert write(tmp_path / "new" / "folder", files) == lines
    assert (tmp_path / "new" / "folder" / MODEL).read_bytes() == b"one"


def test_our_own_files_are_replaced_and_outdated_ones_removed(tmp_path: Path) -> None:
    write(tmp_path, {MODEL: File(b"one"), OTHER: File(b"un")})
    lines = write(tmp_path, {MODEL: File(b"two")})
    assert lines[-1] == f"removed {tmp_path / OTHER}"
    assert (tmp_path / MODEL).read_bytes() == b"two"
    assert not (tmp_path / OTHER).exists()


def test_an_outdated_file_that_somebody_edited_stays(tmp_path: Path) -> None:
    write(tmp_path, {MODEL: File(b"one"), OTHER: File(b"un")})
    (tmp_path / OTHER).write_bytes(b"edited")
    write(tmp_path, {MODEL: File(b"two")})
    assert (tmp_path / OTHER).read_bytes() == b"edited"


@pytest.mark.parametrize("earlier", [False, True])
def test_somebody_elses_file_stops_everything(tmp_path: Path, *, earlier: bool) -> None:
    if earlier:  # ours, but edited since
        write(tmp_path, {OTHER: File(b"un")})
    (tmp_path / OTHER).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / OTHER).write_bytes(b"theirs")
    with pytest.raises(WriteRefused, match="move it away first"):
        write(tmp_path, {MODEL: File(b"one"), OTHER: File(b"deux")})
    assert (tmp_path / OTHER).read_bytes() == b"theirs"
    assert not (tmp_path / MODEL).exists()


def test_a_link_or_a_folder_in_the_way_is_not_ours(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"one")
    (tmp_path / "account-linking.json").symlink_to(elsewhere)
    (tmp_path / "ask-resources.json").mkdir()
    for name in ("account-linking.json", "ask-resources.json"):
        with pytest.raises(WriteRefused):
            write(tmp_path, {name: File(b"one")})
    assert elsewhere.read_bytes() == b"one"


@pytest.mark.parametrize(
    "record",
    ["no JSON", "[]", json.dumps({"../precious": "00"}), json.dumps({"/etc/hosts": "00"})],
)
def test_a_record_that_is_not_ours_is_not_followed(tmp_path: Path, record: str) -> None:
    (tmp_path / RECORD).write_text(record)
    with pytest.raises(WriteRefused, match="not ours"):
        write(tmp_path, {MODEL: File(b"one")})


def test_a_secret_is_for_its_owner_only_from_the_first_byte_on(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path, {"account-linking.json": File(b"open")})
        write(tmp_path, {"account-linking.json": File(b"secret", 0o600)})
    finally:
        os.umask(before)
    assert (tmp_path / "account-linking.json").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "account-linking.json"]
