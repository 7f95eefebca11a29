"""The skill behind AWS Lambda: events as Lambda hands them over, answers as it takes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from accounts.models import User
from companion.aws_lambda import EventRefused, handler
from companion.local.environment import BASE_DIR
from skill_endpoint import metrics
from skill_endpoint.models import AccountLink, SkillEvent
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.verification import MAX_BODY_BYTES, MAX_DEPTH
from tests.alexa import turns
from tests.cognito import TokenMint

# committed, for the handler closes the connection as it does in Lambda
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Context:
    """Of what Lambda hands over beside the event: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    aws_request_id: str = "6bc28136-8d94-4d2c-b1b2-0c1c5b9a0f0e"
    function_name: str = "two-doors"
    memory_limit_in_mb: int = 512


CONTEXT = Context()
STRANGER = Device(application_id="amzn1.ask.skill.tests", user_id="amzn1.ask.account.STRANGER")


@pytest.fixture
def echo(device: Device, linked: User, mint: TokenMint) -> Device:
    """Speaks with a token of `linked`; the skill has not heard of it yet."""
    return replace(device, access_token=mint.access(linked.sub))


def refused(event: object) -> str:
    before = {reason: rejections(reason) for reason in ("malformed", "too_large", "skill_id")}
    with capture_logs() as lines, pytest.raises(EventRefused) as error:
        handler(event, CONTEXT)
    reason = error.value.reason
    assert rejections(reason) == before[reason] + 1
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("alexa_request_rejected", reason)
    ]
    # neither Lambda's own report nor ours has anything of the event
    assert error.value.args == (reason,)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return reason


def rejections(reason: str) -> float:
    return float(metrics.alexa_requests_rejected.labels(reason)._value.get())


def without(event: Envelope, *path: str) -> Envelope:
    changed: Envelope = json.loads(json.dumps(event))
    *above, last = path
    parent = changed
    for name in above:
        parent = parent[name]
    del parent[last]
    return changed


def changed(event: Envelope, value: object, *path: str) -> Envelope:
    copy: Envelope = json.loads(json.dumps(event))
    *above, last = path
    parent = copy
    for name in above:
        parent = parent[name]
    parent[last] = value
    return copy


def test_a_launch_is_answered_in_speech_and_the_answer_is_plain_json() -> None:
    before = turns("LaunchRequest")
    answer = handler(envelopes.launch(STRANGER), CONTEXT)
    assert answer["version"] == "1.0"
    assert answer["response"]["outputSpeech"]["ssml"].startswith("<speak>")
    assert json.loads(json.dumps(answer)) == answer
    assert turns("LaunchRequest") == before + 1


def test_the_linked_person_is_known_by_the_token(linked: User, echo: Device) -> None:
    handler(envelopes.intent(echo, "WhoAmIIntent"), CONTEXT)
    assert AccountLink.objects.get(alexa_user_id=echo.user_id).user == linked


def test_an_event_that_comes_again_counts_once(linked: User, echo: Device) -> None:
    event = envelopes.skill_event(echo, "SkillAccountLinked", {"accessToken": echo.access_token})
    assert handler(event, CONTEXT)["response"] is not None
    again = handler(event, Context(aws_request_id="another-invocation"))
    assert "outputSpeech" not in again["response"]
    assert SkillEvent.objects.count() == 1
    assert AccountLink.objects.get().user == linked


def test_a_turn_that_comes_again_is_answered_again() -> None:
    """No stranger can send one again, so Alexa's own retry is not taken for a replay."""
    event = envelopes.launch(STRANGER)
    assert handler(event, CONTEXT)["response"]["outputSpeech"]
    assert handler(event, CONTEXT)["response"]["outputSpeech"]


def test_its_age_does_not_matter() -> None:
    event = changed(envelopes.launch(STRANGER), "2020-01-01T00:00:00Z", "request", "timestamp")
    assert handler(event, CONTEXT)["response"]["outputSpeech"]


def test_what_alexa_may_add_later_gets_an_empty_answer() -> None:
    event = changed(envelopes.launch(STRANGER), "Alexa.Something.New", "request", "type")
    assert handler(event, CONTEXT) == {"version": "1.0", "response": {}}


def test_another_skill_gets_no_answer(settings: Settings) -> None:
    event = envelopes.launch(replace(STRANGER, application_id="amzn1.ask.skill.another"))
    assert refused(event) == "skill_id"
    settings.ALEXA_SKILL_IDS = []
    assert refused(envelopes.launch(STRANGER)) == "skill_id"


@pytest.mark.parametrize(
    "path",
    [
        ("context",),
        ("context", "System"),
        ("context", "System", "application"),
        ("context", "System", "user"),
        ("context", "System", "user", "userId"),
        ("request",),
        ("request", "type"),
        ("request", "requestId"),
    ],
)
def test_a_part_that_is_missing_or_no_part_at_all(path: tuple[str, ...]) -> None:
    event = envelopes.launch(STRANGER)
    assert refused(without(event, *path)) == "malformed"
    assert refused(changed(event, ["x"], *path)) == "malformed"


