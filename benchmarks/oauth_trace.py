"""What the trace adds to a token exchange: straight to the pool, forwarded, forwarded and recorded.

The pool is a stub that answers at once; the site is what production runs, twice, on SQLite: one
with a span on and one without. The three ways take turns, each with a new connection as Alexa's,
so that whatever else this machine does hits all of them. One exchange at a time: it measures how
long one person waits, not how many can. What is recorded is written when the answer is on its way;
while nothing is recorded, and nothing can be under way, no database is asked.

A machine that is busy with other things makes everything slower: the load stands below each table,
and a measurement that does not hold is made again, up to three times in all.
"""

from __future__ import annotations

import http.client
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import report
from companion.local import environment
from companion.local.supervisor import Supervisor, unwinding_on_signals

ROUNDS = 300
WARM_UP = 20
TRIES = 3
LIMIT = 10.0  # milliseconds that the trace may add at the median
CLIENT_ID, VENDOR_ID = "bench-client", "MBENCHVENDOR"
REDIRECT_URI = f"https://pitangui.amazon.com/api/skill/link/{VENDOR_ID}"
FORM = "application/x-www-form-urlencoded;charset=UTF-8"


@dataclass(frozen=True)
class Server:
    port: int
    token_path: str
    database: Path | None = None

    def ask(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {"Host": f"localhost:{self.port}", **(headers or {})}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def run() -> bool:
    """Print a table a try; whether the trace adds less than LIMIT in one of them."""
    with tempfile.TemporaryDirectory(prefix="doors-bench-") as folder:
        state = Path(folder)
        environment.forget_caller(state)
        with unwinding_on_signals(), Supervisor(state / "logs") as supervisor:
            stub = _start_stub(supervisor, environment.bare(state))
            off = _start_site(supervisor, state / "off", stub)
            on = _start_site(supervisor, state / "on", stub, is_recording=True)
            ways: dict[str, Callable[[], float]] = {
                "straight to the pool": lambda: _exchange(stub, secrets.token_hex(16)),
                "through the trace, not recording": lambda: _exchange(off, _uncaptured(off)),
                "through the trace, captured and recorded": lambda: _exchange(on, _captured(on)),
            }
            for number in range(1, TRIES + 1):
                times = _measured(ways)
                report.current.parts["oauth_trace"] = {
                    name: {"median": statistics.median(each), "times": [round(t, 3) for t in each]}
                    for name, each in times.items()
                }
                _check_recorded(on, tries=number)
                if _table(times):
                    return True
                if number < TRIES:
                    print("Once more, as other work on this machine may have been the cause.")
    return False


def _start_stub(supervisor: Supervisor, env: environment.Environment) -> Server:
    port = environment.free_port()
    command = [sys.executable, "-m", "benchmarks.token_stub", str(port)]
    process = supervisor.start("stub", command, env)
    supervisor.wait_ready(process, f"http://127.0.0.1:{port}/")
    return Server(port, "/oauth2/token")


def _start_site(
    supervisor: Supervisor, state: Path, stub: Server, *, is_recording: bool = False
) -> Server:
    """As `make demo` starts it, without a pool; limits off, as one address asks for everybody."""
    environment.private_folder(state)
    port = environment.free_port()
    more = {
        "RATE_LIMITS": "0",
        "OAUTH_TRACE": "1",
        "ALEXA_VENDOR_ID": VENDOR_ID,
        "COGNITO_USER_POOL_ID": "us-east-1_Benchmark",
        "COGNITO_DOMAIN_URL": f"http://127.0.0.1:{stub.port}",
        "COGNITO_ALEXA_CLIENT_ID": CLIENT_ID,
        "COGNITO_WEB_CLIENT_ID": "bench-web",
        "COGNITO_WEB_CLIENT_SECRET": "bench-secret",
    }
    # nothing listens there: what the settings say is enough
    env = environment.for_site(state, port=port, aws_url="http://127.0.0.1:1", more=more)
    commands: list[tuple[str, ...]] = [("migrate", "--verbosity", "0")]
    if is_recording:
        commands.append(("oauth_trace", "on", "--hours", "1"))
    for command in commands:
        named = [sys.executable, "-m", "django", *command]
        supervisor.finish(supervisor.start(f"{state.name}-{command[0]}", named, env))
    server = [
        *(sys.executable, "-m", "gunicorn", "companion.wsgi:application"),
        f"--bind=127.0.0.1:{port}",
        f"--config={environment.BASE_DIR / 'deploy' / 'gunicorn.conf.py'}",
    ]
    process = supervisor.start(state.name, server, env)
    supervisor.wait_ready(process, f"http://127.0.0.1:{port}/healthz")
    return Server(port, "/oauth/token", state / "demo.sqlite3")


def _measured(ways: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(WARM_UP + ROUNDS):
        for name, way in ways.items():
            milliseconds = way()
            if round_ >= WARM_UP:
                times[name].append(milliseconds)
    return times


def _captured(site: Server) -> str:
    """A code that came back over the trace; not measured."""
    state, code = secrets.token_urlsafe(450), secrets.token_hex(16)
    for path in (_authorize(state), f"/oauth/callback?state={state}&code={code}"):
        _expect(site.ask("GET", path), 302)
    return code


def _uncaptured(site: Server) -> str:
    """A code that came another way; as many requests before it, so that both sites are as awake."""
    state = secrets.token_urlsafe(450)
    for path in (_authorize(state), _authorize(state)):
        _expect(site.ask("GET", path), 302)
    return secrets.token_hex(16)


def _authorize(state: str) -> str:
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "scope": "openid email phone",
        "redirect_uri": REDIRECT_URI,
        "state": state,
    }
    return f"/oauth/authorize?{urlencode(query)}"


def _exchange(server: Server, code: str) -> float:
    """Milliseconds until the tokens are there, from opening the connection on."""
    body = urlencode(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "client_id": CLIENT_ID,
        }
    )
    headers = {"Content-Type": FORM, "Authorization": "Basic YmVuY2g6YmVuY2gtc2VjcmV0"}
    begun = time.perf_counter()
    status = server.ask("POST", server.token_path, body, headers)
    milliseconds = (time.perf_counter() - begun) * 1000
    _expect(status, 200)
    return milliseconds


