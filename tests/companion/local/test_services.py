"""Real servers: skipped where they are not installed, unless REQUIRE_SERVICES=1 makes that fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from pytest_django import Settings

from companion.local import environment, services
from companion.local.supervisor import ProcessDied, Supervisor
from skill_endpoint.replay import is_replay

LISTENS = "0A"  # TCP_LISTEN of <linux/tcp_states.h>
LOOPBACK = "0100007F"  # 127.0.0.1 as /proc/net/tcp writes it
# starts both in a process of its own, then waits
HOLDER = """
import pathlib, sys, time
from companion.local import services
from companion.local.supervisor import Supervisor, unwinding_on_signals
state = pathlib.Path(sys.argv[1])
with unwinding_on_signals(), Supervisor(state / "logs") as supervisor:
    print(services.postgresql(supervisor, state, is_durable=False), flush=True)
    print(services.redis(supervisor, state), flush=True)
    time.sleep(60)
"""
needs_services = pytest.mark.usefixtures("installed")


class Servers(NamedTuple):
    postgresql: str
    redis: str
    supervisor: Supervisor


@pytest.fixture(scope="module")
def installed() -> None:
    if lines := services.missing():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("; ".join(lines))
        pytest.skip("; ".join(lines))


@contextlib.contextmanager
def started(state: Path) -> Iterator[Servers]:
    with Supervisor(state / "logs") as own:
        yield Servers(
            services.postgresql(own, state, is_durable=False), services.redis(own, state), own
        )


@pytest.fixture(scope="module")
def servers(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with started(Path(tmp_path_factory.mktemp("services"))) as both:
        yield both


def ask(url: str, statement: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return str(row[0])


def cache(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def password_of(url: str) -> str:
    password = urlsplit(url).password
    assert password
    return password


def server_of(keeper: int) -> int:
    (server,) = children(keeper)
    return server


def children(pid: int) -> set[int]:
    """Of a process with one thread, as all here are; backends come and go."""
    try:
        return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except (FileNotFoundError, ProcessLookupError):
        return set()


def family(pid: int) -> set[int]:
    """A process and all that came from it."""
    return {pid}.union(*(family(child) for child in children(pid)))


def folder_of(url: str) -> Path:
    if url.startswith("redis"):
        with cache(url) as client:
            return Path(client.config_get("dir")["dir"])
    return Path(ask(url, "SHOW data_directory")).parent


def is_running(pid: int) -> bool:
    """A zombie, whom nobody waits for in a container, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Trace:
    """What there is of running servers, to see later that nothing is left of it."""

    def __init__(self, *urls: str, pids: set[int]) -> None:
        self.ports = [port_of(url) for url in urls]
        self.folders = [folder_of(url) for url in urls]
        self.pids = pids
        assert all(folder.is_dir() for folder in self.folders)
        assert sum(map(is_running, pids)) >= 2 * len(urls)  # each with its keeper

    def left(self) -> list[object]:
        return [
            *(pid for pid in self.pids if is_running(pid)),
            *(port for port in self.ports if not environment.is_free(port)),
            *(folder for folder in self.folders if folder.exists()),
        ]

    def left_after(self, limit: float, *, but: Sequence[object] = ()) -> list[object]:
        end = time.monotonic() + limit
        while left := [each for each in self.left() if each not in but]:
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        return left


def trace(both: Servers) -> Trace:
    pids = {pid for each in both.supervisor.processes for pid in family(each.popen.pid)}
    assert len(pids) > 6  # two keepers, two servers, PostgreSQL's own processes
    return Trace(both.postgresql, both.redis, pids=pids)


@needs_services
def test_they_answer_and_are_empty(tmp_path: Path) -> None:
    with started(tmp_path) as both, cache(both.redis) as client:
        assert ask(both.postgresql, "SELECT current_database()") == services.DATABASE
        assert ask(both.postgresql, "SHOW server_encoding") == "UTF8"
        assert ask(both.postgresql, "SELECT count(*) FROM pg_stat_user_tables") == "0"
        assert client.ping()
        assert client.dbsize() == 0


