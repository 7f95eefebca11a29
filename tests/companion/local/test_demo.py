from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from companion.local import demo
from companion.local.site import AlreadyRunning, running_site
from skill_endpoint.simulator import utterances


@pytest.mark.parametrize("phrase", demo.PHRASES)
def test_it_advises_to_say_what_the_skill_understands(phrase: str) -> None:
    assert utterances.resolve(phrase, "en-US").intent != utterances.FALLBACK_INTENT


def test_it_says_whose_the_sign_in_page_is() -> None:
    assert "the sign-in page is the local AWS's own; on AWS it is Cognito's" in demo.HELP


def test_it_says_where_linking_attempts_are() -> None:
    assert "Linking attempts: {url}/traces/ (as operator)" in demo.HELP


def test_it_refuses_a_second_run_in_the_same_folder(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning, match="stop it first"), running_site(tmp_path):
            pass