def _expect(status: int, wanted: int) -> None:
    if status != wanted:
        raise SystemExit(f"status {status} in the place of {wanted}")


def _check_recorded(site: Server, *, tries: int) -> None:
    """Three exchanges a round are there: else the time would be that of recording nothing."""
    wanted = 3 * (WARM_UP + ROUNDS) * tries
    end = time.monotonic() + 5
    while True:
        with closing(sqlite3.connect(f"file:{site.database}?mode=ro", uri=True)) as database:
            [count] = database.execute("SELECT count(*) FROM oauth_trace_event").fetchone()
        if count == wanted:
            return
        if time.monotonic() > end:  # the last one is written after its answer
            raise SystemExit(f"{count} exchanges recorded in the place of {wanted}")
        time.sleep(0.05)


def _table(times: dict[str, list[float]]) -> bool:
    direct = next(iter(times.values()))
    median = statistics.median(direct)
    print(f"\nA token exchange, {len(direct)} of each, one after another, in milliseconds:\n")
    print(f"  {'':<42}{'median':>8}{'p99':>8}{'added at the median':>22}")
    worst = 0.0
    for name, each in times.items():
        added = statistics.median(each) - median
        worst = max(worst, added)
        p99 = statistics.quantiles(each, n=100)[98]
        more = "" if each is direct else f"{added:.2f}"
        print(f"  {name:<42}{statistics.median(each):>8.2f}{p99:>8.2f}{more:>22}")
    held = worst < LIMIT
    print(f"\n{report.busyness(os.getloadavg()[0], os.cpu_count() or 1)}")
    print(f"The trace adds {worst:.2f} ms; it may add {LIMIT:g}: {'held' if held else 'NOT HELD'}.")
    return held


if __name__ == "__main__":
    sys.exit(0 if run() else 1)
