"""`make fuzz`: what it refuses, in a sentence, and how it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR
from tests.fuzz import findings
from tests.fuzz.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", "0"], "--seconds: at least one"),
        (["--seconds", "-1"], "--seconds: at least one"),
        (["token_txt"], "token_txt is no target; there are "),
        (["--replay", "no/such/file"], "--replay: there is no file no/such/file"),
        (["--replay", __file__], "--replay: a file in "),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    told = capsys.readouterr().err
    assert said in told
    assert "[]" not in told


def test_a_finding_knows_its_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "FOLDER", tmp_path)
    assert findings.target_of(tmp_path / "codec" / "broke-1f2e") == "codec"
    assert findings.target_of(tmp_path / "broke-1f2e") == ""
    assert findings.target_of(Path("/elsewhere/broke-1f2e")) == ""


def test_an_interrupt_ends_it_without_a_traceback(tmp_path: Path) -> None:
    """As Ctrl-C does: for the command and for the process that fuzzes."""
    command = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz", "codec", "--seconds", "600"],
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    try:
        assert command.stdout is not None
        for line in command.stdout:  # the table's head comes before the first target is begun
            if line.startswith("target"):
                break
        while not list(tmp_path.glob("doors-fuzz-*")):
            time.sleep(0.05)
        os.killpg(command.pid, signal.SIGINT)
        said = command.communicate(timeout=60)[0]
    finally:
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
    assert command.returncode == 130
    assert said.strip() == "Stopped. What was found before is kept."
    assert not list(tmp_path.glob("doors-fuzz-*"))
