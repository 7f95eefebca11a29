"""`manage.py doctor`: a deployed pool and a running site, and then everything gone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from companion.doctor.checks import ALL
from companion.doctor.registry import GROUPS
from companion.local import pool as local_pool
from companion.local.aws import LocalAws
from skill_endpoint.simulator.pki import ensure_pki
from tests.companion.conftest import NewFact

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> tuple[int, str]:
    """(exit status, what it prints)."""
    out = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def installation(
    live_server: LiveServer, running_aws: LocalAws, new_fact: NewFact, tmp_path: Path
) -> Iterator[str]:
    """A site that runs, its database, and a pool deployed for it; the name of the stack."""
    new_fact()
    url, stack = str(live_server.url), f"tests-{uuid.uuid4().hex[:12]}"
    values = local_pool.deploy(running_aws, url, stack=stack, domain_prefix=stack)
    ensure_pki(tmp_path / "alexa")
    with override_settings(
        PUBLIC_URL=url, ALEXA_DEV_PKI_DIR=str(tmp_path / "alexa"), **values.environment()
    ):
        yield stack


@pytest.mark.local_aws
@pytest.mark.django_db(transaction=True)
def test_a_healthy_installation_has_no_errors(installation: str) -> None:
    status, said = run("--stack", installation, "--json")
    document = json.loads(said)
    wrong = [each for each in document["results"] if each["state"] in {"error", "warning"}]
    assert wrong == []
    assert status == 0
    skipped = {each["code"] for each in document["results"] if each["state"] == "skipped"}
    assert skipped == {
        "alexa.trace-callback",
        "oauth.token-traced",
        "tls.site",
        "tls.domain",
        "skill.console",
        "skill.smapi",
    }
    assert {each["code"] for each in document["results"]} == {each.code for each in ALL}


@pytest.mark.local_aws
@pytest.mark.django_db(transaction=True)
def test_the_trace_passes_the_question_on(installation: str) -> None:
    with override_settings(OAUTH_TRACE=True):
        status, said = run("--stack", installation, "--json")
    states = {each["code"]: each["state"] for each in json.loads(said)["results"]}
    assert (status, states["oauth.token-traced"], states["alexa.trace-callback"]) == (
        0,
        "note",
        "ok",
    )


@pytest.mark.local_aws
@pytest.mark.django_db(transaction=True)
def test_no_secret_stands_in_the_report(installation: str) -> None:
    with override_settings(COGNITO_WEB_CLIENT_SECRET="planted-web-secret"):
        status, said = run("--stack", installation)
        _, document = run("--stack", installation, "--json")
    assert status == 1
    for secret in (settings.COGNITO_ALEXA_CLIENT_SECRET, settings.COGNITO_WEB_CLIENT_SECRET):
        assert secret
        for text in (said, document):
            assert secret not in text
            assert "planted-web-secret" not in text


@pytest.mark.django_db(transaction=True)
def test_without_anything_it_reports_and_says_one() -> None:
    """No AWS, no pool, no site, no facts: the settings of the tests as they are."""
    status, said = run()
    assert status == 1
    assert "✗ error    Pool" in said
    assert "cannot be reached" in said
    assert said.rstrip().splitlines()[-1].startswith(tuple("0123456789"))


@pytest.mark.django_db(transaction=True)
def test_without_the_network_only_this_side_is_looked_at() -> None:
    _, said = run("--skip-network", "--json")
    for each in json.loads(said)["results"]:
        online = next(check.online for check in ALL if check.code == each["code"])
        assert (each["seen"] == "left out: --skip-network") is online


@pytest.mark.django_db(transaction=True)
def test_a_file_of_the_console_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "linking.json"
    path.write_text('{"accountLinkingRequest": {"type": "IMPLICIT", "clientSecret": "planted"}}')
    status, said = run("--skip-network", "--console", str(path))
    assert status == 1
    assert "IMPLICIT" in said
    assert "planted" not in said


def test_a_file_that_is_not_there_ends_it_with_two(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as raised:
        call_command("doctor", "--console", str(tmp_path / "nothing"))
    assert raised.value.returncode == 2


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_ordinary_file_is_refused(tmp_path: Path, kind: str) -> None:
    """It might never end."""
    path = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(CommandError, match="no ordinary file") as raised:
        call_command("doctor", "--console", str(path))
    assert raised.value.returncode == 2


def linking_says(text: str, tmp_path: Path) -> str:
    """All that the doctor prints of a console file."""
    path = tmp_path / "console"
    path.write_text(text, encoding="utf-8")
    return run("--skip-network", "--console", str(path))[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your Web Authorization URI  http://[::1", "the authorization URI is no address"),
        ("Access Token URI  https://x.example:port/", "the access token URI is no address"),
        ('{"type": "AUTH_CODE", "redirectUrls": ["https://[x"]}', "a redirect URL is no address"),
        ("x" * 70_000, "more than 64 KB"),
        ('{"type": "AUTH_CODE", "clientId": "\\ud800"}', "Client id"),
        ("Your Client ID  a\u202eb\u2066c", "Client id"),
    ],
)
def test_an_odd_console_file_gets_a_sentence(text: str, expected: str, tmp_path: Path) -> None:
    said = linking_says(text, tmp_path)
    assert expected.lower() in said.lower()
    assert "the check itself failed" not in said
    assert not [each for each in said if each in "\u202e\u2066\ud800"]
    said.encode()


def test_the_smapi_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from the command line, where every user of the machine could read it."""
    with pytest.raises(CommandError):
        call_command("doctor", "--access-token", "x")
    monkeypatch.setenv("ASK_ACCESS_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(CommandError, match="ASK_ACCESS_TOKEN_FILE") as raised:
        call_command("doctor", "--skip-network")
    assert raised.value.returncode == 2


def bare_process(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DOORS_NO_DOTENV": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "database",
    ["sqlite:////nonexistent/folder/x.sqlite3", "postgres://nobody:pw@localhost:1/none"],
    ids=["sqlite", "postgres"],
)
def test_a_process_without_database_pool_and_credentials_still_reports(database: str) -> None:
    """As an operator calls it, with nothing set up."""
    done = bare_process(
        DATABASE_URL=database,
        AWS_ENDPOINT_URL="http://localhost:1",
        COGNITO_USER_POOL_ID="us-east-1_TestPool1",
        COGNITO_DOMAIN_URL="http://localhost:1",
        COGNITO_JWKS_URL="http://localhost:1/jwks.json",
        PUBLIC_URL="http://localhost:1",
    )
    assert done.returncode == 1, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
    states = {each["code"]: each["state"] for each in results}
    assert states["here.database"] == states["pool.exists"] == "error"
    assert not [each for each in results if "the check itself failed" in each["seen"]]
    assert "Traceback" not in done.stderr


def test_every_check_has_words() -> None:
    assert {each.group for each in ALL} == set(GROUPS.values())
    for each in ALL:
        assert each.title
        assert not each.source or each.source.startswith("https://")