@needs_services
def test_every_commit_reaches_the_disk_unless_a_test_saves_that_time(
    servers: Servers, tmp_path: Path
) -> None:
    names = ("fsync", "synchronous_commit", "full_page_writes")
    with Supervisor(tmp_path / "logs") as own:
        durable = services.postgresql(own, tmp_path)
        assert [ask(durable, f"SHOW {name}") for name in names] == ["on"] * 3
    assert [ask(servers.postgresql, f"SHOW {name}") for name in names] == ["off"] * 3


@needs_services
@pytest.mark.parametrize("secret", ["", ":wrong"], ids=["none", "wrong"])
def test_postgresql_needs_its_password(servers: Servers, secret: str) -> None:
    url = servers.postgresql.replace(f":{password_of(servers.postgresql)}", secret)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url)


@needs_services
@pytest.mark.parametrize("secret", ["", ":wrong@"], ids=["none", "wrong"])
def test_redis_needs_its_password(servers: Servers, secret: str) -> None:
    url = servers.redis.replace(f":{password_of(servers.redis)}@", secret)
    with cache(url) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@needs_services
def test_no_command_line_and_no_log_shows_a_password(servers: Servers) -> None:
    shown = [path.read_text(errors="replace") for path in servers.supervisor.logs.iterdir()]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            shown.append(path.read_text(errors="replace"))
    assert str(port_of(servers.redis)) in "".join(shown)
    for url in (servers.postgresql, servers.redis):
        assert not [text for text in shown if password_of(url) in text]


@needs_services
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_they_listen_on_the_loopback_address_only(servers: Servers) -> None:
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    rows = [line.split() for line in table.splitlines() if ":" in line]
    for url in (servers.postgresql, servers.redis):
        port = f"{port_of(url):04X}"
        listening = [row[1] for row in rows if row[3] == LISTENS and row[1].endswith(f":{port}")]
        assert listening == [f"{LOOPBACK}:{port}"]


@needs_services
def test_only_its_user_can_look_into_a_folder(servers: Servers) -> None:
    for url in (servers.postgresql, servers.redis):
        assert folder_of(url).stat().st_mode & 0o777 == 0o700
    assert not (folder_of(servers.postgresql) / "password").exists()


def flood(client: redis.Redis) -> None:
    for number in range(100_000):
        client.set(f"flood-{number}", "x" * 10_000, ex=300)


