"""Traces leave this machine only where they are wanted, and hold names of ours only."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from companion.local import environment
from companion.tracing import named
from tests.companion.test_sentry import SECRETS

PROGRAM = """
import json, os
from contextlib import suppress
import companion.wsgi
from accounts import spans
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.decorators import login_not_required
from django.test import Client
from django.urls import path
from accounts.models import Door, User
from companion import tracing, urls
from skill_endpoint import ending, told_turn
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device

secrets = json.loads(os.environ["PLANTED"])
user = User.objects.for_sub(secrets["sub"], door=Door.WEB)
user.email, user.phone_number = secrets["e-mail"], secrets["phone"]
user.save()
user.profile.display_name = secrets["name"]
user.profile.save()

@login_not_required
def turn(request, token):
    device = Device(
        application_id="amzn1.ask.skill.x", user_id=secrets["Alexa account"],
        access_token=secrets["token"],
    )
    told_turn.told(envelopes.intent(device, "WhoAmIIntent", {}), 0.0)
    told_turn.told(envelopes.intent(device, secrets["name"], {}), 0.0)
    with suppress(ValueError), spans.span("call nobody"):
        raise ValueError(f"{request.user.email} {secrets['bearer']}")
    raise ValueError(f"{request.user.email} {secrets['bearer']}")

urls.urlpatterns[:0] = [path("turn/<str:token>/", turn)]
client = Client(
    raise_request_exception=False,
    headers={
        "host": "localhost:1",
        "User-Agent": f"App {secrets['header']}",
        "Authorization": f"Bearer {secrets['bearer']}",
        "Traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
    },
    REMOTE_ADDR=secrets["address"],
)
client.force_login(user)
client.cookies["planted"] = secrets["cookie"]
body = {"text": secrets["body"], "name": secrets["name"]}
client.post(f"/turn/{secrets['path']}/?x={secrets['query']}", body)
client.get(f"/me/?x={secrets['query']}")
tracing.stop()
"""


class Sink(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receives)
        self.bodies: list[bytes] = []
        self.heads: list[str] = []


class Receives(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Sink)
        self.server.bodies.append(body)
        self.server.heads.append(f"{self.path} {self.headers}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def run(program: str, state: Path, **more: str) -> str:
    env = environment.for_site(state, port=1, aws_url="http://localhost:1") | more
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=environment.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    sink = Sink()
    thread = threading.Thread(target=sink.serve_forever, args=(0.01,))
    thread.start()
    try:
        run(
            PROGRAM,
            tmp_path_factory.mktemp("tracing"),
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{sink.server_port}",
            PLANTED=json.dumps(SECRETS),
        )
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()


def spans(sink: Sink) -> list[Any]:
    found: list[Any] = []
    for body in sink.bodies:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                found += scope.spans
    return found


def attributes(span: Any) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_request_its_turn_and_their_statements_are_one_tree(received: Sink) -> None:
    found = spans(received)
    by_id = {span.span_id: span for span in found}
    page = next(
        span for span in found if span.name == "request" and attributes(span)["status"] == 500
    )
    assert attributes(page).items() >= {"method": "POST", "area": "site"}.items()
    turns = [span for span in found if span.name == "turn"]
    assert [by_id[span.parent_span_id] for span in turns] == [page, page]
    assert [attributes(span)["intent"] for span in turns] == ["WhoAmIIntent", "other"]
    statements = {span.name for span in found if by_id.get(span.parent_span_id) in turns}
    assert "sql SELECT skill_endpoint_accountlink" in statements
    assert {span.name.partition(" ")[0] for span in found} <= {"request", "turn", "sql", "call"}


def test_a_caller_does_not_choose_the_trace(received: Sink) -> None:
    assert b"\x11" * 16 not in {span.trace_id for span in spans(received)}


def test_a_span_leads_to_the_lines_of_the_log(received: Sink) -> None:
    ids = {attributes(span).get("request_id") for span in spans(received) if span.parent_span_id}
    assert len(ids - {None}) == 2


@pytest.mark.parametrize("what", sorted(SECRETS))
def test_no_trace_holds(what: str, received: Sink) -> None:
    for body in received.bodies:
        assert SECRETS[what].encode() not in body
        assert SECRETS[what].partition("@")[0].encode() not in body
    for head in received.heads:
        assert SECRETS[what] not in head


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('SELECT "a"."id" FROM "accounts_user" WHERE "sub" = %s', "SELECT accounts_user"),
        ('INSERT INTO "x_y" ("a") VALUES (%s)', "INSERT x_y"),
        ("UPDATE t SET a = 'robin@example.com'", "UPDATE t"),
        ("SELECT 'robin@example.com'", "SELECT"),
        ("'robin@example.com'", "OTHER"),
        ('SAVEPOINT "s1"', "SAVEPOINT"),
    ],
)
def test_a_statement_is_named_by_verb_and_table(sql: str, name: str) -> None:
    assert named(sql) == name


def test_without_the_variable_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    """Where it is installed, Redis' client loads parts of it by itself, and none of these."""
    program = "import companion.wsgi, sys; print(*sys.modules)"
    loaded = run(program, tmp_path).split()
    for name in ("companion.tracing", "opentelemetry.exporter", "opentelemetry.sdk.trace"):
        assert not [each for each in loaded if each == name or each.startswith(f"{name}.")]


def test_where_it_is_wanted_and_not_installed_it_says_what_to_type(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "try:\n    import companion.wsgi\nexcept Exception as error:\n    print(error)"
    )
    told = run(program, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert "requirements/tracing.txt" in told
