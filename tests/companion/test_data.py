"""What we keep about a person: the page, and the download."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.data_export import making
from accounts.data_export.models import DataExport, DataExportPart
from accounts.models import Door, User
from accounts.personal_data import shown_holdings
from skill_endpoint.facts.models import Favourite, Hearing
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import main, soup, statements
from tests.local_aws import LivePool
from tests.sign_in import person_of
from tests.sign_in import sign_in as pool_sign_in
from tests.skill_endpoint.voice import one_shot

pytestmark = pytest.mark.django_db
START = "/me/data/export/"
HISTORY = 5001  # more than is made at once


def zip_of(response: Any) -> zipfile.ZipFile:
    assert response.status_code == 200, response
    content = b"".join(response.streaming_content)
    assert len(content) == int(response["Content-Length"])
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def data_of(archive: zipfile.ZipFile) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(archive.read("data.json"))
    return data


@pytest.fixture
def history(linked: User, new_fact: NewFact) -> User:
    """Somebody who heard a lot."""
    facts = [new_fact(f"fact-{number}") for number in range(3)]
    now = timezone.now()
    Hearing.objects.bulk_create(
        Hearing(
            user=linked,
            fact=facts[number % 3],
            door=Door.VOICE,
            heard_at=now - timedelta(minutes=number),
        )
        for number in range(HISTORY)
    )
    return linked


def test_the_page_lists_every_holding_with_what_why_and_how_long(
    linked: User, sign_in: SignIn, new_fact: NewFact
) -> None:
    Favourite.objects.create(user=linked, fact=new_fact(), door=Door.WEB)
    page = main(sign_in(linked).get("/me/data/"))
    for holding in shown_holdings():
        if holding.for_operators:
            assert str(holding.label) not in page, "nobody else has any"
            continue
        assert f"{holding.label} {holding.why} {holding.kept}" in page
    assert (
        "Facts you saved To show and tell you your list. "
        "Until you take them off the list, or delete your account. 1"
    ) in page


def test_the_page_takes_few_statements_whatever_the_rows(history: User, sign_in: SignIn) -> None:
    assert statements(sign_in(history), "/me/data/") <= 6


def test_a_small_download_comes_at_one_press(
    linked: User, stranger: User, sign_in: SignIn, new_fact: NewFact
) -> None:
    fact = new_fact("blue-sunsets", headline="Mars's sunsets: [80 kilometers|50 miles]")
    Favourite.objects.create(user=linked, fact=fact, door=Door.VOICE)
    Favourite.objects.create(user=stranger, fact=new_fact("another"), door=Door.WEB)
    AccountLink.objects.create(
        application_id="skill", alexa_user_id="amzn1.A", user=linked, refused_reason="expired"
    )
    response = sign_in(linked).post(START)

    assert response["Content-Type"] == "application/zip"
    today = timezone.now().date().isoformat()
    assert response["Content-Disposition"] == (
        f'attachment; filename="small-wonders-data-{today}.zip"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    data = data_of(zip_of(response))
    assert data["user"]["rows"][0]["email"] == "linked@example.com"
    assert data["accountlink"]["rows"][0]["refused_reason"] == "expired"
    (saved,) = data["favourite"]["rows"]
    assert saved["fact"] == {
        "slug": "blue-sunsets",
        "headline": "Mars's sunsets: 80 kilometers (50 miles)",
        "address": "http://localhost:8000/facts/space/blue-sunsets/",
    }
    assert set(data) >= {holding.name for holding in shown_holdings()}
    assert "recent_turns" in data


def test_names_in_the_file_are_different() -> None:
    names = [holding.name for holding in shown_holdings()]
    assert len(set(names)) == len(names)


def test_a_pool_that_does_not_answer_is_named_in_the_file_and_on_the_page(
    linked: User, sign_in: SignIn, settings: Settings
) -> None:
    settings.AWS_ENDPOINT_URL = "http://localhost:1"
    client = sign_in(linked)
    archive = zip_of(client.post(START))
    assert data_of(archive)["user_pool"] == {"error": "the user pool did not answer"}
    assert "did not answer" in archive.read("index.html").decode()
    assert "did not answer" in main(client.get("/me/data/"))


@pytest.mark.local_aws
def test_the_pools_record_is_in_the_file(pool: LivePool, client: Client) -> None:
    known = person_of(pool, "export@example.com")
    pool_sign_in(client, known.name)
    archive = zip_of(client.post(START))
    (record,) = data_of(archive)["user_pool"]["rows"]
    assert (record["sub"], record["email"]) == (known.sub, known.name)
    assert record["created_at"]
    page = archive.read("index.html").decode()
    assert "did not answer" not in page
    assert page.count(known.name) >= 2, "ours and the pool's"
    # somebody who is not there any more, in a pool that answers
    User.objects.filter(sub=known.sub).update(sub="gone-from-the-pool")
    assert data_of(zip_of(client.post(START)))["user_pool"] == {"rows": []}


def test_the_last_turns_are_in_the_file(
    linked: User, linked_device: Device, client: Client
) -> None:
    one_shot(linked_device, "DailyFactIntent")
    client.force_login(linked)
    (turn,) = data_of(zip_of(client.post(START)))["recent_turns"]["rows"]
    assert turn["kind"] == "DailyFactIntent"


def test_who_finds_another_at_work_waits_a_little(history: User, sign_in: SignIn) -> None:
    client = sign_in(history)
    client.post(START)
    export = DataExport.objects.get()
    step = f"/me/data/export/{export.pk}/step/"
    export.claim()
    response = client.post(step, headers={"hx-request": "true"})
    assert "delay:2s" in response.content.decode()


def test_the_file_is_kept_for_a_day_for_its_owner_alone(
    linked: User, stranger: User, sign_in: SignIn
) -> None:
    client = sign_in(linked)
    b"".join(client.post(START).streaming_content)  # type: ignore[attr-defined]
    export = DataExport.objects.get()
    path = f"/me/data/export/{export.pk}/"
    zip_of(client.get(path))
    assert sign_in(stranger).get(path).status_code == 404
    assert sign_in(stranger).post(f"{path}step/").status_code == 404
    DataExport.objects.update(requested_at=timezone.now() - timedelta(hours=25))
    assert client.get(path).status_code == 404
    assert "is ready" not in main(client.get("/me/data/"))


def test_hostile_content_is_text_in_the_pages(linked: User, sign_in: SignIn) -> None:
    linked.profile.display_name = "</script><script>alert(1)</script>"
    linked.profile.topics = ["=cmd|' /C calc'!A0", "\u202egnp.exe"]
    linked.profile.save()
    archive = zip_of(sign_in(linked).post(START))
    page = BeautifulSoup(archive.read("index.html"), "html.parser")
    assert page.find_all("script") == []
    assert linked.profile.display_name in page.get_text()
    isolated = [str(part.get_text()) for part in page.select("bdi, [dir=auto]")]
    assert "\u202egnp.exe" in [text.strip() for text in isolated]
    rows = data_of(archive)["profile"]["rows"]
    assert rows[0]["display_name"] == linked.profile.display_name


def test_the_pages_are_in_the_language_and_the_zone_of_the_person(
    linked: User, sign_in: SignIn
) -> None:
    User.objects.filter(pk=linked.pk).update(date_joined="2026-11-01T02:30:00Z")
    linked.profile.time_zone = "America/New_York"
    linked.profile.save()
    client = sign_in(linked)
    archive = zip_of(client.post(START, headers={"accept-language": "ar"}))
    page = BeautifulSoup(archive.read("index.html"), "html.parser")
    html = page.html
    assert html is not None
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    joined = page.find("time", datetime=lambda value: value and "2026-10-31T22:30" in value)
    assert joined is not None, "in New York it was the evening before"


# --- large ---------------------------------------------------------------------------------------


def finish(client: Any) -> tuple[DataExport, int]:
    """Press Continue until it is ready, as without JavaScript; how many presses it took."""
    presses = 0
    while (export := DataExport.objects.get()).state == DataExport.State.MAKING:
        response = client.post(f"/me/data/export/{export.pk}/step/")
        assert response["Location"] == "/me/data/#export"
        presses += 1
        assert presses < 100
    return export, presses


def test_a_large_one_is_made_in_steps_and_survives_everything_in_between(
    history: User, sign_in: SignIn
) -> None:
    client = sign_in(history)
    assert client.post(START)["Location"] == "/me/data/#export"
    client.post(f"/me/data/export/{DataExport.objects.get().pk}/step/")
    page = soup(client.get("/me/data/"))  # a reload, or another day
    progress = page.find("progress")
    assert progress is not None
    assert 0 < int(str(progress["value"])) < int(str(progress["max"]))
    assert "Continue" in page.get_text()

    export, presses = finish(sign_in(history))  # another device goes on
    assert presses >= 2
    assert (export.done_rows, export.finished_at is not None) == (export.total_rows, True)
    archive = zip_of(client.get(f"/me/data/export/{export.pk}/"))
    rows = data_of(archive)["hearing"]["rows"]
    assert len(rows) == HISTORY
    assert len({row["heard_at"] for row in rows}) == HISTORY
    pages = [name for name in archive.namelist() if name.startswith("hearing-")]
    assert len(pages) == -(-HISTORY // making.ROWS_A_PAGE)
    links = BeautifulSoup(archive.read("index.html"), "html.parser").find_all("a")
    assert set(pages) <= {link["href"] for link in links}
    shown = [
        len(BeautifulSoup(archive.read(name), "html.parser").select("tbody tr")) for name in pages
    ]
    assert sum(shown) == HISTORY
    first = BeautifulSoup(archive.read(pages[0]), "html.parser")
    assert first.find("a", rel="next")["href"] == pages[1]  # type: ignore[index]
    assert BeautifulSoup(archive.read(pages[-1]), "html.parser").find("a", rel="next") is None


def test_a_step_takes_as_many_statements_whatever_the_rows(
    history: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(history)
    client.post(START)
    export = DataExport.objects.get()
    counts = []
    while export.state == DataExport.State.MAKING:
        with CaptureQueriesContext(connection) as queries:
            client.post(f"/me/data/export/{export.pk}/step/")
        counts.append(len(queries))
        export.refresh_from_db()
    assert max(counts) <= 60
    assert len(set(counts[1:-1])) <= 1


def test_htmx_gets_the_progress_and_then_the_link(history: User, sign_in: SignIn) -> None:
    client = sign_in(history)
    client.post(START)
    export = DataExport.objects.get()
    step = f"/me/data/export/{export.pk}/step/"
    response = client.post(step, headers={"hx-request": "true"})
    assert b"<html" not in response.content
    assert soup(response).find("progress")
    while soup(response).find("progress"):
        response = client.post(step, headers={"hx-request": "true"})
    assert soup(response).find("a", href=f"/me/data/export/{export.pk}/")


def test_two_presses_make_one_and_two_tabs_take_one_step(history: User, sign_in: SignIn) -> None:
    client = sign_in(history)
    client.post(START)
    client.post(START)
    export = DataExport.objects.get()
    claim = export.claim()  # another tab is at it
    assert claim is not None
    client.post(f"/me/data/export/{export.pk}/step/")
    export.refresh_from_db()
    assert (export.steps, export.done_rows) == (0, 0)
    # its process died: after a while somebody else may
    DataExport.objects.update(claimed_at=timezone.now() - DataExport.STEP_MAY_TAKE * 2)
    client.post(f"/me/data/export/{export.pk}/step/")
    assert not export.advance(claim, []), "too late: another has done it"
    assert DataExport.objects.get().steps == 1
    export.fail(claim)
    assert DataExport.objects.get().state == DataExport.State.MAKING, "nor is it theirs to end"
    assert DataExportPart.objects.exists()


def test_one_that_fails_says_so_and_can_be_tried_again(
    history: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(history)
    client.post(START)
    with monkeypatch.context() as broken:
        broken.setattr(making, "_step", lambda *args: 1 / 0)
        client.post(f"/me/data/export/{DataExport.objects.get().pk}/step/")
    assert DataExport.objects.get().state == DataExport.State.FAILED
    assert not DataExportPart.objects.exists()
    assert "could not be put together" in main(client.get("/me/data/"))
    client.post(START)
    export, _presses = finish(client)
    assert export.state == DataExport.State.READY


@time_machine.travel("2026-11-22T10:00Z", tick=False)
@pytest.mark.django_db(transaction=True)
def test_a_download_that_meets_the_deletion_of_the_account_ends_signed_out(
    linked: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(linked)
    begin = making.begin

    def too_late(user: User, *rest: Any) -> DataExport:
        User.objects.filter(pk=user.pk).delete()
        return begin(user, *rest)

    monkeypatch.setattr(making, "begin", too_late)
    response = client.post("/me/data/export/")
    assert (response.status_code, response["Location"]) == (302, "/me/data/#export")
    assert "/accounts/" in client.get("/me/data/")["Location"]


def test_starting_is_limited(linked: User, sign_in: SignIn, settings: Settings) -> None:
    settings.RATE_LIMITS = True
    client = sign_in(linked)
    statuses = [client.post(START).status_code for _ in range(11)]
    assert statuses[-1] == 429


def test_a_get_of_the_forms_addresses_leads_back(linked: User, sign_in: SignIn) -> None:
    assert sign_in(linked).get(START)["Location"] == "/me/data/#export"
    assert not DataExport.objects.exists()
