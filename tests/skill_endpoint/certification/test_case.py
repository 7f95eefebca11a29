from __future__ import annotations

import pytest

from skill_endpoint.certification.case import Case, Doubt, Proof, State, Verdict, with_proof

ACCEPTED = Verdict(state="passed", seen="HTTP 200", status=200)
# accepted as a request, and something is wrong with the answer
ACCEPTED_BADLY = Verdict(state="failed", seen="HTTP 200 with no version", status=200)
REFUSED = Verdict(state="warning", seen="HTTP 400, wanted 200", status=400)
SKIPPED = Verdict(state="skipped", seen="it needs a key")
LIMITED = Verdict(state="unjudged", seen="rate-limited", status=429)


def case(doubt: Doubt = "never", control: str = "control") -> Case:
    return Case(
        code="case",
        title="",
        wanted="",
        source="",
        trial=lambda bench: ACCEPTED,
        control=control,
        doubt=doubt,
    )


@pytest.mark.parametrize(
    ("control", "found", "state", "proof"),
    [
        (ACCEPTED, "passed", "passed", "conclusive"),
        (ACCEPTED_BADLY, "passed", "passed", "conclusive"),
        (REFUSED, "passed", "refused", "control-refused"),
        (SKIPPED, "passed", "refused", "control-not-possible"),
        (LIMITED, "passed", "refused", "control-not-possible"),
        (SKIPPED, "failed", "failed", "control-not-possible"),
        (SKIPPED, "warning", "warning", "control-not-possible"),
        (ACCEPTED, "skipped", "skipped", None),
    ],
)
def test_a_refusal_counts_as_its_control_was_accepted(
    control: Verdict, found: State, state: State, proof: Proof | None
) -> None:
    verdict = Verdict(state=found, seen="", status=400)
    result = with_proof(case(), verdict, {"control": control}, fetched=False)
    assert (result.verdict.state, result.proof) == (state, proof)


@pytest.mark.parametrize(
    ("doubt", "fetched", "found", "proof"),
    [
        ("never", False, "passed", "conclusive"),
        ("unfetched", False, "passed", "other-cause-possible"),
        ("unfetched", True, "passed", "conclusive"),
        ("always", True, "passed", "other-cause-possible"),
        ("always", False, "failed", "conclusive"),
    ],
)
def test_a_refusal_may_have_another_cause(
    doubt: Doubt, fetched: bool, found: State, proof: Proof
) -> None:
    verdict = Verdict(state=found, seen="", status=400)
    result = with_proof(case(doubt), verdict, {"control": ACCEPTED}, fetched=fetched)
    assert (result.verdict.state, result.proof) == (found, proof)


def test_what_has_no_control_needs_no_proof() -> None:
    assert with_proof(case(control=""), ACCEPTED, {}, fetched=True).proof is None
