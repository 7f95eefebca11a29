"""The local AWS's missing sign-up page, against the local AWS."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from tests.local_aws import LivePool, alexa_tokens
from tests.skill_endpoint.simulator.test_views import text

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]
PASSWORD = "quite a long password"


@pytest.fixture
def client(pool: LivePool) -> Client:
    return Client(headers={"host": "localhost:8000"})


def new_email() -> str:
    return f"new-{uuid.uuid4().hex[:8]}@example.com"


def new_phone() -> str:
    return f"+1206555{uuid.uuid4().int % 10_000:04}"


def sign_up(client: Client, name: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/dev/sign-up/", {"name": name, "password": password, **more})


def shown_code(response: Any) -> str:
    found = re.search(r'id="sent-code">(\d+)<', response.content.decode())
    assert found, text(response)
    return found[1]


def confirm(client: Client, name: str, code: str, **more: str) -> Any:
    return client.post("/dev/sign-up/confirm/", {"name": name, "code": code, **more})


def attributes(pool: LivePool, name: str) -> dict[str, str]:
    user = pool.idp.admin_get_user(UserPoolId=pool.id, Username=name)
    return {each["Name"]: each["Value"] for each in user["UserAttributes"]}


@pytest.mark.parametrize(
    ("make", "flag"), [(new_email, "email_verified"), (new_phone, "phone_number_verified")]
)
def test_it_makes_an_account_that_can_sign_in(
    client: Client, pool: LivePool, make: Any, flag: str
) -> None:
    name = make()
    code = shown_code(sign_up(client, name))
    done = confirm(client, name, code)
    assert "The account is ready" in text(done)
    assert attributes(pool, name)[flag] == "true"
    assert alexa_tokens(pool, name, PASSWORD)["access_token"]


@pytest.mark.parametrize(
    ("wish", "action"),
    [("", "/accounts/cognito/login/"), ("link", "/dev/alexa/link/")],
)
def test_it_leads_on_to_signing_in_or_to_linking(client: Client, wish: str, action: str) -> None:
    name = new_email()
    form = {"continue": wish}
    page = client.get("/dev/sign-up/", {"continue": wish} if wish else {})
    assert f'name="continue" value="{wish or "site"}"' in page.content.decode()
    done = confirm(client, name, shown_code(sign_up(client, name, **form)), **form)
    assert f'action="{action}"' in done.content.decode()


def test_it_goes_on_to_the_page_that_somebody_came_from(client: Client) -> None:
    name, form = new_email(), {"next": "/saved/"}
    done = confirm(client, name, shown_code(sign_up(client, name, **form)), **form)
    assert 'name="next" value="/saved/"' in done.content.decode()
    done = client.get("/dev/sign-up/", {"next": "//evil.example"})
    assert "evil" not in done.content.decode()


def test_it_writes_addresses_as_the_pool_keeps_them(client: Client, pool: LivePool) -> None:
    name = new_email()
    shown_code(sign_up(client, f" {name.upper()} "))
    assert attributes(pool, name)["email"] == name
    phone = new_phone()
    shown_code(sign_up(client, f"{phone[:2]} ({phone[2:5]}) {phone[5:8]}-{phone[8:]}"))
    assert attributes(pool, phone)["phone_number"] == phone


@pytest.mark.parametrize("name", ["", "nobody", "206 555 0100", "a@b", "a b@example.com", "+1"])
def test_it_says_how_an_address_is_written(client: Client, name: str) -> None:
    response = sign_up(client, name)
    assert response.status_code == 422
    assert "country code" in text(response) or "required" in text(response)


def test_it_says_that_the_account_exists(client: Client, pool: LivePool) -> None:
    pool.person("linked@example.com")
    response = sign_up(client, "linked@example.com")
    assert response.status_code == 422
    assert "There is an account with this address already." in text(response)


def test_it_says_that_the_password_is_weak(client: Client) -> None:
    response = sign_up(client, new_email(), "short")
    assert response.status_code == 422
    assert "The password is too weak" in text(response)


def test_it_says_that_the_code_is_wrong_and_lets_try_again(client: Client) -> None:
    name = new_email()
    code = shown_code(sign_up(client, name))
    response = confirm(client, name, "000000")
    assert response.status_code == 422
    assert "That is not the code." in text(response)
    assert "The account is ready" in text(confirm(client, name, code))


def test_it_says_that_the_account_is_confirmed_already(client: Client) -> None:
    name = new_email()
    code = shown_code(sign_up(client, name))
    confirm(client, name, code)
    assert "confirmed already" in text(confirm(client, name, code))


def test_it_goes_on_with_a_sign_up_that_stopped_half_way(client: Client) -> None:
    name = new_email()
    sign_up(client, name)
    code = shown_code(sign_up(client, name))
    assert "The account is ready" in text(confirm(client, name, code))


def test_it_keeps_no_password(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    name = new_email()
    with caplog.at_level(logging.DEBUG, logger="django"):
        pages = [sign_up(client, name), sign_up(client, "nobody"), sign_up(client, name, "short")]
    assert all(PASSWORD not in page.content.decode() for page in pages)
    assert PASSWORD not in caplog.text
    assert not Session.objects.exists()


def test_it_says_that_the_pool_is_down(client: Client, settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = "http://localhost:1"
    assert "The user pool does not answer" in text(sign_up(client, new_email()))


def test_it_is_not_for_a_pool_on_aws(client: Client, settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = ""
    assert "a page of its own for new accounts" in text(client.get("/dev/sign-up/"))
    assert confirm(client, new_email(), "123456").status_code == 302


def test_it_wants_both_steps_of_the_form(client: Client) -> None:
    assert client.get("/dev/sign-up/confirm/").status_code == 405
    assert confirm(client, "", "").status_code == 302
