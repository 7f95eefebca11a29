"""Each thing that can be missing or wrong is one line that says how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.pool.errors import PoolError, explain
from accounts.pool.parameters import Wishes, complete
from companion.local import environment
from tests.accounts.pool.conftest import Run

local_aws = pytest.mark.local_aws


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(domain_prefix="My_Facts"), "use 1 to 63 of a-z, 0-9 and -"),
        (Wishes(domain_prefix="-facts"), "use 1 to 63"),
        (Wishes(domain_prefix="a" * 64), "use 1 to 63"),
        (Wishes(domain_prefix="my-cognito-facts"), "reserves the word 'cognito'"),
        (Wishes(vendor_id="amzn1.ask.skill.1"), "not a skill id"),
        (Wishes(public_urls=["http://facts.example.com"]), "http only for localhost"),
        (Wishes(public_urls=["https://facts.example.com/path"]), "scheme and host only"),
        (Wishes(public_urls=["facts.example.com"]), "Cognito accepts https"),
        (Wishes(alexa_callbacks=["https://a.example.com/#x"]), "Cognito accepts https"),
        (Wishes(alexa_callbacks=["https://a.example.com/,https://evil"]), "Cognito accepts"),
    ],
)
def test_it_refuses_what_cognito_would_refuse(wishes: Wishes, words: str) -> None:
    with pytest.raises(PoolError, match=words):
        wishes.parameters()


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("DomainPrefix", "missing --domain-prefix: choose"),
        ("VendorId", "Alexa developer console"),
        ("WebCallbackUrls", "missing --public-url"),
    ],
)
def test_it_says_which_parameter_is_missing_and_how_to_get_it(missing: str, words: str) -> None:
    given = Wishes(
        domain_prefix="facts", vendor_id="M12345", public_urls=["https://a.example.com"]
    ).parameters()
    del given[missing]

    with pytest.raises(PoolError, match=words):
        complete(given, {}, stack="two-doors")


def test_it_keeps_the_parameters_of_the_previous_deployment() -> None:
    before = complete(
        Wishes(
            domain_prefix="facts", vendor_id="M12345", public_urls=["https://a.example.com"]
        ).parameters(),
        {},
        stack="two-doors",
    )

    after = complete(Wishes(vendor_id="M67890").parameters(), before, stack="two-doors")

    assert after == before | {"VendorId": "M67890"}


def answer(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (answer("ExpiredToken"), "have expired: sign in again"),
        (answer("InvalidClientTokenId"), "does not accept these credentials"),
        (answer("AccessDenied", "not\nauthorized"), "DescribeStacks is not allowed"),
        (answer("Throttling", "Rate\n exceeded"), "DescribeStacks: Rate exceeded"),
    ],
)
def test_it_explains_what_aws_answers_in_one_line(error: ClientError, words: str) -> None:
    assert words in explain(error)
    assert "\n" not in explain(error)


def test_it_says_that_the_endpoint_cannot_be_reached(settings: LazySettings) -> None:
    settings.AWS_ENDPOINT_URL = f"http://localhost:{environment.free_port()}"

    with pytest.raises(CommandError, match="cannot be reached: check AWS_ENDPOINT_URL"):
        call_command("pool", "show")


def test_it_says_that_there_is_no_region(settings: LazySettings) -> None:
    settings.AWS_REGION = ""

    with pytest.raises(CommandError, match="no AWS region: set AWS_REGION"):
        call_command("pool", "show")


@local_aws
def test_it_says_that_nothing_is_deployed(manage_pool: Run, stack: str) -> None:
    with pytest.raises(CommandError, match=f"there is no stack {stack} in us-east-1"):
        manage_pool("show", "--stack", stack)


def test_it_ends_with_one_line_and_status_1_without_credentials(tmp_path: Path) -> None:
    settings = environment.for_site(tmp_path, port=8000, aws_url="http://localhost:1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del settings[name]

    done = subprocess.run(
        [sys.executable, "manage.py", "pool", "show"],
        env=settings,
        cwd=environment.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: no AWS credentials: run `aws configure`")
    assert done.stderr.count("\n") == 1
