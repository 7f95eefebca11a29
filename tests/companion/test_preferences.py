from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

import pytest
from bs4 import Tag
from django.http import QueryDict
from django.test import Client

from accounts.models import Door, Profile, User
from companion import time_zones
from companion.forms import PreferencesForm
from skill_endpoint.facts.models import Favourite, Hearing, Topic
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text

GOOD = {
    "display_name": "Ada",
    "topics": ["space"],
    "time_zone": "Europe/Berlin",
    "remember_history": "on",
}


@pytest.fixture(autouse=True)
def _topics(db: None) -> None:
    Topic.objects.create(slug="space", name="Space")
    Topic.objects.create(slug="oceans", name="Oceans", position=1)


def profile_of(user: User) -> Profile:
    return Profile.objects.get(user=user)


@pytest.mark.parametrize("path", ["/me/", "/me/preferences/", "/me/preferences/preview/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_asks_visitors_to_sign_in(client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(path)
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_it_says_who_is_signed_in(sign_in: SignIn, linked: User, phone_only: User) -> None:
    assert "linked@example.com · verified" in main(sign_in(linked).get("/me/"))
    page = main(sign_in(phone_only).get("/me/"))
    assert "+12065550101" in page
    assert "none given" in page


def test_it_says_when_an_address_is_not_verified(sign_in: SignIn, linked: User) -> None:
    linked.email_verified = False
    linked.save()
    assert "linked@example.com · not verified" in main(sign_in(linked).get("/me/"))


def test_it_saves_what_was_chosen(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    answer = client.post("/me/preferences/", GOOD)
    assert answer["Location"] == "/me/#preferences"
    profile = profile_of(linked)
    assert profile.display_name == "Ada"
    assert profile.topics == ["space"]
    assert profile.time_zone == "Europe/Berlin"
    assert profile.remember_history is True
    assert "Saved." in main(client.get("/me/"))


def test_it_says_once_that_it_saved(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    client.post("/me/preferences/", GOOD)
    client.get("/me/")
    assert "Saved." not in main(client.get("/me/"))


def test_it_takes_no_topics_and_no_name(sign_in: SignIn, linked: User) -> None:
    sign_in(linked).post("/me/preferences/", {"display_name": " ", "time_zone": "UTC"})
    profile = profile_of(linked)
    assert (profile.display_name, profile.topics, profile.remember_history) == ("", [], False)


def test_it_tidies_the_name(sign_in: SignIn, linked: User) -> None:
    sign_in(linked).post("/me/preferences/", {**GOOD, "display_name": "  Ada \n King "})
    assert profile_of(linked).display_name == "Ada King"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202eAda\u202c", "Ada"),
        ("A\u2066d\u2069a\u200b\ufeff", "Ada"),
        ("\u200fعائشة", "عائشة"),
        ("می\u200cترا", "می\u200cترا"),
        ("👩\u200d🚀 Mae", "👩\u200d🚀 Mae"),
        ("\u200d\u202e \u200c", ""),
    ],
)
def test_it_keeps_of_the_name_what_is_seen(
    sign_in: SignIn, linked: User, typed: str, kept: str
) -> None:
    sign_in(linked).post("/me/preferences/", {**GOOD, "display_name": typed})
    assert profile_of(linked).display_name == kept


def test_it_changes_nobody_else(sign_in: SignIn, linked: User, stranger: User) -> None:
    sign_in(stranger).post("/me/preferences/", {**GOOD, "user": linked.pk, "id": 1})
    assert profile_of(linked).display_name == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "a" * 41),
        ("display_name", "a" * 5000),
        ("display_name", "A\0da"),
        ("display_name", "A\x07da"),
        ("topics", ["cooking"]),
        ("topics", ["space", "cooking"]),
        ("topics", ["\0"]),
        ("topics", ["a" * 5000]),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", ""),
        ("time_zone", "\0"),
        ("time_zone", "a" * 5000),
    ],
)
def test_it_refuses_and_keeps_what_was_typed(
    sign_in: SignIn, linked: User, field: str, value: Any
) -> None:
    changes = {"display_name": "Grace", field: value}
    answer = sign_in(linked).post("/me/preferences/", {**GOOD, **changes})
    assert answer.status_code == 422
    assert soup(answer).select(".errorlist")
    assert profile_of(linked).time_zone == "UTC"
    if field != "display_name":
        assert form_to(answer, "/me/preferences/")["display_name"] == "Grace"


def test_it_bears_a_form_without_fields(sign_in: SignIn, linked: User) -> None:
    assert sign_in(linked).post("/me/preferences/", {}).status_code == 422


