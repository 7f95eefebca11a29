"""What leaves this machine where SENTRY_DSN is set: read as it arrives, over real HTTP.

Errors in pages, in handlers of the skill, in threads and in the log, each with known secrets in
every place that an error report could take them from.
"""

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

import brotli  # type: ignore[import-untyped]  # it has no types
import pytest

from companion.local import environment

SECRETS = {
    "query": "q0uery-4711-deadbeef",
    "body": "b0dy-4711-deadbeef",
    "header": "h0eader-4711-deadbeef",
    "cookie": "c0okie-4711-deadbeef",
    "bearer": "b0earer-4711-deadbeef",
    "local variable": "l0cal-4711-deadbeef",
    "path": "p0ath4711deadbeefp0ath4711deadbeef",
    "e-mail": "robin.redbreast@example.com",
    "phone": "+12065550177",
    "token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyb2JpbiJ9.c2lnbmF0dXJl",
    "name": "Robin Redbreast",
    "sub": "11111111-2222-4333-8444-555555555555",
    "Alexa account": "amzn1.ask.account.PLANTED4711",
    "address": "198.51.100.77",
    "argument": "4rgument-4711-deadbeef",
}

# what fails, in a process of its own: Sentry's library changes what it finds, for ever
PROGRAM = """
import json, os, sys, threading
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
import sentry_sdk, structlog
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.test import Client, RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from accounts.models import Door, User
from companion import urls
from companion.wsgi import application
from skill_endpoint import skill
from skill_endpoint.handlers import launch
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device

secrets = json.loads(os.environ["PLANTED"])
user = User.objects.for_sub(secrets["sub"], door=Door.WEB)
user.email, user.phone_number = secrets["e-mail"], secrets["phone"]
user.save()
user.profile.display_name = secrets["name"]
user.profile.save()

@csrf_exempt
def fails(request, **more):
    held = dict(secrets)
    request.user.email
    kind = request.GET.get("kind")
    if kind == "quotes":
        raise ValueError(
            f"no {held['e-mail']} and {held['phone']}, token={held['bearer']}, {held['token']}"
        )
    if kind == "database":
        raise IntegrityError(
            "duplicate key value violates unique constraint\\nDETAIL:  "
            f"Key (sub)=({held['sub']}) already exists."
        )
    if kind == "logs":
        structlog.get_logger("companion.x").error("it_failed", said=held["e-mail"])
        structlog.get_logger("companion.x").info("before", said=held["e-mail"])
    raise RuntimeError("a page failed")

urls.urlpatterns[:0] = [path("fails/<str:token>/", fails), path("fails/", fails)]
client = Client()
client.force_login(user)
# as a server calls it: what Sentry reads of a request, it reads there
factory = RequestFactory(
    headers={
        "host": "localhost",
        "User-Agent": f"App {secrets['header']}",
        "X-Secret": secrets["header"],
        "Authorization": f"Bearer {secrets['bearer']}", "Referer": f"/?x={secrets['header']}",
    },
    REMOTE_ADDR=secrets["address"],
)
factory.cookies = client.cookies
factory.cookies["planted"] = secrets["cookie"]
for kind in ("plain", "quotes", "database", "logs"):
    for where in ("/fails/", f"/fails/{secrets['path']}/"):
        body = {"text": secrets["body"], "name": secrets["name"]}
        said = []
        answer = application(
            factory.post(f"{where}?kind={kind}&x={secrets['query']}", body).environ,
            lambda status, headers, error=None: said.append(status),
        )
        assert b"".join(answer) and said[0].startswith("500"), said
        answer.close()

def broken(turn):
    held = dict(secrets)
    raise RuntimeError("a handler failed")

launch.welcome = broken
device = Device(
    application_id="amzn1.ask.skill.x", user_id=secrets["Alexa account"],
    access_token=secrets["token"],
)
skill.answer(envelopes.launch(device))

def in_the_background(planted):
    held = dict(secrets)
    raise RuntimeError("a thread failed")

threading.excepthook = lambda arguments: None  # not into this test's output
thread = threading.Thread(target=in_the_background, args=(secrets["local variable"],))
thread.start()
thread.join()
sentry_sdk.flush(10)
"""


class Sink(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receives)
        self.bodies: list[str] = []
        self.heads: list[str] = []


class Receives(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = {"gzip": gzip.decompress, "br": brotli.decompress}
        body = packed.get(self.headers.get("Content-Encoding", ""), bytes)(body)
        assert isinstance(self.server, Sink)
        self.server.bodies.append(body.decode())
        self.server.heads.append(f"{self.path} {self.headers}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    """All that came while the program failed in every way it can."""
    state: Path = tmp_path_factory.mktemp("sentry")
    sink = Sink()
    thread = threading.Thread(target=sink.serve_forever, args=(0.01,))
    thread.start()
    env = environment.for_site(state, port=1, aws_url="http://localhost:1")
    env |= {
        "SENTRY_DSN": f"http://key@127.0.0.1:{sink.server_port}/1",
        "PLANTED": json.dumps(SECRETS),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, SECRETS["argument"]],
            cwd=environment.BASE_DIR,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()


def events(sink: Sink) -> list[dict[str, Any]]:
    found = []
    for body in sink.bodies:
        lines = body.splitlines()
        for head, payload in zip(lines[1::2], lines[2::2], strict=False):
            assert json.loads(head)["type"] in {"event", "client_report"}, "errors only"
            if json.loads(head)["type"] == "event":
                found.append(json.loads(payload))
    return found


def test_errors_of_pages_handlers_threads_and_the_log_arrive(received: Sink) -> None:
    text = "".join(received.bodies)
    for said in ("a page failed", "a handler failed", "a thread failed", "it_failed", "already"):
        assert said in text
    assert len(events(received)) >= 11


@pytest.mark.parametrize("what", sorted(SECRETS))
def test_no_error_report_holds(what: str, received: Sink) -> None:
    for text in (*received.bodies, *received.heads):
        assert SECRETS[what] not in text
        # nor a part that is enough to know it by
        assert SECRETS[what].partition("@")[0] not in text


def test_an_error_report_has_nothing_but_the_error(received: Sink) -> None:
    paths = {event.get("request", {}).get("url") for event in events(received)}
    assert {"http://localhost/fails/", "http://localhost/fails/[withheld]"} <= paths
    for event in events(received):
        assert not {"user", "breadcrumbs", "extra"} & set(event)
        assert set(event.get("request", {})) <= {"url", "method"}
        stacks = [each["stacktrace"] for each in event.get("exception", {}).get("values", [])]
        assert not [frame for stack in stacks for frame in stack["frames"] if "vars" in frame]
