"""The two kinds of which most cases are: one request that is refused, one that is answered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Doubt, Level, Needs, Verdict
from skill_endpoint.certification.exchange import MAX_ANSWER, Request
from skill_endpoint.certification.judgement import (
    MAX_RESPONSE,
    REFUSED,
    Look,
    acceptance,
    no_error,
    refusal,
)
from skill_endpoint.certification.kit import Kit

LAUNCH = "accepted-launch"  # the control of nearly everything
OVERSIZED = frozenset({400, 413, 414, 431})  # of a header, by whichever server reads it first
Build = Callable[[Kit], Request]


def refused(
    code: str,
    title: str,
    build: Build,
    *,
    why: str,
    source: str,
    statuses: Collection[int] = REFUSED,
    level: Level = "must",
    needs: Needs = Needs.NOTHING,
    control: str = LAUNCH,
    doubt: Doubt = "never",
    may_hang_up: bool = False,
    is_slow: bool = False,
) -> Case:
    def trial(bench: Bench) -> Verdict:
        sent = bench.send(build)
        return refusal(sent, wanted=statuses, level=level, may_hang_up=may_hang_up)

    return Case(
        code=code,
        title=title,
        wanted=f"{_either(statuses)}: {why}",
        source=source,
        trial=trial,
        level=level,
        needs=needs,
        control=control,
        doubt=doubt,
        is_slow=is_slow,
    )


def answered(
    code: str,
    title: str,
    build: Build,
    *,
    why: str,
    source: str,
    level: Level = "must",
    needs: Needs = Needs.KEY,
    look: Look | None = None,
    is_control: bool = False,
    is_last: bool = False,
) -> Case:
    def trial(bench: Bench) -> Verdict:
        # the size of a response is part of what is judged
        sent = bench.send(build, limit=max(MAX_ANSWER, MAX_RESPONSE))
        return acceptance(sent, level=level, look=look)

    return Case(
        code=code,
        title=title,
        wanted=f"200 and a response: {why}",
        source=source,
        trial=trial,
        level=level,
        needs=needs,
        is_control=is_control,
        is_last=is_last,
    )


def not_broken(
    code: str,
    title: str,
    build: Build,
    *,
    why: str,
    source: str,
    needs: Needs = Needs.NOTHING,
) -> Case:
    """One that may be answered or refused, as long as the endpoint does not fail over it."""

    def trial(bench: Bench) -> Verdict:
        return no_error(bench.send(build), wanted={200, 400})

    return Case(
        code=code,
        title=title,
        wanted=f"200 or 400: {why}",
        source=source,
        trial=trial,
        needs=needs,
    )


def grouped(name: str, *cases: Case) -> tuple[Case, ...]:
    return tuple(replace(case, group=name) for case in cases)


def _either(statuses: Collection[int]) -> str:
    return " or ".join(str(status) for status in sorted(statuses))
