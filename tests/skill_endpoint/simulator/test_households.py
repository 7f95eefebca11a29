from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from skill_endpoint.simulator import households
from skill_endpoint.simulator.households import find, opened

SKILL_ID = "amzn1.ask.skill.tests"


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "simulator").glob("*.json"))


def test_it_keeps_a_household_over_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        household.account.access_token = "secret"
        household.add({"kind": "note", "text": "linked"})
    again = find(tmp_path, household.key, SKILL_ID)
    assert again == household


def test_it_lets_nobody_else_read_the_tokens(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        household.account.access_token = "secret"
    (path,) = kept(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert household.key not in path.name


@pytest.mark.parametrize("key", ["", "unknown", "../../etc/passwd", "\x00"])
def test_it_gives_an_unknown_browser_a_household_of_its_own(tmp_path: Path, key: str) -> None:
    with opened(tmp_path, key, SKILL_ID) as household:
        pass
    assert household.key not in {"", key}
    assert not household.account.is_linked


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"account": {"no": 1}}', '{"account": 1}'])
def test_it_starts_anew_from_a_broken_file(tmp_path: Path, broken: str) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        pass
    (path,) = kept(tmp_path)
    path.write_text(broken)
    assert find(tmp_path, household.key, SKILL_ID).key != household.key


def test_it_keeps_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(households, "MAX_HOUSEHOLDS", 3)
    for _ in range(5):
        with opened(tmp_path, "", SKILL_ID) as household:
            pass
    assert len(kept(tmp_path)) == 3
    assert find(tmp_path, household.key, SKILL_ID).key == household.key


@pytest.mark.parametrize("token", ["access_token", "refresh_token"])
def test_it_gives_up_those_without_tokens_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setattr(households, "MAX_HOUSEHOLDS", 3)
    keys = []
    for number in range(6):
        with opened(tmp_path, "", SKILL_ID) as household:
            if number < 2:
                setattr(household.account, token, "secret")
        keys.append(household.key)
    assert [key for key in keys if find(tmp_path, key, SKILL_ID).key == key] == [
        *keys[:2],
        keys[-1],
    ]


def test_a_new_one_is_kept_though_all_others_have_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(households, "MAX_HOUSEHOLDS", 2)
    keys = []
    for token in ("first", "second", ""):
        with opened(tmp_path, "", SKILL_ID) as household:
            household.account.access_token = token
        keys.append(household.key)
    assert [key for key in keys if find(tmp_path, key, SKILL_ID).key == key] == keys[1:]


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"account": 1}', "\udcff"])
def test_a_broken_file_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(households, "MAX_HOUSEHOLDS", 1)
    with opened(tmp_path, "", SKILL_ID):
        pass
    (path,) = kept(tmp_path)
    path.write_text(broken, errors="surrogateescape")
    with opened(tmp_path, "", SKILL_ID) as household:
        household.account.access_token = "secret"
    assert path not in kept(tmp_path)
    assert len(kept(tmp_path)) == 1


def test_one_that_was_not_there_may_be_left_unkept(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID, may_begin=False):
        pass
    assert kept(tmp_path) == []
    with opened(tmp_path, "", SKILL_ID) as household:
        pass
    with opened(tmp_path, household.key, SKILL_ID, may_begin=False) as again:
        again.reprompt = "Well?"
    assert find(tmp_path, household.key, SKILL_ID).reprompt == "Well?"


def test_it_forgets_the_oldest_turns(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        for number in range(households.MAX_TURNS + 5):
            household.add({"kind": "note", "text": str(number)})
    assert len(household.talk) == households.MAX_TURNS
    assert household.talk[-1] == {"number": 35, "kind": "note", "text": "34"}


def test_it_serves_one_thread_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        pass

    def add() -> None:
        for _ in range(5):
            with opened(tmp_path, household.key, SKILL_ID) as mine:
                mine.add({"kind": "note", "text": "x"})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(find(tmp_path, household.key, SKILL_ID).talk) == 20


def test_undo_brings_back_what_was_before_the_turn(tmp_path: Path) -> None:
    with opened(tmp_path, "", SKILL_ID) as household:
        household.account.session_id = "before"
        household.account.attributes = {"heard": [1]}
        household.reprompt = "Well?"
        household.add({"kind": "turn", "text": "first"})
        household.mark()
        household.account.session_id, household.reprompt = "", ""
        household.account.attributes = {}
        household.add({"kind": "turn", "text": "second"})
        household.add({"kind": "note", "text": "linked"})
    with opened(tmp_path, household.key, SKILL_ID) as again:
        assert again.undo()
        assert not again.undo()
    kept_now = find(tmp_path, household.key, SKILL_ID)
    assert (kept_now.account.session_id, kept_now.reprompt) == ("before", "Well?")
    assert kept_now.account.attributes == {"heard": [1]}
    assert [entry["text"] for entry in kept_now.talk] == ["first", "linked"]
    assert kept_now.last_number == 3


def test_undo_reaches_back_so_many_turns(tmp_path: Path) -> None:
    household = households.new(SKILL_ID)
    for _ in range(households.MAX_UNDO + 5):
        household.mark()
    assert len(household.marks) == households.MAX_UNDO
