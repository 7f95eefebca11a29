"""What each step of a turn's making-lean is worth: the turn with one of them taken back, in turns.

In one process that calls the site as a WSGI function: no server, no network, no threads, on SQLite.
`STEPS` name what is taken back and how; what a step gains is what the turn costs more without it.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import report, turns
from benchmarks.load import Request
from benchmarks.world import World, world

ROUNDS, BATCH = 6, 250  # of each, in turn; the first round warms up
AS_IT_IS = "as it is"
INTENT = "AMAZON.StopIntent"  # no statement but those that every turn has

Step = Callable[[], AbstractContextManager[Any]]


def run() -> bool:
    """Print the table; whether no step is lost time."""
    with world() as here:
        database_url = here.sqlite()
        here.fill(database_url)
        found = _inside(here, database_url)
    report.current.parts["steps"] = found
    whole = statistics.median(found[AS_IT_IS])
    print(f"\nA turn with one step taken back, {ROUNDS - 1} rounds of {BATCH} in one process\n")
    print(f"  {'':<48}{'CPU us':>8}{'more':>8}")
    for name, costs in found.items():
        cost = statistics.median(costs)
        more = "" if name == AS_IT_IS else f"{cost - whole:+.0f}"
        print(f"  {name:<48}{cost:>8.0f}{more:>8}")
    return all(statistics.median(costs) >= whole * 0.95 for costs in found.values())


def _inside(here: World, database_url: str) -> dict[str, list[float]]:
    """Ask in a process of its own, which becomes a site; microseconds a turn, of each round."""
    people = here.people()
    count = ROUNDS * BATCH * (len(_names()) + 1)
    asked = [people[n % len(people)] for n in range(count)]
    requests = turns.signed(asked, here.signer, intent=INTENT)
    given, found = here.state / "requests.bin", here.state / "steps.json"
    with given.open("wb") as file:
        for request in requests:
            file.write(len(request.raw).to_bytes(4) + request.raw)
    command = [sys.executable, "-m", "benchmarks.steps", str(given), str(found)]
    process = here.supervisor.start("steps", command, here.environment(database_url))
    here.supervisor.finish(process, limit=600)
    costs: dict[str, list[float]] = json.loads(found.read_text())
    return costs


def _names() -> list[str]:
    return [
        "the SDK's own serializer",
        "statements made anew each time",
        "a connection for each turn",
        "all middleware of the website",
        "two lines in the log instead of one",
        "the replay's row by create()",
        "tokens verified each time",
        "the chain checked each time",
    ]


def _measure(given: Path) -> dict[str, list[float]]:
    from companion.wsgi import application

    steps: dict[str, Step] = {AS_IT_IS: contextlib.nullcontext, **_steps()}
    requests = _requests(given)
    found: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS):
        for name, step in [*list(steps.items())[number:], *list(steps.items())[:number]]:
            batch = [_environ(next(requests)) for _ in range(BATCH)]
            with step():
                begun = time.process_time()
                for environ in batch:
                    _ask(application, environ)
                cost = (time.process_time() - begun) / BATCH * 1e6
            if number:
                found[name].append(round(cost, 1))
    return found


def _steps() -> dict[str, Step]:
    """By their names, in order: each is a context in which the step is taken back."""
    from ask_sdk_core.serialize import DefaultSerializer
    from django.db import IntegrityError, connection, transaction

    from accounts.cognito import tokens
    from companion import middleware, request_log
    from skill_endpoint import signing_keys, skill
    from skill_endpoint.models import SeenRequest
    from skill_endpoint.prepared import Prepared

    class Stock(DefaultSerializer):
        def deserialize(self, payload: Any, obj_type: Any) -> Any:
            return super().deserialize(json.dumps(payload), obj_type)

        def serialize(self, obj: Any) -> Any:
            return json.dumps(super().serialize(obj))

    def anew(self: Prepared[Any], *values: Any) -> list[Any]:
        return list(self._build(*values))

    write = request_log._write

    def twice(request: Any, status: int, seconds: float) -> None:
        write(request, status, seconds)
        write(request, status, seconds)

    def create(digest: str, now: Any) -> bool:
        try:
            with transaction.atomic():
                SeenRequest.objects.create(digest=digest, seen_at=now)
        except IntegrityError:
            return False
        return True

    def all_middleware() -> Any:
        known = middleware.VoiceDoorMiddleware.__call__

        def passing(self: Any, request: Any) -> Any:
            self.path = "/nothing/"
            try:
                return known(self, request)
            finally:
                self.path = "/alexa/"

        return mock.patch.object(middleware.VoiceDoorMiddleware, "__call__", passing)

    service: Any = skill._service

    @contextlib.contextmanager
    def each_turn() -> Iterator[None]:
        connection.close()  # how long one lives is settled when it is made
        with mock.patch.dict(connection.settings_dict, {"CONN_MAX_AGE": 0}):
            yield
        connection.close()

    made: list[Step] = [
        lambda: mock.patch.object(service._skill, "serializer", Stock()),
        lambda: mock.patch.object(Prepared, "__call__", anew),
        each_turn,
        all_middleware,
        lambda: mock.patch.object(request_log, "_write", twice),
        lambda: mock.patch.object(SeenRequest.objects, "claim", create),
        lambda: _forgetting(tokens._memory.clear),
        lambda: _forgetting(signing_keys.forget),
    ]
    return dict(zip(_names(), made, strict=True))


@contextlib.contextmanager
def _forgetting(forget: Callable[[], None]) -> Iterator[None]:
    """Forget before each turn; that alone costs next to nothing."""
    from skill_endpoint import views

    known: Any = vars(views)["verify"]

    def verify(*args: Any, **kwargs: Any) -> Any:
        forget()
        return known(*args, **kwargs)

    with mock.patch.object(views, "verify", verify):
        yield


def _requests(given: Path) -> Iterator[Request]:
    with given.open("rb") as file:
        while length := file.read(4):
            yield Request(file.read(int.from_bytes(length)))


def _environ(request: Request) -> dict[str, Any]:
    """As a server hands it on (PEP 3333)."""
    head, _, body = request.raw.partition(b"\r\n\r\n")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/alexa/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for line in head.decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


def _ask(application: Callable[..., Any], environ: dict[str, Any]) -> None:
    said: list[str] = []
    response = application(environ, lambda status, headers: said.append(status))
    body = b"".join(response)
    response.close()
    if not said[0].startswith("200") or b"outputSpeech" not in body:
        raise SystemExit(f"{said[0]}: {body[:200]!r}")


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(_measure(Path(sys.argv[1]))))
