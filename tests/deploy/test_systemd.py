"""The units of deploy/systemd, asked of systemd itself."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR, free_port
from skill_endpoint.simulator import pki

UNITS = BASE_DIR / "deploy" / "systemd"
WORST = 2.0  # of 10; a service without a sandbox has 9.6
# of this machine, where nothing is installed under /srv
NOT_OURS = re.compile(r"is not executable: No such file|Cannot (add|find) dependency|debian-fixup")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@needs_systemd
def test_systemd_understands_every_line() -> None:
    files = sorted(map(str, UNITS.iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *files],
        capture_output=True,
        text=True,
    )
    said = [line for line in done.stderr.splitlines() if not NOT_OURS.search(line)]
    assert said == []


@needs_systemd
def test_a_server_that_is_taken_over_can_do_little() -> None:
    """systemd's own measure of the sandbox; 10 is none."""
    service = UNITS / "two-doors.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(service)],
        capture_output=True,
        text=True,
    )
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= WORST


def test_no_secret_is_in_the_environment_of_the_unit() -> None:
    """What stands there is shown by `systemctl show` to everybody on the machine."""
    text = (UNITS / "two-doors.service").read_text(encoding="utf-8")
    given = " ".join(re.findall(r"^Environment=(.*)$", text, re.MULTILINE))

    assert set(re.findall(r"(\w+)=", given)) == {
        "WORKERS",
        "PIN_WORKERS",
        "DOORS_NO_DOTENV",
        "PYTHONUNBUFFERED",
    }


TASKS = ("backup", "certificate", "prune")


def test_what_root_starts_is_not_what_the_builder_can_write() -> None:
    """/srv belongs to an account that fetches packages: nothing of it runs as root."""
    site = (UNITS / "two-doors.service").read_text(encoding="utf-8")

    for unit in UNITS.glob("*.service"):
        if unit.name != "two-doors.service":
            started = re.findall(r"^Exec\w+=\+?(\S+)", unit.read_text("utf-8"), re.MULTILINE)
            assert started
            assert all(each.startswith("/usr/local/sbin/two-doors") for each in started), unit
    assert "User=two-doors\n" in site
    assert not re.search(r"^ExecStart=[+!]", site, re.MULTILINE)


