from __future__ import annotations

import json

import pytest

from skill_endpoint.certification.bench import Sent
from skill_endpoint.certification.case import Level
from skill_endpoint.certification.exchange import Answer, Problem, Request
from skill_endpoint.certification.judgement import acceptance, no_error, refusal

URL = "https://s3.amazonaws.com/echo.api/echo-api-cert.pem"
BODY = b'{"request":{"requestId":"amzn1.echo-api.request.1234"}}'


def sent(status: int = 200, body: bytes = b"", **more: object) -> Sent:
    answer = Answer(status=status, body=body, content_type="application/json", **more)  # type: ignore[arg-type]
    return Sent(
        request=Request(headers=(("SignatureCertChainUrl", URL),), body=BODY), answer=answer
    )


def response(**members: object) -> bytes:
    return json.dumps({"version": "1.0", "response": {}, **members}).encode()


@pytest.mark.parametrize(
    ("status", "level", "state"),
    [
        (400, "must", "passed"),
        (400, "should", "passed"),
        (200, "must", "failed"),
        (200, "should", "warning"),
        (302, "must", "failed"),
        (403, "must", "failed"),
        (404, "should", "warning"),
        (500, "must", "failed"),
        (500, "should", "failed"),
        (503, "should", "failed"),
        (429, "must", "unjudged"),
    ],
)
def test_a_refusal_is_a_400(status: int, level: Level, state: str) -> None:
    assert refusal(sent(status), level=level).state == state


def test_other_statuses_may_be_right() -> None:
    assert refusal(sent(405), wanted={400, 405}).state == "passed"
    assert refusal(sent(405)).seen == "HTTP 405, wanted 400"
    assert refusal(sent(200)).seen == "accepted: HTTP 200, wanted 400"


@pytest.mark.parametrize("problem", ["timeout", "reset", "closed", "garbled", "unreachable"])
def test_no_answer_is_a_fault_of_its_own(problem: Problem) -> None:
    nothing = sent(0, problem=problem)
    assert refusal(nothing, level="should").state == "failed"
    assert acceptance(nothing, level="should").state == "failed"
    assert no_error(nothing, wanted={200, 400}).state == "failed"


def test_hanging_up_on_a_flood_is_only_unkind() -> None:
    assert refusal(sent(0, problem="reset"), may_hang_up=True).state == "warning"
    assert refusal(sent(0, problem="timeout"), may_hang_up=True).state == "failed"


@pytest.mark.parametrize(
    ("milliseconds", "state"), [(3000, "passed"), (3001, "warning"), (8001, "failed")]
)
def test_the_time_counts(milliseconds: int, state: str) -> None:
    assert refusal(sent(400, milliseconds=milliseconds)).state == state
    assert acceptance(sent(200, response(), milliseconds=milliseconds)).state == state
    assert no_error(sent(200, milliseconds=milliseconds), wanted={200, 400}).state == state


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (f"cannot fetch {URL}".encode(), "repeats what was sent"),
        (b"no amzn1.echo-api.request.1234", "repeats what was sent"),
        (b"Traceback (most recent call last):\n", "stack trace"),
        (b"<pre>File &quot;/srv/skill/views.py&quot;, line 7</pre>", "stack trace"),
        (b"Error: no\n    at verify (/srv/node_modules/x.js:3:1)", "stack trace"),
        (b"java.lang.X at com.amazon.Skill(Servlet.java:101)", "stack trace"),
        (b"Invalid signature", "reason (“signature”)"),
        (b"timestamp too old", "tells the reason"),
        (b"wrong applicationId", "tells the reason"),
        (b"Certificate expired", "tells the reason"),
    ],
)
def test_a_refusal_that_talks_is_worth_a_warning(body: bytes, note: str) -> None:
    verdict = refusal(sent(400, body))
    assert verdict.state == "warning"
    assert [each.startswith("echoes: ") and note in each for each in verdict.notes] == [True]
    assert URL not in verdict.notes[0]


@pytest.mark.parametrize("body", [b"", b"Bad Request", b"<h1>Bad Request (400)</h1>", b"design"])
def test_a_refusal_that_says_nothing_passes(body: bytes) -> None:
    assert refusal(sent(400, body)).state == "passed"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no object"),
        (b"{}", "no version"),
        (b'{"version":1}', "no version"),
        (response(response=[]), "response that is no object"),
    ],
)
def test_a_200_alone_is_no_answer(body: bytes, wrong: str) -> None:
    verdict = acceptance(sent(200, body))
    assert verdict.state == "failed"
    assert wrong in verdict.seen


def test_a_response_may_be_cut_at_the_limit_only() -> None:
    assert acceptance(sent(200, response(), is_whole=False)).seen.endswith("more than 120 KB")


def test_what_a_look_says_is_a_warning() -> None:
    assert acceptance(sent(200, response()), look=lambda _: "").state == "passed"
    verdict = acceptance(sent(200, response()), look=lambda _: "it mumbles")
    assert (verdict.state, verdict.notes) == ("warning", ("it mumbles",))


def test_a_response_says_that_it_is_json() -> None:
    answer = Answer(status=200, body=response(), content_type="text/html")
    verdict = acceptance(Sent(request=Request(headers=()), answer=answer))
    assert verdict.state == "warning"


def test_a_content_type_commands_no_terminal() -> None:
    answer = Answer(status=200, body=response(), content_type="text/\x1b[2Jplain")
    verdict = acceptance(Sent(request=Request(headers=()), answer=answer))
    assert verdict.notes == ("its content type is text/[2Jplain, not JSON",)


def test_a_redirect_is_explained() -> None:
    assert "redirect" in acceptance(sent(301)).seen


@pytest.mark.parametrize("status", [200, 400])
def test_either_may_be_right(status: int) -> None:
    assert no_error(sent(status, BODY if status == 200 else b""), wanted={200, 400}).state == (
        "passed"
    )


def test_a_server_error_is_not_right_in_any_case() -> None:
    assert no_error(sent(500), wanted={200, 400}).state == "failed"
