"""The environment of a local run, built from nothing, so that it can never touch a real account.

Nothing of the caller's environment is passed on but PATH: no AWS_*, no .env, no AWS files, no
instance metadata. The only AWS there is has a loopback address, and any other is refused. Plain
Python: this works before Django is configured.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SKILL_ID = "amzn1.ask.skill.00000000-0000-4000-8000-0000000d0025"
VENDOR_ID = "MLOCALVENDOR"
FIRST_SITE_PORT = 8000

_OF_CALLER = frozenset({"PATH", "LANG", "HOME", "TMPDIR", "PYTHONUNBUFFERED"})

Environment = dict[str, str]


class NotLoopback(ValueError):
    """An address that is not on this machine, where only such a one is safe."""


def require_loopback(url: str) -> str:
    """Return the address as it is; raise NotLoopback unless it is http on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS or "@" in parts.netloc:
        raise NotLoopback(
            f"{url} is not a loopback address: local runs only speak to a local AWS, "
            "like http://localhost:4566"
        )
    return url


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can read: pool passwords and keys lie in there."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def bare(state: Path) -> Environment:
    """What every local process gets: where programs are, and nowhere to find an account."""
    home = private_folder(state.resolve() / "home")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(private_folder(home / "tmp")),
        "PYTHONUNBUFFERED": "1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def forget_caller(state: Path) -> None:
    """Make this process's own environment bare: what a library reads in it is then safe too."""
    values = bare(state)
    os.environ.clear()
    os.environ.update(values)


def for_site(
    state: Path, *, port: int, aws_url: str, more: Mapping[str, str] | None = None
) -> Environment:
    """Every setting of a local site on `port`, with the local AWS at `aws_url`.

    The pool's own values (COGNITO_*) come in `more`, once it is deployed. Raises NotLoopback.
    """
    state = state.resolve()
    environment = bare(state) | {
        "DJANGO_SETTINGS_MODULE": "companion.settings",
        "DOORS_NO_DOTENV": "1",
        "DEBUG": "0",
        "DEV_TOOLS": "1",
        "RATE_LIMITS": "1",
        "OAUTH_TRACE": "1",
        "CACHE_URL": "",
        "TRUSTED_PROXIES": "",
        "SENTRY_DSN": "",
        "PUBLIC_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATABASE_URL": f"sqlite:///{state / 'demo.sqlite3'}",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "STATIC_ROOT": str(state / "static"),
        "ALEXA_SKILL_IDS": SKILL_ID,
        "ALEXA_VENDOR_ID": VENDOR_ID,
        "ALEXA_DEV_PKI_DIR": str(state / "alexa"),
        "SECRET_KEY": kept_secret(state, "SECRET_KEY"),
        "METRICS_TOKEN": kept_secret(state, "METRICS_TOKEN"),
    }
    environment |= more or {}
    require_loopback(environment["AWS_ENDPOINT_URL"])  # last, so that `more` cannot pass by it
    return environment


def kept_secret(state: Path, name: str, *, size: int = 32) -> str:
    """A random value that stays the same for this state folder: sessions outlive a restart."""
    path = state / "secrets.json"
    saved = _read(path).get(name)
    if isinstance(saved, str) and saved:
        return saved
    value = secrets.token_hex(size)
    _write(path, {**_read(path), name: value})
    return value


def kept_port(
    state: Path,
    name: str,
    *,
    first: int | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> int:
    """The port of the last run where it is free, else the next free one; kept for the next run.

    Without `first` the system chooses. `say` is told of a port that was wanted and busy. Kept,
    because browsers, cookies and the pool's callback addresses know it.
    """
    path = state / "ports.json"
    saved = _read(path).get(name)
    start = saved if isinstance(saved, int) else first
    if isinstance(saved, int):
        _await_free(saved)
    port = free_port() if start is None else next_free_port(start)
    if start is not None and port != start:
        say(f"port {start} is in use: using {port}")
    if port != saved:
        _write(path, {**_read(path), name: port})
    return port


def held_port(
    state: Path,
    name: str,
    *,
    first: int | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> socket.socket:
    """As kept_port, and taken at once: a socket that listens there, for a server to be given.

    Between a look at a port and a server that binds it seconds go by: another run may take it, and
    what answers there is not ours.
    """
    for _attempt in range(20):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", kept_port(state, name, first=first, say=say)))
            listener.listen()
        except OSError:  # somebody was faster
            listener.close()
        else:
            return listener
    raise OSError(f"no port stays free for the {name}")


def _await_free(port: int) -> None:
    """A process of the last run may be about to end: better its port than another."""
    end = time.monotonic() + 3
    while not is_free(port) and time.monotonic() < end:
        time.sleep(0.1)


def next_free_port(first: int) -> int:
    for port in range(first, min(first + 200, 65536)):
        if is_free(port):
            return port
    raise OSError(f"no free port from {first} on")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody answers as localhost:port; browsers try ::1 before 127.0.0.1."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((host, port))
        except OSError:
            if family == socket.AF_INET or _answers(host, port):
                return False
    return True


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def write_env_file(path: Path, environment: Mapping[str, str]) -> None:
    """NAME=value lines for other tools, readable by the owner only; without the caller's own."""
    lines = [f"{name}={value}\n" for name, value in environment.items() if name not in _OF_CALLER]
    _write_private(path, "".join(lines))


def read_env_file(path: Path) -> Environment:
    """The lines of `write_env_file`; empty where there is no file."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, values: Mapping[str, object]) -> None:
    _write_private(path, json.dumps(values, indent=2) + "\n")


def _write_private(path: Path, text: str) -> None:
    """Replace the file as a whole: an interrupted run leaves the old one, never half a one."""
    private_folder(path.parent)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