def test_it_bears_a_body_that_is_no_form(sign_in: SignIn, linked: User) -> None:
    answer = sign_in(linked).post("/me/preferences/", b"\xff\0[", content_type="application/json")
    assert answer.status_code == 422


def test_it_offers_every_place_by_region(sign_in: SignIn, linked: User) -> None:
    groups = dict(time_zones.by_region("en"))
    assert ("America/Argentina/Salta", "Argentina – Salta") in groups["America"]
    assert {name for zones in groups.values() for name, _ in zones} <= available_timezones()
    page = soup(sign_in(linked).get("/me/"))
    assert page.select_one('optgroup[label="Europe"] option[value="Europe/Berlin"]')


def test_it_offers_a_place_once_by_its_present_name(sign_in: SignIn, linked: User) -> None:
    offered = {name for _, zones in time_zones.by_region("en") for name, _ in zones}
    assert {"Asia/Kolkata", "Europe/Stockholm", "Australia/Lord_Howe"} <= offered
    assert not offered & {"Asia/Calcutta", "Australia/LHI", "Europe/Kiev"}
    assert not any("ComodRivadavia" in name for name in offered)
    page = soup(sign_in(linked).get("/me/"))
    # what browsers still call it
    assert page.select_one('option[value="Asia/Kolkata"][data-was~="Asia/Calcutta"]')


def test_it_offers_the_devices_zone_before_the_list(sign_in: SignIn, linked: User) -> None:
    field = soup(sign_in(linked).get("/me/")).select_one(".field:has(#id_time_zone)")
    assert field
    assert [part.name for part in field.find_all(["label", "button", "select"])] == [
        "label",
        "button",
        "select",
    ]


def test_it_keeps_a_zone_that_is_called_after_no_place(sign_in: SignIn, linked: User) -> None:
    linked.profile.time_zone = "US/Pacific"
    linked.profile.save()
    client = sign_in(linked)
    assert soup(client.get("/me/")).select_one('option[value="US/Pacific"][selected]')
    client.post("/me/preferences/", {**GOOD, "time_zone": "US/Pacific"})
    assert profile_of(linked).time_zone == "US/Pacific"


@pytest.mark.parametrize("zone", ['"><script>alert(1)</script>', "<b>Mars</b>", "'"])
def test_a_zone_is_text(sign_in: SignIn, linked: User, zone: str) -> None:
    linked.profile.time_zone = zone
    linked.profile.save()
    select = soup(sign_in(linked).get("/me/")).select_one("select#id_time_zone[name=time_zone]")
    assert select
    chosen = select.select("option[selected]")
    assert [(option["value"], option.text) for option in chosen] == [(zone, zone)]
    assert {part.name for part in select.find_all()} == {"optgroup", "option"}


def test_it_previews_the_skills_own_sentences(sign_in: SignIn, linked: User) -> None:
    linked.profile.display_name, linked.profile.topics = "Ada", ["space"]
    linked.profile.save()
    preview = text(soup(sign_in(linked).get("/me/")).find(id="preview"))
    assert "Ada" in preview
    assert "space" in preview
    assert "oceans" not in preview


def test_it_previews_choices_without_keeping_them(sign_in: SignIn, linked: User) -> None:
    choices = {**GOOD, "display_name": "Grace & <b>", "topics": ["oceans"]}
    answer = sign_in(linked).post("/me/preferences/preview/", choices)
    assert b"<html" not in answer.content
    preview = text(soup(answer))
    assert "Grace & <b>" in preview
    assert "oceans" in preview
    assert profile_of(linked).display_name == ""


def test_it_previews_while_somebody_types(sign_in: SignIn, linked: User) -> None:
    preview = soup(sign_in(linked).get("/me/")).find(id="preview")
    assert isinstance(preview, Tag)
    assert str(preview["hx-trigger"]).startswith("input delay:")
    assert preview["hx-include"] == "#sections"  # what is typed into the others, too


@pytest.mark.parametrize("path", ["/me/", "/alexa-link/"])
def test_it_promises_no_more_than_there_are_facts(sign_in: SignIn, linked: User, path: str) -> None:
    page = main(sign_in(linked).get(path))
    assert "until you have heard them all" in page
    assert "twice" not in page