def test_a_skill_id_that_is_missing_or_no_text() -> None:
    event = envelopes.launch(STRANGER)
    path = ("context", "System", "application", "applicationId")
    assert refused(without(event, *path)) == "skill_id"
    assert refused(changed(event, {"x": 1}, *path)) == "skill_id"


@pytest.mark.parametrize("event", [None, "", "{}", [], 7, b"{}", {}, {"Records": []}])
def test_what_is_no_envelope(event: object) -> None:
    assert refused(event) == "malformed"


def nested(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "value",
    [
        "half \ud800 a pair",
        {"half \ud800 a pair": 1},
        "NUL \0",
        {"NUL \0": 1},
        float("nan"),
        float("inf"),
        float("-inf"),
        {1, 2},
        nested(MAX_DEPTH),
        nested(100_000),
        pytest.param(10**4_300, id="too many digits"),
    ],
)
def test_values_that_json_cannot_say(value: object) -> None:
    event = envelopes.launch(STRANGER)
    event["session"]["attributes"] = {"x": value}
    assert refused(event) == "malformed"


@pytest.mark.parametrize(("name", "value"), [("requestId", "a\nb"), ("requestId", "a" * 256)])
def test_an_id_that_is_none_is_not_logged(name: str, value: str) -> None:
    assert refused(changed(envelopes.launch(STRANGER), value, "request", name)) == "malformed"


def test_it_takes_what_the_view_takes() -> None:
    """A text that spells NUL without having one, levels up to the limit, bytes up to the limit."""
    event = envelopes.launch(STRANGER)
    event["session"]["attributes"] = {"x": r"\u0000", "y": nested(MAX_DEPTH - 5), "z": ""}
    sent = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    event["session"]["attributes"]["z"] = "z" * (MAX_BODY_BYTES - len(sent))
    assert handler(event, CONTEXT)["response"]["outputSpeech"]
    event["session"]["attributes"]["z"] += "z"
    assert refused(event) == "too_large"


def test_one_that_is_too_large() -> None:
    event = envelopes.launch(STRANGER)
    event["session"]["attributes"] = {"x": "é" * (MAX_BODY_BYTES // 2)}
    assert refused(event) == "too_large"


def test_lines_have_both_ids_and_nothing_of_the_event(
    echo: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    event = envelopes.launch(echo)
    with capture_logs(processors=[merge_contextvars]) as lines:
        handler(event, CONTEXT)
    assert lines
    for line in lines:
        assert line["aws_request_id"] == CONTEXT.aws_request_id
        assert line.get("alexa_request_id", "") in {"", event["request"]["requestId"]}
    written = json.dumps(lines, default=str) + "".join(capsys.readouterr())
    assert echo.access_token not in written
    assert echo.user_id not in written


def test_nothing_of_one_invocation_is_in_the_next_ones_lines() -> None:
    handler(envelopes.launch(STRANGER), CONTEXT)
    with (
        capture_logs(processors=[merge_contextvars]) as lines,
        pytest.raises(EventRefused),
    ):
        handler({}, None)
    assert "alexa_request_id" not in lines[0]
    assert lines[0]["aws_request_id"] == ""


def test_a_connection_is_tried_before_it_is_used_after_a_sleep() -> None:
    assert connection.settings_dict["CONN_HEALTH_CHECKS"] is True


def test_no_connection_outlives_the_invocation(echo: Device) -> None:
    handler(envelopes.intent(echo, "WhoAmIIntent"), CONTEXT)
    assert connection.connection is None


def test_no_invocation_builds_what_the_first_one_built(echo: Device) -> None:
    """Reading a turn's rows is all that is left to do: as few statements as on the website."""
    event = envelopes.intent(echo, "WhoAmIIntent")
    handler(event, CONTEXT)
    modules = set(sys.modules)
    with CaptureQueriesContext(connection) as queries:
        handler(event, CONTEXT)
    assert set(sys.modules) == modules
    assert 0 < len(queries) <= 4


SCRIPT = """
import json, sys
from companion.aws_lambda import handler
assert "companion.urls" not in sys.modules
assert "skill_endpoint.interaction_models.build" not in sys.modules
from django.core.management import call_command
call_command("migrate", verbosity=0)
print(json.dumps(handler(json.load(sys.stdin), None)))
"""


def test_it_runs_with_production_settings_in_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DOORS_NO_DOTENV": "1",
        "SECRET_KEY": "tests-only-" + "0123456789" * 5,
        "PUBLIC_URL": "https://facts.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'lambda.sqlite3'}",
        "ALEXA_SKILL_IDS": STRANGER.application_id,
        "COGNITO_USER_POOL_ID": "us-east-1_TestPool1",
        "COGNITO_DOMAIN_URL": "https://auth.example.com",
        "COGNITO_ALEXA_CLIENT_ID": "alexa-client",
    }
    event = envelopes.launch(STRANGER)
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(event),
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout.splitlines()[-1])
    assert answer["response"]["outputSpeech"]["ssml"].startswith("<speak>")
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    answered = [line for line in lines if line["event"] == "alexa_request_answered"]
    assert [line["alexa_request_id"] for line in answered] == [event["request"]["requestId"]]
    assert STRANGER.user_id not in process.stderr