@needs_services
def test_a_full_redis_refuses_and_forgets_nothing(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as own, cache(services.redis(own, tmp_path)) as client:
        assert client.config_get("maxmemory")["maxmemory"] == str(256 * 1024 * 1024)
        client.config_set("maxmemory", "4mb")
        client.set("claim", "first", ex=300)
        with pytest.raises(redis.OutOfMemoryError):
            flood(client)
        assert client.get("claim") == "first"
        assert client.info("stats")["evicted_keys"] == 0
        assert not client.config_get("save")["save"]


@needs_services
def test_two_at_once_are_strangers(servers: Servers, tmp_path: Path) -> None:
    with started(tmp_path) as others:
        urls = {servers.postgresql, servers.redis, others.postgresql, others.redis}
        assert len({port_of(url) for url in urls}) == len({password_of(url) for url in urls}) == 4
        with cache(servers.redis) as ours, cache(others.redis) as theirs:
            theirs.set("name", "theirs")
            assert ours.get("name") is None
        with psycopg.connect(others.postgresql) as connection:
            connection.execute("CREATE TABLE theirs ()")
        assert ask(others.postgresql, "SELECT to_regclass('theirs')") == "theirs"
        assert ask(servers.postgresql, "SELECT to_regclass('theirs')") == "None"


@needs_services
def test_nothing_is_left_of_them(tmp_path: Path) -> None:
    with started(tmp_path) as both:
        seen = trace(both)
        # a pool keeps its connections: it must not hold up the end
        waiting = psycopg.connect(both.postgresql)
        waiting.execute("CREATE TABLE half_done ()")
    assert seen.left() == []
    waiting.close()
    logs = "".join(path.read_text() for path in both.supervisor.logs.iterdir())
    assert "received fast shutdown request" in logs
    assert "Redis is now ready to exit" in logs


@needs_services
def test_nothing_is_left_of_them_when_the_work_with_them_fails(tmp_path: Path) -> None:
    seen: list[Trace] = []

    def work() -> None:
        with started(tmp_path) as both:
            seen.append(trace(both))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert seen[0].left() == []


@needs_services
def test_a_backend_that_hangs_is_taken_along(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as own:
        url = services.postgresql(own, tmp_path, is_durable=False)
        seen = Trace(url, pids=family(own.processes[0].popen.pid))
        waiting = psycopg.connect(url)
        hanging = waiting.info.backend_pid
        seen.pids.add(hanging)
        os.kill(hanging, signal.SIGSTOP)
    assert seen.left() == []
    waiting.close()


@needs_services
def test_a_server_that_hangs_is_ended(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as own:
        url = services.redis(own, tmp_path)
        seen = Trace(url, pids=family(own.processes[0].popen.pid))
        os.kill(server_of(own.processes[0].popen.pid), signal.SIGSTOP)
    assert seen.left() == []


@needs_services
def test_a_server_does_not_outlive_its_keeper(tmp_path: Path) -> None:
    with started(tmp_path) as both:
        seen = trace(both)
        for process in both.supervisor.processes:
            process.popen.kill()
            process.popen.wait(10)
        assert seen.left_after(10, but=seen.folders) == []
    for folder in seen.folders:
        shutil.rmtree(folder)  # nobody was left to do it


@needs_services
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_them_when_their_holder_is_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=environment.BASE_DIR, text=True
    ) as holder:
        assert holder.stdout is not None
        urls = [holder.stdout.readline().strip() for _ in ("PostgreSQL", "Redis")]
        seen = Trace(*urls, pids=family(holder.pid) - {holder.pid})
        holder.send_signal(number)
    assert seen.left_after(10) == []


@needs_services
def test_a_server_that_ends_by_itself_is_noticed_and_cleared_away(tmp_path: Path) -> None:
    with started(tmp_path) as both:
        seen = trace(both)
        for process in both.supervisor.processes:
            os.kill(server_of(process.popen.pid), signal.SIGQUIT)
            process.popen.wait(10)
            with pytest.raises(ProcessDied):
                process.check()
        assert seen.left_after(10) == []


@needs_services
def test_a_start_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "redis-server"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho no memory left today; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    state = tmp_path / "state"
    with Supervisor(state / "logs") as own:
        with pytest.raises(ProcessDied, match="status 3:\nno memory left today"):
            services.redis(own, state)
        assert own.processes == []
    assert not list(state.glob("doors-*"))


@needs_services
def test_a_data_folder_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "DATABASE", "pg_doors")  # such names are PostgreSQL's own
    with Supervisor(tmp_path / "logs") as own:
        with pytest.raises(RuntimeError, match='"pg_doors" is disallowed'):
            services.postgresql(own, tmp_path)
        assert own.processes == []


def test_no_folder_is_left_where_its_server_does_not_start(tmp_path: Path) -> None:
    seen: list[Path] = []

    def fail() -> None:
        with services._folder(tmp_path, "it") as folder:
            seen.append(folder)
            (folder / "begun").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen
    assert not list(tmp_path.iterdir())


@needs_services
def test_a_server_may_be_paused(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as own, cache(services.redis(own, tmp_path)) as client:
        keeper = own.processes[0].popen
        for number in (signal.SIGSTOP, signal.SIGCONT):
            os.kill(server_of(keeper.pid), number)
            with pytest.raises(subprocess.TimeoutExpired):
                keeper.wait(0.3)  # it hears of both, and stays
        assert client.ping()


def test_a_reserved_port_is_given_to_nobody_and_a_server_can_have_it() -> None:
    with services._reserved_port() as port:
        assert port not in {environment.free_port() for _ in range(2000)}
        with socket.create_server(("127.0.0.1", port)):
            assert not environment.is_free(port)


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(services, "POSTGRESQL", tmp_path)
    (tmp_path / "15" / "bin").mkdir(parents=True)  # the client alone
    assert [line.rpartition(" ")[2] for line in services.missing()] == [
        "postgresql",
        "redis-server",
    ]
    with Supervisor(tmp_path / "logs") as own:
        for start in (services.postgresql, services.redis):
            with pytest.raises(services.NotInstalled, match="apt-get install"):
                start(own, tmp_path)


def test_valkey_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "valkey-server").touch(0o755)
    assert not [line for line in services.missing() if "redis" in line]


def test_the_newest_postgresql_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "POSTGRESQL", tmp_path)
    for version in ("9.6", "15", "17", "16"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    assert services._postgresql_programs() == tmp_path / "17" / "bin"


@needs_services
def test_the_site_migrates_there(servers: Servers, tmp_path: Path) -> None:
    site = environment.for_site(
        tmp_path,
        port=1,
        aws_url="http://localhost:1",
        more={"DATABASE_URL": servers.postgresql, "CACHE_URL": servers.redis},
    )
    for words in (["migrate", "--verbosity=0"], ["migrate", "--check"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=environment.BASE_DIR,
            env=site,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert int(ask(servers.postgresql, "SELECT count(*) FROM accounts_user")) == 0


@needs_services
def test_of_eight_copies_at_the_same_moment_a_shared_cache_lets_one_count(
    servers: Servers, settings: Settings
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": servers.redis,
        }
    }
    start = threading.Barrier(8)
    answers: list[bool] = []

    def claim(number: int) -> None:
        start.wait(5)
        answers.append(
            is_replay("amzn1.ask.skill.tests", f"request-{number}", now=datetime.now(UTC))
        )

    for number in range(20):
        threads = [threading.Thread(target=claim, args=(number,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [False] * 20 + [True] * 140


@needs_services
def test_the_races_have_one_winner_there_too(servers: Servers, tmp_path: Path) -> None:
    """The tests of races, identity and replay again, on PostgreSQL and Redis."""
    files = [
        "tests/test_races.py",
        "tests/accounts/test_models.py",
        "tests/skill_endpoint/test_replay.py",
    ]
    # --reuse-db leaves the database to be looked at
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--reuse-db"]
    done = subprocess.run(
        [*command, *files],
        cwd=environment.BASE_DIR,
        env={
            **environment.bare(tmp_path),
            "TEST_DATABASE_URL": servers.postgresql,
            "TEST_CACHE_URL": servers.redis,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
    tested = urlsplit(servers.postgresql)._replace(path=f"/test_{services.DATABASE}").geturl()
    assert int(ask(tested, "SELECT count(*) FROM django_migrations")) > 0
    with cache(servers.redis) as client:
        assert client.info("commandstats")["cmdstat_set"]["calls"] > 0


def paused_and_resumed(state: Path, start: Callable[[Supervisor, Path], str]) -> Generator[str]:
    """The address three times: before, while it is away, and after."""
    with Supervisor(state / "logs") as own:
        url = start(own, state)
        (server,) = own.processes
        yield url
        services.pause(server, url)
        yield url
        services.resume(server, url)
        yield url


@needs_services
def test_a_postgresql_that_was_away_has_what_it_held(tmp_path: Path) -> None:
    states = paused_and_resumed(tmp_path, services.postgresql)
    url = next(states)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE held AS SELECT 7 AS seven")
    next(states)
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")
    next(states)
    assert ask(url, "SELECT seven FROM held") == "7"
    states.close()
    assert environment.is_free(port_of(url))


@needs_services
def test_a_redis_that_was_away_has_forgotten_all(tmp_path: Path) -> None:
    states = paused_and_resumed(tmp_path, services.redis)
    url = next(states)
    with cache(url) as client:
        client.set("held", "7")
    next(states)
    with cache(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    next(states)
    with cache(url) as client:
        assert client.get("held") is None
    states.close()