def test_it_announces_the_preview_in_two_words(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    page = soup(client.get("/me/"))
    preview = page.find(id="preview")
    assert isinstance(preview, Tag)
    assert not preview.has_attr("aria-live")
    assert page.select_one('#preview-said[role="status"]')
    answer = client.post("/me/preferences/preview/", GOOD)
    assert text(soup(answer).select_one("#preview-said[hx-swap-oob]")) == "Preview updated"


def test_it_previews_nothing_of_a_wrong_choice(sign_in: SignIn, linked: User) -> None:
    answer = sign_in(linked).post("/me/preferences/preview/", {**GOOD, "time_zone": "Mars"})
    assert answer.status_code == 422
    assert "not right yet" in text(soup(answer))


def test_it_counts_only_own_facts_in_the_preview(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    for number in range(3):
        fact = new_fact(f"fact-{number}")
        Favourite.objects.create(user=linked, fact=fact, door=Door.WEB)
    Favourite.objects.create(user=stranger, fact=fact, door=Door.WEB)
    preview = text(soup(sign_in(stranger).get("/me/")).find(id="preview"))
    assert re.findall(r"\d+", preview) == ["1"]


def test_it_comes_back_from_signing_in_to_a_form(sign_in: SignIn, linked: User) -> None:
    assert sign_in(linked).get("/me/preferences/")["Location"] == "/me/"


def test_it_signs_out_by_post(sign_in: SignIn, linked: User) -> None:
    assert "csrfmiddlewaretoken" in form_to(sign_in(linked).get("/me/"), "/accounts/logout/")


def test_it_takes_few_statements_with_much_history(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(40):
        fact = new_fact(f"fact-{number}", topic=f"topic-{number}")
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)
        Favourite.objects.create(user=linked, fact=fact, door=Door.WEB)
    assert statements(sign_in(linked), "/me/") <= 6


def section(name: str, **fields: Any) -> dict[str, Any]:
    return {"section": name, **fields}


def test_a_section_changes_only_its_own(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    client.post("/me/preferences/", {**GOOD, "units": "imperial"})
    answer = client.post("/me/preferences/", section("name", display_name="Grace", units="metric"))
    assert answer["Location"] == "/me/#name"
    profile = profile_of(linked)
    assert (profile.display_name, profile.topics, profile.units) == ("Grace", ["space"], "imperial")
    assert profile.remember_history is True
    client.post("/me/preferences/", section("history"))
    client.post("/me/preferences/", section("topics"))
    profile = profile_of(linked)
    assert (profile.display_name, profile.topics, profile.remember_history) == ("Grace", [], False)


def test_two_tabs_do_not_undo_each_other(sign_in: SignIn, linked: User) -> None:
    one, other = sign_in(linked), sign_in(linked)
    first, second = one.get("/me/"), other.get("/me/")
    one.post("/me/preferences/", form_of(first, "name") | {"display_name": "Ada"})
    other.post("/me/preferences/", form_of(second, "place") | {"time_zone": "Asia/Tokyo"})
    profile = profile_of(linked)
    assert (profile.display_name, profile.time_zone) == ("Ada", "Asia/Tokyo")


def test_a_section_overwrites_nothing_that_came_while_it_was_checked(linked: User) -> None:
    data = QueryDict("section=name&display_name=Ada")
    form = PreferencesForm.of(data, Profile.objects.get(user=linked))
    Profile.objects.filter(user=linked).update(units="metric", topics=["oceans"])
    assert form.is_valid()
    form.save()
    profile = profile_of(linked)
    assert (profile.display_name, profile.units, profile.topics) == ("Ada", "metric", ["oceans"])


def form_of(response: Any, name: str) -> dict[str, str]:
    """What the section's form sends as it stands."""
    form = soup(response).find("form", id=name)
    assert isinstance(form, Tag)
    sent = {
        str(field["name"]): str(field.get("value", "on"))
        for field in form.find_all("input")
        if field.get("type") not in {"checkbox", "radio"} or field.has_attr("checked")
    }
    for field in form.find_all("select"):
        chosen = field.find("option", selected=True)
        sent[str(field["name"])] = str(chosen["value"]) if isinstance(chosen, Tag) else ""
    return sent


def test_several_sections_come_at_once(sign_in: SignIn, linked: User) -> None:
    data = section("", display_name="Ada", units="imperial", time_zone="UTC") | {
        "section": ["name", "place"]
    }
    assert sign_in(linked).post("/me/preferences/", data)["Location"] == "/me/#preferences"
    profile = profile_of(linked)
    assert (profile.display_name, profile.units, profile.remember_history) == (
        "Ada",
        "imperial",
        True,
    )


@pytest.mark.parametrize("name", ["user", "", "\0", "name,place", "x" * 5000])
def test_it_knows_no_such_section(sign_in: SignIn, linked: User, name: str) -> None:
    for path in ("/me/preferences/", "/me/preferences/preview/"):
        data = section(name, display_name="Ada", time_zone="UTC")
        assert sign_in(linked).post(path, data).status_code == 400
    assert profile_of(linked).display_name == ""


def test_a_saved_section_says_so_in_its_place(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    client.post("/me/preferences/", section("name", display_name="Ada"))
    page = soup(client.get("/me/"))
    assert [form["id"] for form in page.select("form:has(.status.good)")] == ["name"]
    assert "Saved." not in text(page.select_one("#notices"))
    assert "Saved." not in main(client.get("/me/"))


def test_htmx_gets_the_section_alone(sign_in: SignIn, linked: User) -> None:
    headers = {"HX-Request": "true"}
    client = sign_in(linked)
    data = section("name", display_name="Ada")
    answer = client.post("/me/preferences/", data, headers=headers)
    page = soup(answer)
    assert (answer.status_code, len(page.find_all("form"))) == (200, 1)
    assert text(page.select_one("form#name .status")).startswith("Saved.")
    assert text(page.select_one("#preview-said[hx-swap-oob]")).startswith("Saved.")
    data = section("place", time_zone="Mars")
    answer = client.post("/me/preferences/", data, headers=headers)
    assert answer.status_code == 422
    assert soup(answer).select("form#place .errorlist")
    assert profile_of(linked).time_zone == "UTC"


def test_a_fault_in_one_section_leaves_the_others_as_they_are(
    sign_in: SignIn, linked: User
) -> None:
    client = sign_in(linked)
    client.post("/me/preferences/", GOOD)
    answer = client.post("/me/preferences/", section("place", time_zone="Mars/Olympus"))
    page = soup(answer)
    assert [form["id"] for form in page.select("form:has(.errorlist)")] == ["place"]
    assert form_of(answer, "name")["display_name"] == "Ada"
    assert form_of(answer, "topics")["topics"] == "space"


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'\"><img src=x>", "{{ 7*7 }}", "</p>&amp;"]
)
def test_a_name_is_text_wherever_it_stands(sign_in: SignIn, linked: User, name: str) -> None:
    client = sign_in(linked)
    preview = client.post("/me/preferences/preview/", section("name", display_name=name))
    client.post("/me/preferences/", section("name", display_name=name))
    for answer in (preview, client.get("/me/"), client.get("/")):
        page = soup(answer)
        scripts = page.find_all("script")
        assert all(script.has_attr("src") for script in scripts)
        assert not page.select("main img, img[src=x]")
        assert name in page.get_text() or name in str(page.find(id="id_display_name"))


def test_a_name_of_100_kb_is_refused(sign_in: SignIn, linked: User) -> None:
    answer = sign_in(linked).post("/me/preferences/", section("name", display_name="a" * 100_000))
    assert answer.status_code == 422
    answer = sign_in(linked).post("/me/preferences/", section("name", display_name="a" * 300_000))
    assert answer.status_code == 400
    assert profile_of(linked).display_name == ""


def test_it_previews_in_the_language_of_the_page(sign_in: SignIn, linked: User) -> None:
    linked.profile.language, linked.profile.display_name = "de", "Ada"
    linked.profile.save()
    preview = text(soup(sign_in(linked).get("/me/")).find(id="preview"))
    assert "Ich nenne dich Ada" in preview


def test_it_names_regions_of_zones_in_the_language_of_the_page(
    sign_in: SignIn, linked: User
) -> None:
    groups = soup(sign_in(linked).get("/me/")).select("#id_time_zone optgroup")
    assert [group["label"] for group in groups][-2:] == ["Indian Ocean", "Pacific Ocean"]


@pytest.mark.parametrize("path", ["/me/preferences/", "/me/preferences/preview/"])
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_it_takes_no_other_methods(sign_in: SignIn, linked: User, path: str, method: str) -> None:
    assert getattr(sign_in(linked), method)(path).status_code == 405


def test_the_menu_leads_to_all_that_is_the_persons(sign_in: SignIn, operator: User) -> None:
    menu = soup(sign_in(operator).get("/me/")).select_one("header details.menu")
    assert menu
    links = ["/me/", "/history/", "/me/data/", "/me/sessions/", "/help/", "/admin/"]
    assert [link["href"] for link in menu.find_all("a")] == links
    assert menu.find("form", action="/accounts/logout/")
    overview = soup(sign_in(operator).get("/me/")).main
    assert overview
    found = {str(link["href"]) for link in overview.find_all("a")}
    assert {"/me/languages/", "/me/data/", "/me/sessions/", "/history/"} <= found


def test_it_calls_places_as_the_page_does(sign_in: SignIn, linked: User) -> None:
    theirs = sign_in(linked)
    theirs.post("/i18n/set/", {"language": "de"})
    page = soup(theirs.get("/me/"))
    names = [option.text for option in page.select('optgroup[label="Europa"] option')]
    assert {"Wien", "Kiew", "Prag"} <= {*names}
    assert names.index("Madrid") < names.index("Wien")