@needs_systemd
def test_a_worker_may_choose_its_processor() -> None:
    """PIN_WORKERS=1 calls sched_setaffinity, which systemd counts among @resources."""
    assert "sched_setaffinity" in calls_of("@resources")
    allowed: set[str] = set()
    text = (UNITS / "two-doors.service").read_text(encoding="utf-8")
    for line in re.findall(r"^SystemCallFilter=(.*)$", text, re.MULTILINE):
        named = set().union(*map(calls_of, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named

    assert {"openat", "accept4", "sched_setaffinity"} <= allowed
    assert not {"setrlimit", "sched_setscheduler", "mount", "ptrace"} & allowed


def calls_of(name: str) -> set[str]:
    """The system calls of a group like @resources, and of groups in it; or the one of this name."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", name],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(calls_of(line) for line in lines if line and not line.startswith("#")))


@pytest.mark.parametrize("task", TASKS)
def test_a_task_that_fails_is_told(task: str) -> None:
    unit = (UNITS / f"two-doors-{task}.service").read_text(encoding="utf-8")
    timer = (UNITS / f"two-doors-{task}.timer").read_text(encoding="utf-8")
    told = (UNITS / "two-doors-failed@.service").read_text(encoding="utf-8")

    assert f"\nOnFailure=two-doors-failed@{task}.service\n" in unit
    assert re.search(
        rf"^ExecStartPost=\+?/usr/local/sbin/two-doors-told {task} well$", unit, re.MULTILINE
    )
    assert "\nExecStart=/usr/local/sbin/two-doors-told %i failed\n" in told
    assert "Persistent=true" in timer


def test_the_address_is_held_while_the_service_is_started_anew() -> None:
    service = (UNITS / "two-doors.service").read_text(encoding="utf-8")
    socket = (UNITS / "two-doors.socket").read_text(encoding="utf-8")

    assert "Requires=two-doors.socket" in service
    assert "--bind" not in service  # gunicorn takes what systemd hands over
    assert "ListenStream=127.0.0.1:8000\n" in socket


def manage(
    tmp_path: Path, *arguments: str, unit: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """manage.sh, where `systemctl cat` prints the unit or `unit`, and systemd-run its arguments."""
    (tmp_path / "unit").write_text(unit or (UNITS / "two-doors.service").read_text("utf-8"))
    for name, body in (
        ("systemctl", f'[ "$*" = "cat --no-pager two-doors.service" ] && cat {tmp_path}/unit'),
        (
            "systemd-run",
            'printf "%s\\n" "$@"; file=$(printf "%s\\n" "$@" | sed -n '
            '"s#^--property=EnvironmentFile=/run/#/run/#p"); [ -z "$file" ] || cat "$file"',
        ),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    return subprocess.run(
        [str(BASE_DIR / "deploy" / "manage.sh"), *arguments],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def wanted_of(unit: str) -> list[str]:
    """Each line of the unit's [Service] but the server's own, as systemd-run takes it."""
    section = unit.partition("[Service]")[2].partition("[Install]")[0]
    own = re.compile(
        r"(Type|Exec\w+|WorkingDirectory|KillMode|Restart\w*|Timeout\w+|RuntimeDirectory\w*)="
    )
    return [
        f"--property={line}"
        for line in section.replace("\\\n", "").splitlines()
        if "=" in line and not line.startswith("#") and not own.match(line)
    ]


def test_commands_run_in_the_sandbox_of_the_service(tmp_path: Path) -> None:
    """manage.sh hands each line of the unit to systemd-run, in order, but for the server's own."""
    given = manage(tmp_path, "check", "--deploy").stdout.splitlines()

    wanted = wanted_of((UNITS / "two-doors.service").read_text(encoding="utf-8"))
    assert len(wanted) > 30
    assert [each for each in given if each in wanted] == wanted
    assert given[-4:] == [
        "/srv/two-doors/current/.venv/bin/python",
        "/srv/two-doors/current/manage.py",
        "check",
        "--deploy",
    ]
    assert not [each for each in given if each.startswith("--setenv")]


def test_commands_have_what_drop_ins_add(tmp_path: Path) -> None:
    """A database on another machine is a credential of a drop-in: migrate has to have it, too."""
    unit = (UNITS / "two-doors.service").read_text(encoding="utf-8")
    added = "LoadCredential=DATABASE_URL:/etc/two-doors/secrets/DATABASE_URL"
    dropped = f"\n# /etc/systemd/system/two-doors.service.d/database.conf\n[Service]\n{added}\n"

    given = manage(tmp_path, "migrate", unit=unit + dropped).stdout.splitlines()

    assert given[given.index("--property=KeyringMode=private") + 1] == f"--property={added}"
    assert not [each for each in given if "WantedBy" in each]


@pytest.mark.parametrize("unit", ["[Unit]\n", "[Service]\nType=notify\n"])
def test_no_command_runs_outside_of_the_sandbox(tmp_path: Path, unit: str) -> None:
    """Without the unit it would be root's, with none of the site's settings."""
    done = manage(tmp_path, "check", unit=unit)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "names no user" in done.stderr


def test_migrate_gives_up_without_its_lock(tmp_path: Path) -> None:
    """Turns would wait behind it: docs/migrations.md."""
    given = manage(tmp_path, "migrate").stdout.splitlines()
    others = manage(tmp_path, "migrate", PGOPTIONS="-c lock_timeout=9s").stdout.splitlines()

    assert "--setenv=PGOPTIONS=-c lock_timeout=2s" in given
    assert "--setenv=PGOPTIONS=-c lock_timeout=9s" in others


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes to /run")
def test_a_rehearsal_goes_to_its_own_database(tmp_path: Path) -> None:
    """It stands after the unit's file, and so wins; in no argument, and in no file afterwards."""
    address = "postgres://somebody:pass%20word@192.0.2.1/rehearsal"
    done = manage(tmp_path, "restore", "FILE", DATABASE=address)

    files = re.findall(r"^--property=EnvironmentFile=(.+)$", done.stdout, re.MULTILINE)
    assert files[0] == "/etc/two-doors/two-doors.env"
    assert f"\nDATABASE_URL={address}\n" in done.stdout  # what the file held
    assert done.stdout.count(address) == 1
    assert "\nCACHE_URL=\n" in done.stdout  # a restore empties the cache: not the site's
    assert "LoadCredential=CACHE_URL" not in done.stdout
    assert "LoadCredential=SECRET_KEY" in done.stdout
    assert not Path(files[1]).exists()


@dataclass(frozen=True)
class Told:
    folder: Path

    def __call__(self, task: str, state: str) -> str:
        """What the journal gets; a letter and Prometheus's file lie in the folder afterwards."""
        for name in ("metrics", "motd.d"):
            (self.folder / name).mkdir(exist_ok=True)
        sendmail = self.folder / "sendmail"
        sendmail.write_text(f"#!/bin/sh\ncat > {self.folder}/letter\n")
        sendmail.chmod(0o755)
        done = subprocess.run(
            [str(BASE_DIR / "deploy" / "told.sh"), task, state],
            env={
                "PATH": os.environ["PATH"],
                "LOGINS": str(self.folder / "motd.d"),
                "METRICS": str(self.folder / "metrics"),
                "SENDMAIL": str(sendmail),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def test_a_failure_stands_where_operators_look_until_it_is_mended(tmp_path: Path) -> None:
    told = Told(tmp_path)
    metrics, login = (
        tmp_path / "metrics/two-doors-backup.prom",
        tmp_path / "motd.d/two-doors-backup",
    )

    assert told("backup", "well") == ""
    well = re.fullmatch(
        r'two_doors_task_failed{task="backup"} 0\n'
        r'two_doors_task_last_success_timestamp_seconds{task="backup"} (\d{10})\n',
        metrics.read_text(),
    )
    assert well
    assert not login.exists()

    assert told("backup", "failed").startswith("<3>two-doors-backup failed on ")
    assert "journalctl --unit two-doors-backup" in login.read_text()
    assert "Subject: two-doors-backup failed" in (tmp_path / "letter").read_text()
    assert metrics.read_text() == (
        'two_doors_task_failed{task="backup"} 1\n'
        f'two_doors_task_last_success_timestamp_seconds{{task="backup"}} {well[1]}\n'
    )

    told("backup", "well")
    assert not login.exists()
    assert "} 0\n" in metrics.read_text()
    assert [each.name for each in (tmp_path / "metrics").iterdir()] == [metrics.name]


@pytest.mark.parametrize(
    ("days", "name", "said"),
    [
        (30, "facts.example.com", ""),
        (20, "facts.example.com", "less than 21 days"),
        (30, "other.example.com", "shows no certificate"),
    ],
)
def test_a_certificate_that_is_about_to_end_is_noticed(
    tmp_path: Path, days: int, name: str, said: str
) -> None:
    """As nginx shows it: a front of this test has one with so many days, for this name."""
    authority, key = pki.new_root("Test Root"), pki.new_key()
    life = timedelta(days=days)
    leaf = pki.make_certificate(name, key, authority, dns_names=[name], life=life)
    for file, data in (
        ("root", pki.pem(authority.certificate)),
        ("leaf", pki.pem(leaf)),
        ("key", pki._private_pem(key)),
    ):
        (tmp_path / file).write_bytes(data)
    port = free_port()
    front = subprocess.Popen(
        ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-www",
         "-cert", str(tmp_path / "leaf"), "-key", str(tmp_path / "key")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        listens(port)
        done = subprocess.run(
            [str(BASE_DIR / "deploy" / "certificate.sh"), "https://facts.example.com/", "21",
             f"127.0.0.1:{port}"],
            env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(tmp_path / "root")},
            capture_output=True, text=True,
        )  # fmt: skip
    finally:
        front.terminate()
        front.wait(10)

    assert (done.returncode == 0) == (said == ""), done.stderr
    assert said in done.stderr


def listens(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nothing listens")
