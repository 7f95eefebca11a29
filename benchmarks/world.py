"""A throw-away installation to measure: keys, the pool's key set, databases full of people.

`with world() as here:` gives it; everything it starts ends with the block.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import RSAAlgorithm

from benchmarks import turns
from companion.local import environment
from companion.local.supervisor import START_LIMIT, Process, Supervisor, unwinding_on_signals
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import Signer

PEOPLE = 1000  # of a database, where nothing else is said
SPEAKING = 400  # of them; each has a token of their own


@dataclass
class World:
    state: Path
    supervisor: Supervisor
    pool_key: RSAPrivateKey
    key_set_url: str
    signer: Signer
    filled: dict[str, int] = field(default_factory=dict)  # people by database

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.{environment.REGION}.amazonaws.com/us-east-1_Benchmark"

    def environment(
        self, database_url: str, cache_url: str = "", more: Mapping[str, str] | None = None
    ) -> environment.Environment:
        """Of a site on this database, without limits: one address asks for everybody."""
        values = {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "RATE_LIMITS": "0",
            "PIN_WORKERS": "1",  # deploy/gunicorn.conf.py; whoever is under it
            "OAUTH_TRACE": "0",
            "DATABASE_URL": database_url,
            "CACHE_URL": cache_url,
            "COGNITO_USER_POOL_ID": "us-east-1_Benchmark",
            "COGNITO_ISSUER": self.issuer,
            "COGNITO_JWKS_URL": self.key_set_url,
            "COGNITO_ALEXA_CLIENT_ID": turns.CLIENT_ID,
            "COGNITO_WEB_CLIENT_ID": "bench-web-client",
            "COGNITO_WEB_CLIENT_SECRET": "bench-secret",
            **(more or {}),
        }
        # nothing listens at port 1: the skill asks no AWS
        return environment.for_site(self.state, port=1, aws_url="http://127.0.0.1:1", more=values)

    def sqlite(self, name: str = "bench") -> str:
        return f"sqlite:///{self.state / name}.sqlite3"

    def fill(self, database_url: str, people: int = PEOPLE) -> None:
        """Migrations, facts, and so many people, where they are not there yet."""
        if self.filled.get(database_url, 0) >= people:
            return
        env = self.environment(database_url)
        commands = [["benchmarks.population", str(people)]]
        if database_url not in self.filled:
            django = "django"
            commands = [
                [django, "migrate", "--verbosity", "0"],
                [django, "facts", "load"],
                *commands,
            ]
        for number, (module, *rest) in enumerate(commands):
            process = self.supervisor.start(
                f"fill-{len(self.filled)}-{people}-{number}",
                [sys.executable, "-m", module, *rest],
                env,
            )
            self.supervisor.finish(process, limit=1800)
        self.filled[database_url] = people

    def serve(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str], port: int
    ) -> Process:
        """Start a server and wait until it listens: not all that are measured have a /healthz."""
        process = self.supervisor.start(name, command, env)
        end = time.monotonic() + START_LIMIT
        while True:
            process.check()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return process

    def people(self, count: int = SPEAKING) -> list[turns.Person]:
        return turns.people(range(count), self.pool_key, self.issuer)


def gunicorn(application: str, port: int, *more: str) -> list[str]:
    """With the settings of production."""
    return [
        *(sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}"),
        f"--config={environment.BASE_DIR / 'deploy' / 'gunicorn.conf.py'}",
        *more,
    ]


@contextlib.contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="doors-bench-") as folder:
        state = Path(folder)
        # PostgreSQL runs as another user when we are root, and must find its folder
        state.chmod(0o711)
        environment.forget_caller(state)
        pool_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with unwinding_on_signals(), Supervisor(state / "logs") as supervisor:
            pki.ensure_pki(state / "alexa")
            yield World(
                state=state,
                supervisor=supervisor,
                pool_key=pool_key,
                key_set_url=_serve_key_set(supervisor, state, pool_key),
                signer=pki.load(state / "alexa"),
            )


def _serve_key_set(supervisor: Supervisor, state: Path, key: RSAPrivateKey) -> str:
    folder = state / "pool"
    folder.mkdir()
    entry = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    entry |= {"kid": turns.KEY_ID, "alg": "RS256", "use": "sig"}
    (folder / "jwks.json").write_text(json.dumps({"keys": [entry]}))
    port = environment.free_port()
    serve = ["http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port)]
    process = supervisor.start("pool", [sys.executable, "-m", *serve], environment.bare(state))
    url = f"http://127.0.0.1:{port}/jwks.json"
    supervisor.wait_ready(process, url)
    return url
