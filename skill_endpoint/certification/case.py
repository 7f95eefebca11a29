"""What a case is, and what came of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from skill_endpoint.certification.bench import Bench

# must: Amazon's pages ask for it. should: they do not, and peers' issue threads say what it costs.
Level = Literal["must", "should"]
# refused: as wanted, yet no good request was accepted beside it, so that it proves little.
# unjudged: it was sent, and the endpoint's rate limit answered.
State = Literal["passed", "refused", "warning", "failed", "skipped", "unjudged"]
Proof = Literal["conclusive", "other-cause-possible", "control-not-possible", "control-refused"]
# Who does not look at a wrong address fetches it, finds nothing, and refuses that. Never: there is
# nothing to find out. Unfetched: unless the chain was there to be fetched. Always: nobody can say.
Doubt = Literal["never", "unfetched", "always"]


class Needs(Enum):
    """What a case cannot do without; its value is said where it is missing."""

    NOTHING = "nothing: it is sent to any endpoint"
    KEY = "a key that the endpoint trusts: --key-dir"
    PUBLISHING = (
        "a key, and an endpoint that finds chains put beside it: one on this machine with "
        "--key-dir, or --chain-url"
    )
    ROOT = "as for publishing, and the root's key to make a chain: root-key.pem in --key-dir"
    SERVER = "a key, and an endpoint that fetches chains from --chain-url"
    HERE = "an endpoint on this machine, which could reach a server that listens only here"
    HTTPS = "an https address"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    state: State
    seen: str
    status: int = 0
    milliseconds: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    code: str  # stable: other tools refer to it
    title: str  # what is sent
    wanted: str  # and why
    source: str  # the page or the thread that says so
    trial: Callable[[Bench], Verdict]
    group: str = ""
    level: Level = "must"
    needs: Needs = Needs.NOTHING
    control: str = ""  # the code of the case that is the same request, unbroken
    doubt: Doubt = "never"  # whether a refusal may have had another cause
    is_control: bool = False  # others lean on it: it goes first
    is_slow: bool = False  # begins early, beside others
    is_last: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    case: Case
    verdict: Verdict
    proof: Proof | None = None  # of negative cases that were tried


def with_proof(
    case: Case, verdict: Verdict, controls: Mapping[str, Verdict], *, fetched: bool
) -> Result:
    """A refusal counts in full only where the control was accepted.

    `fetched`: the endpoint gets its chains from a server of ours, whatever the path.
    """
    if not case.control or verdict.state == "skipped":
        return Result(case=case, verdict=verdict)
    control = controls.get(case.control)
    if control is None or control.state in {"skipped", "unjudged"}:
        proof: Proof = "control-not-possible"
    elif control.status != 200:
        proof = "control-refused"
    elif case.doubt == "always" or (case.doubt == "unfetched" and not fetched):
        proof = "other-cause-possible" if verdict.state == "passed" else "conclusive"
    else:
        proof = "conclusive"
    if proof.startswith("control") and verdict.state == "passed":
        verdict = replace(verdict, state="refused")
    return Result(case=case, verdict=verdict, proof=proof)
