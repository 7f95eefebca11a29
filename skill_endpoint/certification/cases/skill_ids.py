"""Requests that Alexa signed for another skill: anybody can name your address as theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skill_endpoint.certification import sources
from skill_endpoint.certification.case import Case, Level, Needs
from skill_endpoint.certification.cases.accepted import EVENT
from skill_endpoint.certification.cases.making import LAUNCH, grouped, refused
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.kit import Kit

OTHER = "amzn1.ask.skill.ffffffff-ffff-4fff-8fff-ffffffffce27"


def _for(skill_id: Any, *, session: Any = None) -> Callable[[Kit], Request]:
    """A launch for this skill (`...`: for none), in its session too unless that is another's."""

    def build(kit: Kit) -> Request:
        envelope = kit.launch()
        for place, value in (
            (envelope["context"]["System"], skill_id),
            (envelope["session"], skill_id if session is None else session),
        ):
            place["application"] = {} if value is ... else {"applicationId": value}
        return kit.request(envelope)

    return build


def _in_session_only(kit: Kit) -> Request:
    envelope = kit.launch()
    envelope["session"]["application"] = {"applicationId": OTHER}
    return kit.request(envelope)


def _upper_case(kit: Kit) -> Request:
    envelope = kit.launch()
    application = {"applicationId": kit.skill_id.upper()}
    envelope["context"]["System"]["application"] = application
    envelope["session"]["application"] = application
    return kit.request(envelope)


def _event(kit: Kit) -> Request:
    envelope = kit.event("SkillDisabled", {"userInformationPersistenceStatus": "NOT_PERSISTED"})
    envelope["context"]["System"]["application"] = {"applicationId": OTHER}
    return kit.request(envelope)


def _case(
    code: str,
    title: str,
    build: Callable[[Kit], Request],
    level: Level = "must",
    control: str = LAUNCH,
) -> Case:
    return refused(
        f"skill-id-{code}",
        title,
        build,
        why="signed by Alexa is not signed for you",
        source=sources.HOSTING,
        level=level,
        needs=Needs.KEY,
        control=control,
    )


CASES = grouped(
    "Skill id",
    _case("other", "the id of another skill", _for(OTHER)),
    _case("missing", "no id", _for(...)),
    _case("empty", "an empty id", _for("")),
    _case("null", "null in its place", _for(None)),
    _case("list", "a list with an id in its place", _for([OTHER])),
    _case("upper-case", "the right id in capitals", _upper_case, "should"),
    _case("of-session", "another skill's session", _in_session_only, "should"),
    _case("of-event", "an event of another skill", _event, control=EVENT),
)
