"""Whatever order Alexa's events come in, and however late, the links end up the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import Tombstone, User, sub_digest
from skill_endpoint import skill
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.cognito import TokenMint

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PEOPLE = ("sub-one", "sub-other")
NOT_PERSISTED = {"userInformationPersistenceStatus": "NOT_PERSISTED"}
PERSISTED = {"userInformationPersistenceStatus": "PERSISTED"}
# a skill for each try
HOUSEHOLDS: Iterator[str] = (f"amzn1.ask.skill.{number}" for number in count())
within_a_test = hypothesis_settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Happening:
    """An event, or a turn where `event` is empty."""

    at: datetime
    user_id: str
    event: str = ""
    persistence: str = ""
    sub: str = ""
    speaker: str = ""
    late: tuple[timedelta, ...] = (timedelta(0),)  # of each delivery; a turn is never late


def tell(happening: Happening, number: int, skill_id: str, mint: TokenMint) -> None:
    """Deliver it now, as Alexa does."""
    device = Device(application_id=skill_id, user_id=happening.user_id, person_id=happening.speaker)
    envelope: Envelope
    if not happening.event:
        device = replace(device, access_token=mint.access(happening.sub))
        envelope = envelopes.intent(device, "AMAZON.HelpIntent")
    else:
        body: dict[str, str] | None = None
        if happening.event == "SkillAccountLinked":
            body = {"accessToken": mint.access(happening.sub)}
        elif happening.event == "SkillDisabled":
            body = {"userInformationPersistenceStatus": happening.persistence}
        envelope = envelopes.skill_event(
            device, happening.event, body, created=happening.at, request_id=f"{skill_id}-{number}"
        )
    response = json.loads(skill.answer(envelope))["response"]
    assert bool(response) is not bool(happening.event)


def live(life: list[Happening], mint: TokenMint, *, is_punctual: bool = False) -> Any:
    """The links, and what is recorded, at the end of a life that is told late or punctually."""
    skill_id = next(HOUSEHOLDS)
    deliveries = [
        (happening.at + late, number, happening)
        for number, happening in enumerate(life)
        for late in ([timedelta(0)] if is_punctual else happening.late)
    ]
    for moment, number, happening in sorted(deliveries, key=lambda delivery: delivery[0]):
        with time_machine.travel(moment, tick=False):
            tell(happening, number, skill_id, mint)
    return outcome(skill_id)


def outcome(skill_id: str) -> Any:
    links = AccountLink.objects.filter(application_id=skill_id).order_by("alexa_user_id")
    events = SkillEvent.objects.filter(application_id=skill_id)
    ids = {alexa_digest(skill_id, f"user-{number}"): number for number in range(9)}
    return (
        sorted(
            links.values_list(
                "alexa_user_id",
                "person_id",
                "user__sub",
                "enabled_at",
                "linked_at",
                "disabled_at",
                "last_used_at",
                "refused_reason",
            ),
            key=str,
        ),
        # `applied` tells what was news when it came: it may differ
        sorted(
            (event.event_time, event.type, event.persistence, ids[event.alexa_user_digest])
            for event in events
        ),
    )


DELAYS = st.lists(
    st.integers(0, 24 * 3600).map(lambda seconds: timedelta(seconds=seconds)),
    min_size=1,
    max_size=3,
).map(tuple)


@st.composite
def lives(draw: st.DrawFn) -> list[Happening]:
    """Enable, link, use, link to another person, disable, enable again with a new id or the old.

    Turns are more than an hour apart: more exactly, nobody knows when a link was last used.
    """
    life: list[Happening] = []
    now, user = NOON, 0

    def happens(event: str, **parts: Any) -> None:
        late = draw(DELAYS) if event else (timedelta(0),)
        life.append(Happening(now, f"user-{user}", event, late=late, **parts))

    for _ in range(draw(st.integers(1, 3))):
        happens("SkillEnabled")
        for sub in draw(st.lists(st.sampled_from(PEOPLE), max_size=2)):
            now += timedelta(seconds=draw(st.sampled_from([0, 1, 40])))
            if life[-1].event == "SkillAccountLinked":
                now += timedelta(seconds=1)
            happens("SkillAccountLinked", sub=sub)
            for speaker in draw(st.sampled_from([[], [""], ["", ""], ["", f"speaker-{now}"]])):
                now += timedelta(minutes=draw(st.integers(61, 400)))
                happens("", sub=sub, speaker=speaker)
        now += timedelta(minutes=draw(st.integers(1, 400)))
        if draw(st.booleans()):
            happens("SkillPermissionChanged")
        persistence = draw(st.sampled_from(["PERSISTED", "NOT_PERSISTED", ""]))
        if not persistence:
            break
        happens("SkillDisabled", persistence=persistence)
        # Alexa gives a new id, but for people who have bought something in the skill
        user += persistence == "NOT_PERSISTED" or draw(st.booleans())
        now += timedelta(minutes=draw(st.integers(1, 400)))
    return life


@within_a_test
@given(life=lives())
def test_a_life_told_late_and_twice_ends_as_the_punctual_one(
    mint: TokenMint, life: list[Happening]
) -> None:
    assert live(life, mint) == live(life, mint, is_punctual=True)


EVENTS = st.tuples(
    st.sampled_from(["SkillEnabled", "SkillDisabled", "SkillAccountLinked"]),
    st.sampled_from(["PERSISTED", "NOT_PERSISTED"]),
    st.sampled_from(PEOPLE),
)


@within_a_test
@given(story=st.lists(EVENTS, min_size=2, max_size=6), shuffled=st.data())
def test_any_events_in_any_order_give_the_same_links(
    mint: TokenMint, story: list[tuple[str, str, str]], shuffled: st.DataObject
) -> None:
    """Even such as no household lives, on one Alexa id."""
    life = [
        Happening(NOON + timedelta(minutes=minute), "user-0", event, persistence, sub)
        for minute, (event, persistence, sub) in enumerate(story)
    ]
    order = shuffled.draw(st.permutations(life))
    delivered = [
        replace(happening, late=(DAY + timedelta(minutes=place) - (happening.at - NOON),))
        for place, happening in enumerate(order)
    ]
    assert live(delivered, mint) == live(life, mint, is_punctual=True)


# --- named cases -------------------------------------------------------------------------------


@pytest.fixture
def skill_id() -> str:
    return next(HOUSEHOLDS)


def happening(event: str, minute: int, **parts: Any) -> Happening:
    return Happening(NOON + timedelta(minutes=minute), "user-0", event, **parts)


def the_link(skill_id: str) -> AccountLink:
    return AccountLink.objects.get(application_id=skill_id, person_id="")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_what_was_to_be_forgotten_is_forgotten_whenever_that_comes(
    mint: TokenMint, skill_id: str, order: tuple[int, ...]
) -> None:
    story = [
        happening("SkillEnabled", 0),
        happening("SkillAccountLinked", 1, sub="sub-one"),
        happening("SkillDisabled", 2, persistence="NOT_PERSISTED"),
        happening("SkillEnabled", 3),
    ]
    for number in order:
        tell(story[number], number, skill_id, mint)

    link = the_link(skill_id)
    assert (link.user, link.linked_at, link.state) == (None, None, AccountLink.State.ENABLED)
    assert link.enabled_at == story[3].at


def test_a_link_that_is_told_of_after_it_was_forgotten_makes_nobody(
    mint: TokenMint, skill_id: str
) -> None:
    tell(happening("SkillDisabled", 2, persistence="NOT_PERSISTED"), 0, skill_id, mint)

    tell(happening("SkillAccountLinked", 1, sub="sub-one"), 1, skill_id, mint)

    assert not AccountLink.objects.exists()
    assert not User.objects.exists()


def test_a_late_link_is_dated_by_its_event_not_by_the_turn_before_it(
    mint: TokenMint, skill_id: str
) -> None:
    with time_machine.travel(NOON + timedelta(minutes=9), tick=False):
        tell(happening("", 9, sub="sub-one"), 0, skill_id, mint)
        tell(happening("SkillAccountLinked", 1, sub="sub-one"), 1, skill_id, mint)
        tell(happening("SkillEnabled", 0), 2, skill_id, mint)

    link = the_link(skill_id)
    assert link.enabled_at == NOON
    assert link.linked_at == NOON + timedelta(minutes=1)


def test_a_late_link_of_somebody_else_moves_nothing_and_makes_nobody(
    mint: TokenMint, skill_id: str
) -> None:
    with time_machine.travel(NOON + timedelta(minutes=9), tick=False):
        tell(happening("", 9, sub="sub-one"), 0, skill_id, mint)
        tell(happening("SkillAccountLinked", 1, sub="sub-other"), 1, skill_id, mint)

    user = the_link(skill_id).user
    assert user is not None
    assert user.sub == "sub-one"
    assert not User.objects.filter(sub="sub-other").exists()


def test_a_late_link_takes_back_no_later_refusal(mint: TokenMint, skill_id: str) -> None:
    tell(happening("SkillAccountLinked", 1, sub="sub-one"), 0, skill_id, mint)
    AccountLink.objects.update(refused_at=NOON + timedelta(minutes=5), refused_reason="expired")

    tell(happening("SkillAccountLinked", 3, sub="sub-one"), 1, skill_id, mint)

    assert the_link(skill_id).state == AccountLink.State.REFUSED

    tell(happening("SkillAccountLinked", 6, sub="sub-one"), 2, skill_id, mint)

    assert the_link(skill_id).state == AccountLink.State.WORKING


def test_enabling_and_linking_in_the_same_second_work_in_both_orders(mint: TokenMint) -> None:
    story = [happening("SkillEnabled", 0), happening("SkillAccountLinked", 0, sub="sub-one")]
    for order in (story, story[::-1]):
        skill_id = next(HOUSEHOLDS)
        for number, each in enumerate(order):
            tell(each, number, skill_id, mint)

        assert the_link(skill_id).state == AccountLink.State.WORKING
        assert the_link(skill_id).enabled_at == NOON


def test_enabling_by_a_speaker_is_the_households(mint: TokenMint, skill_id: str) -> None:
    tell(happening("SkillEnabled", 0, speaker="P1"), 0, skill_id, mint)
    tell(happening("SkillAccountLinked", 1, sub="sub-one", speaker="P1"), 1, skill_id, mint)

    assert [link.person_id for link in AccountLink.objects.all()] == [""]


def test_an_erased_person_stays_erased_however_late_the_event(
    mint: TokenMint, skill_id: str
) -> None:
    Tombstone.objects.create(digest=sub_digest("sub-one"))

    tell(happening("SkillAccountLinked", 1, sub="sub-one"), 0, skill_id, mint)

    assert not User.objects.exists()
    assert not AccountLink.objects.exists()
    assert not SkillEvent.objects.get().applied


def told_at(minute: int, story: list[Happening], skill_id: str, mint: TokenMint) -> None:
    """Several at once, so many minutes after noon."""
    with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
        for each in story:
            number = SkillEvent.objects.count()
            tell(each, number, skill_id, mint)


def test_a_turn_between_says_that_the_link_was_never_dropped(
    mint: TokenMint, skill_id: str
) -> None:
    told_at(0, [happening("SkillAccountLinked", 0, sub="sub-one")], skill_id, mint)
    told_at(10, [happening("SkillDisabled", 10, persistence="PERSISTED")], skill_id, mint)
    told_at(70, [happening("", 70, sub="sub-one")], skill_id, mint)

    told_at(90, [happening("SkillEnabled", 90)], skill_id, mint)

    assert the_link(skill_id).linked_at == NOON


def test_a_use_within_the_hour_outlasts_a_late_fresh_start(mint: TokenMint, skill_id: str) -> None:
    told_at(0, [happening("SkillAccountLinked", 0, sub="sub-one")], skill_id, mint)
    told_at(5, [happening("", 5, sub="sub-one")], skill_id, mint)
    told_at(10, [happening("SkillDisabled", 10, persistence="PERSISTED")], skill_id, mint)
    told_at(15, [happening("", 15, sub="sub-one")], skill_id, mint)

    told_at(20, [happening("SkillEnabled", 12)], skill_id, mint)

    assert the_link(skill_id).state == AccountLink.State.WORKING
    assert the_link(skill_id).linked_at == NOON + timedelta(minutes=15)


def test_a_speaker_is_linked_anew_after_a_fresh_start_that_is_told_late(
    mint: TokenMint, skill_id: str
) -> None:
    for minute in (0, 240):
        told_at(minute, [happening("", minute, sub="sub-one", speaker="P1")], skill_id, mint)

    disabled = happening("SkillDisabled", 120, persistence="PERSISTED")
    told_at(300, [happening("SkillEnabled", 180), disabled], skill_id, mint)

    link = AccountLink.objects.get(person_id="P1")
    assert link.state == AccountLink.State.WORKING
    assert link.linked_at == NOON + timedelta(minutes=240)


def test_a_forgotten_speaker_does_not_come_back_with_the_household(
    mint: TokenMint, skill_id: str
) -> None:
    told_at(0, [happening("", 0, sub="sub-one", speaker="P1")], skill_id, mint)
    told_at(180, [happening("SkillAccountLinked", 180, sub="sub-one")], skill_id, mint)

    told_at(200, [happening("SkillDisabled", 120, persistence="NOT_PERSISTED")], skill_id, mint)

    assert [link.person_id for link in AccountLink.objects.all()] == [""]
    assert the_link(skill_id).state == AccountLink.State.WORKING


def test_a_link_whose_token_did_not_count_supersedes_none(mint: TokenMint, skill_id: str) -> None:
    device = Device(application_id=skill_id, user_id="user-0")
    later = NOON + timedelta(minutes=5)
    refused = {"accessToken": "nonsense"}
    skill.answer(envelopes.skill_event(device, "SkillAccountLinked", refused, created=later))

    told_at(9, [happening("SkillAccountLinked", 1, sub="sub-one")], skill_id, mint)

    assert the_link(skill_id).state == AccountLink.State.WORKING


def test_enabling_that_was_to_be_forgotten_is_no_news(mint: TokenMint, skill_id: str) -> None:
    disabled = happening("SkillDisabled", 2, persistence="NOT_PERSISTED")

    told_at(9, [disabled, happening("SkillEnabled", 1)], skill_id, mint)

    assert not SkillEvent.objects.get(type="AlexaSkillEvent.SkillEnabled").applied
    assert not AccountLink.objects.exists()


# --- nonsense ----------------------------------------------------------------------------------

NAMES = [
    "SkillEnabled",
    "SkillDisabled",
    "SkillAccountLinked",
    "SkillPermissionAccepted",
    "SkillPermissionChanged",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=20),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["accessToken", "acceptedPermissions", *NOT_PERSISTED]) | st.text(),
            below,
            max_size=3,
        )
    ),
    max_leaves=6,
)
TIMES = st.sampled_from(
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "2027-02-29T00:00:00Z",
        "yesterday",
        "2026-11-20",
        "2026-11-20T12:00:00",
        "",
    ]
) | st.datetimes().map(lambda moment: moment.isoformat())


@within_a_test
@given(
    event=st.sampled_from(NAMES),
    body=st.just(...) | ANYTHING,
    created=st.just(...) | TIMES | ANYTHING,
    user=st.just({"userId": "user-0"}) | st.just(...) | st.just({}) | st.just({"userId": ""}),
)
def test_nonsense_is_recorded_or_ignored_and_makes_nobody(
    event: str, body: Any, created: Any, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    skill_id = next(HOUSEHOLDS)
    envelope = envelopes.skill_event(Device(application_id=skill_id, user_id="user-0"), event)
    for place, name, value in (
        (envelope["request"], "body", body),
        (envelope["request"], "eventCreationTime", created),
        (envelope["context"]["System"], "user", user),
    ):
        if value is ...:
            place.pop(name, None)
        else:
            place[name] = value

    assert json.loads(skill.answer(envelope))["response"] == {}

    assert "skill_failed" not in caplog.text
    assert not User.objects.exists()
    links = AccountLink.objects.filter(application_id=skill_id)
    assert all(link.alexa_user_id == "user-0" and link.user is None for link in links)
    # none outdoes what comes later, and every time can be shown anywhere
    for recorded in SkillEvent.objects.filter(application_id=skill_id):
        assert datetime(2015, 1, 1, tzinfo=UTC) <= recorded.event_time
        assert recorded.event_time <= datetime.now(UTC) + timedelta(seconds=150)


@pytest.mark.parametrize("status", [["NOT_PERSISTED"], {}, None, 1, "not_persisted"])
def test_disabling_that_says_nothing_clear_about_data_ends_the_link_and_keeps_it(
    mint: TokenMint, skill_id: str, status: Any
) -> None:
    tell(happening("SkillAccountLinked", 1, sub="sub-one"), 0, skill_id, mint)
    device = Device(application_id=skill_id, user_id="user-0")
    body = {"userInformationPersistenceStatus": status}
    later = NOON + HOUR

    skill.answer(envelopes.skill_event(device, "SkillDisabled", body, created=later))

    assert the_link(skill_id).disabled_at == later
    assert the_link(skill_id).user is not None


def test_a_time_to_come_outdoes_nothing_that_happens_later(mint: TokenMint, skill_id: str) -> None:
    with time_machine.travel(NOON, tick=False):
        tell(replace(happening("SkillEnabled", 0), at=NOON + 999 * DAY), 0, skill_id, mint)

    with time_machine.travel(NOON + HOUR, tick=False):
        tell(happening("SkillDisabled", 60, persistence="PERSISTED"), 1, skill_id, mint)

    assert the_link(skill_id).state == AccountLink.State.DISABLED


@pytest.mark.parametrize("event", ["SkillEnabled", "SkillAccountLinked", "SkillDisabled"])
def test_who_has_no_alexa_id_becomes_nobody(mint: TokenMint, skill_id: str, event: str) -> None:
    body = {"accessToken": mint.access("sub-one"), **NOT_PERSISTED}
    envelope = envelopes.skill_event(Device(application_id=skill_id, user_id=""), event, body)

    skill.answer(envelope)

    assert not User.objects.exists()
    assert not AccountLink.objects.exists()
    assert not SkillEvent.objects.get().applied


def test_disabling_by_an_unknown_account_is_recorded_and_links_nobody(
    mint: TokenMint, skill_id: str
) -> None:
    for number, persistence in enumerate((*PERSISTED.values(), *NOT_PERSISTED.values(), "")):
        tell(happening("SkillDisabled", 0, persistence=persistence), number, skill_id, mint)

    assert SkillEvent.objects.count() == 3
    assert not AccountLink.objects.exists()
