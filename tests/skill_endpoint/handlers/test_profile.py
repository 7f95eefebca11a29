from __future__ import annotations

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import one_shot


def test_it_says_what_it_knows(linked_device: Device, linked: User, stranger: User) -> None:
    linked.profile.display_name = "Ada"
    linked.profile.topics = ["food", "space"]
    linked.profile.save()
    venus, mars, salt = (Fact.objects.get(slug=slug) for slug in ("venus", "mars", "salt"))
    for user, fact in ((linked, venus), (linked, mars), (linked, mars), (stranger, salt)):
        Hearing.objects.create(user=user, fact=fact, door=Door.VOICE)
    for user in (linked, stranger):
        Favourite.objects.create(user=user, fact=venus, door=Door.WEB)

    assert one_shot(linked_device, "WhoAmIIntent").text == (
        "I call you Ada. You get facts about space and food. You've heard 2 so far. "
        "You've saved 1. I keep track, so that nothing repeats. "
        "I have an e-mail address for you, but no phone number. "
        "You can change all this on the Small Wonders website."
    )


def test_it_says_what_it_does_not_know(linked_device: Device, linked: User, stranger: User) -> None:
    Hearing.objects.create(user=stranger, fact=Fact.objects.all()[0], door=Door.VOICE)
    linked.email = ""
    linked.save()
    linked.profile.remember_history = False
    linked.profile.save()

    assert one_shot(linked_device, "WhoAmIIntent").text == (
        "I don't know your name. You get facts from every topic. You haven't heard any yet. "
        "You haven't saved any. I don't keep track of what you hear. "
        "You can change all this on the Small Wonders website."
    )


def test_it_says_that_old_history_is_still_there(linked_device: Device, linked: User) -> None:
    Hearing.objects.create(user=linked, fact=Fact.objects.all()[0], door=Door.VOICE)
    linked.profile.remember_history = False
    linked.profile.save()

    assert "I've stopped keeping track" in one_shot(linked_device, "WhoAmIIntent").text


def test_it_never_speaks_address_or_number(linked_device: Device, linked: User) -> None:
    linked.phone_number = "+12065550199"
    linked.save()

    answer = one_shot(linked_device, "WhoAmIIntent")

    assert "an e-mail address and a phone number" in answer.text
    for secret in ("linked@example.com", "206", "0199", linked.sub):
        assert secret not in str(answer.envelope)


def test_whom_it_does_not_know_it_tells_so(device: Device) -> None:
    answer = one_shot(device, "WhoAmIIntent")

    assert "haven't met" in answer.text
    assert answer.card == {"type": "LinkAccount"}
