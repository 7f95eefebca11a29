"""The whole self-test against two real endpoints: this project's, and the SDK's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from skill_endpoint.certification.case import Result
from skill_endpoint.certification.run import Report, Wishes, certify
from tests.skill_endpoint.certification.conftest import Endpoint
from tests.skill_endpoint.certification.known_faults import FAULTS, Build, Fault


def run(endpoint: Endpoint, *only: str) -> Report:
    return certify(
        Wishes(
            url=endpoint.url,
            skill_id=endpoint.skill_id,
            key_dir=endpoint.key_dir,
            chain_url=endpoint.chain_url,
            only=only,
        )
    )


def told(results: list[Result]) -> list[str]:
    return [f"{each.case.code}: {each.verdict.seen} {each.verdict.notes}" for each in results]


def test_ours_passes_every_case_that_can_be_tried(ours: Endpoint) -> None:
    report = run(ours)
    wrong = [each for each in report.results if each.verdict.state not in {"passed", "skipped"}]
    assert told(wrong) == []
    assert report.exit_status == 0
    # what it cannot be asked: it reads chains from a folder, over plain HTTP
    skipped = {each.case.code for each in report.results if each.verdict.state == "skipped"}
    assert skipped == {
        "tls-trusted",
        "chain-forbidden",
        "chain-redirected",
        "chain-slow",
        "chain-downloaded-once",
    }
    tried = [each for each in report.results if each.case.control and each.proof]
    doubtful = {each.case.code for each in tried if each.proof != "conclusive"}
    assert {each.proof for each in tried} == {"conclusive", "other-cause-possible"}
    assert all(code.startswith("url-") for code in doubtful)
    assert len(doubtful) == 14
    assert not list(ours.key_dir.glob("certify-*")), "the folder of keys is as it was"


@pytest.fixture(scope="session")
def report_on(stock: Callable[[Build], Endpoint]) -> Callable[[Build], Report]:
    @cache
    def report(build: Build) -> Report:
        known = [fault.case for fault in FAULTS if fault.build == build]
        return run(stock(build), *known, "url-other-path", "url-other-host")

    return report


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.build}-{fault.case}")
def test_what_is_known_of_the_sdk_is_found(
    report_on: Callable[[Build], Report], fault: Fault
) -> None:
    found = {each.case.code: each.verdict for each in report_on(fault.build).results}[fault.case]
    assert found.state == fault.state, found
    assert fault.seen in found.seen


def test_with_a_server_of_chains_a_wrong_path_is_told_for_sure(
    report_on: Callable[[Build], Report],
) -> None:
    proofs = {each.case.code: each.proof for each in report_on("once").results}
    assert proofs["url-other-path"] == "conclusive"
    assert proofs["url-other-host"] == "other-cause-possible"
