"""The report as text and as JSON, and what never stands in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from botocore.exceptions import NoCredentialsError
from django.test import override_settings

from accounts.pool.errors import explain
from companion.doctor.hiding import LONGEST, clean, cleaned
from companion.doctor.report import Report, joined
from companion.doctor.results import Result, State


def result(code: str, state: State, *, group: str = "Settings", **texts: str) -> Result:
    values = {"title": f"title {code}", "seen": f"seen {code}", **texts}
    return Result(code=code, group=group, state=state, **values)


REPORT = Report(
    at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    seconds=1.25,
    results=(
        result("settings.a", State.OK, mend="not shown", wanted="not shown"),
        result("settings.b", State.ERROR, wanted="wanted b", mend="mend b", source="https://b"),
        result("pool.c", State.SKIPPED, group="Pool", seen="no pool"),
        result("pool.d", State.SKIPPED, group="Pool", seen="no pool"),
        result("pool.e", State.WARNING, group="Pool"),
    ),
)


def text(report: Report) -> str:
    return "\n".join(line for _, line in report.lines())


def test_a_state_is_a_mark_and_a_word() -> None:
    lines = text(REPORT).splitlines()
    assert lines[:3] == [
        "Settings",
        "  ✓ ok       title settings.a: seen settings.a",
        "  ✗ error    title settings.b",
    ]
    assert "  ! warning  title pool.e" in lines


def test_only_what_is_not_in_order_says_how_to_mend_it() -> None:
    said = text(REPORT)
    assert "mend   mend b" in said
    assert "wanted wanted b" in said
    assert "source https://b" in said
    assert "not shown" not in said


def test_what_was_skipped_for_one_reason_is_one_line() -> None:
    assert "  – skipped  2 checks: no pool" in text(REPORT).splitlines()


def test_the_last_line_counts() -> None:
    assert text(REPORT).splitlines()[-1] == ("1 error, 1 warning, 1 in order, 2 skipped, in 1.2 s")


def test_a_number_has_its_word() -> None:
    results = (
        result("settings.a", State.NOTE),
        *(result(f"settings.{name}", State.ERROR) for name in "bc"),
    )
    report = Report(at=REPORT.at, seconds=0, results=results)
    assert report.summary.startswith("2 errors, 0 warnings, 1 note, 0 in order")
    assert "  i note     title settings.a: seen settings.a" in text(report).splitlines()


def test_a_long_reason_stands_once() -> None:
    reason = f"not looked at: {explain(NoCredentialsError())}"
    results = [
        result("pool.a", State.SKIPPED, group="User pool", seen=reason),
        result("pool.b", State.SKIPPED, group="User pool", seen=reason),
        result("web.c", State.SKIPPED, group="Website", seen=reason),
        result("web.d", State.SKIPPED, group="Website", seen="not looked at"),
        result("stack.e", State.SKIPPED, group="Stack", seen="not looked at"),
    ]
    assert [(each.title, each.seen) for each in joined(results)] == [
        ("2 checks", reason),
        ("title web.c", "not looked at, as said under “User pool”"),
        ("title web.d", "not looked at"),
        ("title stack.e", "not looked at"),
    ]


def test_its_state_is_the_worst() -> None:
    def worst(*states: State) -> State:
        results = tuple(result("settings.a", state) for state in states)
        return Report(at=REPORT.at, seconds=0, results=results).state

    assert worst(State.OK, State.ERROR, State.WARNING) is State.ERROR
    assert worst(State.OK, State.WARNING, State.SKIPPED) is State.WARNING
    assert worst(State.OK, State.SKIPPED) is State.OK


def test_the_json_has_its_documented_shape() -> None:
    document = json.loads(json.dumps(REPORT.as_dict()))
    assert set(document) == {"version", "at", "seconds", "state", "counts", "results"}
    assert document["version"] == 1
    assert document["at"] == "2026-11-22T10:00:00+00:00"
    assert document["counts"] == {
        "ok": 1,
        "note": 0,
        "warning": 1,
        "error": 1,
        "skipped": 2,
    }
    assert {tuple(each) for each in document["results"]} == {
        ("code", "group", "title", "state", "seen", "wanted", "mend", "source")
    }
    assert document["results"][1]["state"] == "error"


@override_settings(COGNITO_ALEXA_CLIENT_SECRET="planted-secret-1")
def test_nothing_secret_or_personal_leaves() -> None:
    given = "planted-secret-1 token-of-smapi jo.doe@example.com +12065550101 arn:aws:iam::12:user/x"
    shown = cleaned(
        result("settings.a", State.ERROR, seen=given, mend=given, wanted=given, title=given),
        ["token-of-smapi"],
    )
    for text in (shown.seen, shown.mend, shown.wanted, shown.title):
        assert text == "(hidden) (hidden) (hidden) (hidden) arn:aws:iam::12:user/x"


def test_what_others_say_is_one_bounded_line() -> None:
    assert clean("one\x1b[31m\r\ntwo\x00three") == "one [31m two three"
    assert clean("half \ud83d of a pair") == "half of a pair"
    assert len(clean("x " * 5000)) <= LONGEST + 1
