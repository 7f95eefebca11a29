from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from skill_endpoint.certification import report_html, report_json, report_text
from skill_endpoint.certification.case import Case, Needs, Proof, Result, State, Verdict
from skill_endpoint.certification.cases import CASES
from skill_endpoint.certification.run import Report

EVIL = "<script>alert('x')</script>\"&{{ x }}"


def result(code: str, state: State, *, proof: Proof | None = None, **verdict: object) -> Result:
    case = Case(
        code=code,
        group="A group",
        title=f"what {code} sends",
        wanted="400: because",
        source="https://example.com/page",
        trial=lambda bench: Verdict(state="passed", seen=""),
        control="accepted-launch" if proof else "",
    )
    told = Verdict(**{"state": state, "seen": f"seen by {code}", "status": 400, **verdict})  # type: ignore[arg-type]
    return Result(case=case, verdict=told, proof=proof)


REPORT = Report(
    endpoint="https://skill.example.com/alexa?…",
    skill_id="amzn1.ask.skill.tests",
    signs=True,
    chains="folder",
    begun=datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC),
    seconds=3.21,
    results=(
        result("first", "passed", proof="conclusive", milliseconds=7),
        result("second", "warning", notes=("echoes: its body repeats what was sent",)),
        result("third", "refused", proof="control-refused"),
        result("fourth", "failed", seen=EVIL, milliseconds=9000),
        result("fifth", "skipped", status=0),
    ),
)
GOOD = replace(REPORT, results=REPORT.results[:1])


def text(report: Report) -> str:
    return "\n".join(report_text.lines(report))


@pytest.mark.parametrize(
    ("states", "exit_status"),
    [
        (["passed", "warning", "refused", "skipped"], 0),
        (["passed", "unjudged"], 2),
        (["unjudged", "failed"], 1),
    ],
)
def test_the_exit_status_says_whether_anything_failed(
    states: list[State], exit_status: int
) -> None:
    results = tuple(result(f"case-{state}", state) for state in states)
    assert replace(REPORT, results=results).exit_status == exit_status


def test_the_text_has_a_line_a_case_and_what_went_wrong_below_it() -> None:
    lines = text(REPORT).splitlines()
    number = next(index for index, line in enumerate(lines) if " fourth" in line)
    assert lines[number].split()[:4] == ["FAILED", "fourth", "400", "9000"]
    assert [line.strip() for line in lines[number + 1 : number + 4]] == [
        EVIL,
        "wanted 400: because",
        "https://example.com/page",
    ]
    assert lines[-7:] == [
        "5 cases in 3.2 s:",
        "     1 passed    as wanted: what is wrong was refused, what is good was answered",
        "     1 refused   refused as wanted, which proves little: no control was accepted",
        "     1 WARNING   mend it, although Amazon does not insist",
        "     1 FAILED    Amazon's review may fail it, or somebody may misuse it",
        "     1 skipped   could not be tried",
        "Slowest: fourth 9000 ms, first 7 ms",
    ]


def test_the_data_has_the_documented_shape() -> None:
    data = json.loads(report_json.text(REPORT, "1.2"))
    cases = data.pop("cases")
    assert data == {
        "format": "skill-endpoint-certification/1",
        "version": "1.2",
        "endpoint": "https://skill.example.com/alexa?…",
        "skill_id": "amzn1.ask.skill.tests",
        "signed": True,
        "chains": "folder",
        "begun": "2026-11-22T12:00:05+00:00",
        "seconds": 3.2,
        "exit_status": 1,
        "counts": {
            "passed": 1,
            "refused": 1,
            "warning": 1,
            "failed": 1,
            "unjudged": 0,
            "skipped": 1,
        },
    }
    assert cases[1] == {
        "code": "second",
        "group": "A group",
        "level": "must",
        "sent": "what second sends",
        "wanted": "400: because",
        "source": "https://example.com/page",
        "needs": "nothing",
        "control": "",
        "state": "warning",
        "proof": None,
        "seen": "seen by second",
        "notes": ["echoes: its body repeats what was sent"],
        "status": 400,
        "milliseconds": None,
    }


def test_the_page_is_one_file_that_runs_nothing() -> None:
    source = report_html.text(REPORT, "1.2")
    page = BeautifulSoup(source, "html.parser")
    assert not page.find_all(["script", "link", "img", "iframe", "form", "object"])
    assert not [tag for tag in page.find_all(True) if "style" in tag.attrs]
    assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert page.style is not None
    digest = hashlib.sha256(page.style.get_text().encode()).digest()
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'"
    )
    assert "prefers-color-scheme: dark" in source
    assert "@media print" in source
    assert EVIL in page.get_text()


def test_the_page_begins_with_the_faults() -> None:
    page = BeautifulSoup(report_html.text(REPORT, "1.2"), "html.parser")
    faults, others = page.find_all("table")
    assert [code.get_text() for code in faults.find_all("code")] == ["fourth", "second"]
    assert [code.get_text() for code in others.find_all("code")] == ["first", "third", "fifth"]
    assert "inconclusive: the control accepted-launch was not accepted" in others.get_text()
    words = page.get_text()
    for expected in ("1 of 5 cases failed", "2026-11-22 12:00 UTC", "version 1.2", "9000 ms"):
        assert expected in words


def test_a_good_page_says_so() -> None:
    page = BeautifulSoup(report_html.text(GOOD, "1.2"), "html.parser")
    assert len(page.find_all("table")) == 1
    assert "No case failed" in page.get_text()


@pytest.mark.parametrize(
    ("skill_id", "status_in_old_header", "words"),
    [
        ("amzn1.ask.skill.tests", 400, "does not trust this key"),
        ("", 400, "--skill-id"),
        ("amzn1.ask.skill.tests", 200, "reads the wrong header"),
    ],
)
def test_a_refused_control_comes_with_advice(
    skill_id: str, status_in_old_header: int, words: str
) -> None:
    results = (
        result("accepted-launch", "failed", status=400),
        result("signature-256-in-old-header", "failed", status=status_in_old_header),
    )
    report = replace(REPORT, skill_id=skill_id, results=results)
    assert words in text(report).splitlines()[3], "before all cases"
    assert words in text(report).splitlines()[-1]
    assert report.exit_status == 2
    assert "could not be judged" in report_text.verdict(report)
    assert words in BeautifulSoup(report_html.text(report, "1"), "html.parser").get_text()
    assert report_text.advice(REPORT) == ""


def test_an_endpoint_that_breaks_over_a_good_request_has_failed() -> None:
    results = (result("accepted-launch", "failed", status=500),)
    assert replace(REPORT, results=results).exit_status == 1


def test_what_was_skipped_for_one_reason_is_a_line_of_its_group() -> None:
    results = (
        result("first", "skipped", seen="it needs a key", status=0),
        result("second", "passed"),
        result("third", "skipped", seen="it needs a key", status=0),
        result("fourth", "skipped", seen="it needs an https address", status=0),
    )
    lines = text(replace(REPORT, results=results)).splitlines()
    assert lines[3].split() == ["A", "group"]
    assert lines[4].split()[:2] == ["passed", "second"]
    assert lines[5] == "  skipped  2 cases: it needs a key"
    assert lines[6].split()[:2] == ["skipped", "fourth"]


def test_the_list_names_every_case_and_what_it_needs() -> None:
    listed = "\n".join(report_text.of_catalogue(CASES))
    for case in CASES:
        assert f"  {case.code} " in listed
    assert listed.count("needs a key") == len(
        [case for case in CASES if case.needs in {Needs.KEY, Needs.SERVER, Needs.PUBLISHING}]
    )
