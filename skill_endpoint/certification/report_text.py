"""The report for a terminal: a line a case, what went wrong under its case, a summary."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from skill_endpoint.certification.case import Case, Needs, Result
from skill_endpoint.certification.cases.making import LAUNCH
from skill_endpoint.certification.run import Report

MARKS = {
    "passed": "passed",
    "refused": "refused",
    "warning": "WARNING",
    "failed": "FAILED",
    "unjudged": "unjudged",
    "skipped": "skipped",
}
MEANING = {
    "passed": "as wanted: what is wrong was refused, what is good was answered",
    "refused": "refused as wanted, which proves little: no control was accepted",
    "warning": "mend it, although Amazon does not insist",
    "failed": "Amazon's review may fail it, or somebody may misuse it",
    "unjudged": "the endpoint's rate limit answered instead",
    "skipped": "could not be tried",
}
SLOWEST = 3


def lines(report: Report) -> Iterator[str]:
    yield f"Certification self-test of {report.endpoint}"
    yield f"  {setting(report)}"
    if report.refuses_the_good:
        yield ""
        yield advice(report)
    for group, members in groupby(report.results, key=lambda result: result.case.group):
        yield ""
        yield group
        yield from _of_group(list(members))
    yield ""
    yield from _summary(report)


def of_catalogue(cases: tuple[Case, ...]) -> Iterator[str]:
    """What --list prints: code, title, what it needs."""
    for group, members in groupby(cases, key=lambda case: case.group):
        yield group
        for case in members:
            yield f"  {case.code:35} {case.title}"
            if case.needs is not Needs.NOTHING:
                yield f"  {'':35} needs {case.needs.value}"


def setting(report: Report) -> str:
    """How it was run, in one line."""
    if not report.signs:
        return "without a key: a refusal proves little, an acceptance or an error is a fault"
    where = {
        "": "other chains cannot be published there",
        "folder": "chains in the folder of the keys",
        "server": "chains on a server of ours",
    }
    return f"with a development key; {where[report.chains]}"


def verdict(report: Report) -> str:
    counts = report.count()
    if report.refuses_the_good:
        return "The good request itself was refused: the endpoint could not be judged"
    if failed := counts["failed"]:
        return f"{failed} of {len(report.results)} cases failed"
    if unjudged := counts["unjudged"]:
        return f"{unjudged} cases could not be judged"
    return "No case failed"


def proof_in_words(result: Result) -> str:
    match result.proof:
        case "other-cause-possible":
            return "who does not look at the address, and finds nothing there, refuses it as well"
        case "control-refused":
            return f"inconclusive: the control {result.case.control} was not accepted"
        case "control-not-possible":
            return f"inconclusive: the control {result.case.control} could not be sent"
    return ""


def slowest(report: Report) -> list[Result]:
    timed = [result for result in report.results if result.verdict.milliseconds]
    return sorted(timed, key=lambda result: -result.verdict.milliseconds)[:SLOWEST]


def advice(report: Report) -> str:
    """What to look at first where the controls were refused."""
    states = {result.case.code: result.verdict for result in report.results}
    if not report.refuses_the_good:
        return ""
    if states.get("signature-256-in-old-header", states[LAUNCH]).status == 200:
        return (
            "A genuine request is refused, and one with its signature in the header Signature is "
            "not: the endpoint reads the wrong header."
        )
    if not report.skill_id:
        return "The good request was refused. Name the endpoint's skill: --skill-id."
    return (
        "The good request was refused: the endpoint does not trust this key, has another skill "
        "id, or its clock is wrong. All that was refused proves little until this is mended."
    )


def _of_group(results: list[Result]) -> Iterator[str]:
    """A line a case; those that could not be tried for one reason are one line together."""
    skipped: dict[str, list[Result]] = {}
    for result in results:
        if result.verdict.state == "skipped":
            skipped.setdefault(result.verdict.seen, []).append(result)
        else:
            yield from _of_case(result)
    for reason, same in skipped.items():
        if len(same) > 1:
            yield f"  {MARKS['skipped']:9}{len(same)} cases: {reason}"
        else:
            yield from _of_case(same[0])


def _of_case(result: Result) -> Iterator[str]:
    case, verdict = result.case, result.verdict
    status = str(verdict.status or "")
    took = f"{verdict.milliseconds} ms" if verdict.milliseconds else ""
    line = f"  {MARKS[verdict.state]:9}{case.code:35}{status:>4}{took:>9}  {case.title}"
    yield line.rstrip()
    if verdict.state not in {"passed", "refused"}:
        yield f"{'':11}{verdict.seen}"
    for note in verdict.notes:
        yield f"{'':11}{note}"
    if verdict.state in {"failed", "warning"}:
        yield f"{'':11}wanted {case.wanted}"
    if verdict.state == "failed":
        yield f"{'':11}{case.source}"


def _summary(report: Report) -> Iterator[str]:
    counts = report.count()
    total = len(report.results)
    yield f"{total} {'case' if total == 1 else 'cases'} in {report.seconds:.1f} s:"
    for state, number in counts.items():
        if number:
            yield f"  {number:4} {MARKS[state]:9} {MEANING[state]}"
    if doubtful := [each for each in report.results if each.proof == "other-cause-possible"]:
        yield (
            f"Of those, {len(doubtful)} addresses of chains may have been refused only because "
            "nothing was found there."
        )
    if slow := slowest(report):
        named = (f"{each.case.code} {each.verdict.milliseconds} ms" for each in slow)
        yield f"Slowest: {', '.join(named)}"
    if text := advice(report):
        yield text  # once more: the beginning is far up by now
