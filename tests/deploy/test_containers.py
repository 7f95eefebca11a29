"""Dockerfile and compose file: who runs as whom, what is open and pinned, where secrets are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.local.environment import BASE_DIR, free_port
from skill_endpoint.simulator import pki

DEPLOY = BASE_DIR / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
DIGEST = re.compile(r"[a-z/.-]+:[\w.-]+@sha256:[0-9a-f]{64}")


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param]


def test_no_container_runs_as_root(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])


def test_a_container_that_is_taken_over_can_do_little(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "devices", "pid", "network_mode"} & set(service)
    assert service["pids_limit"]


def test_nothing_of_the_machine_is_mounted_to_be_written(service: dict[str, Any]) -> None:
    for volume in service.get("volumes", []):
        assert volume.endswith(":ro") or volume.partition(":")[0] in COMPOSE["volumes"], volume


def test_only_the_front_is_reachable() -> None:
    assert {name for name, each in SERVICES.items() if "ports" in each} == {"front"}
    assert SERVICES["front"]["ports"] == ["80:8080", "443:8443"]
    assert not any("expose" in each for each in SERVICES.values())


def test_database_and_cache_have_no_way_out_and_none_in_but_the_site() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("database", "cache", "migrate", "prune", "backup"):
        assert list(SERVICES[name]["networks"]) == ["data"]
    assert SERVICES["front"]["networks"] == ["front"]


def test_the_front_is_the_proxy_that_is_believed() -> None:
    """Its network and no other: an address that anybody can have would let them be anybody."""
    subnet = COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]

    assert SERVICES["site"]["environment"]["TRUSTED_PROXIES"] == subnet


def test_an_image_is_what_was_looked_at(service: dict[str, Any]) -> None:
    """By digest; ours is built from the checkout, for a version that is said."""
    if "build" in service:
        assert service["image"].startswith("two-doors:${RELEASE:?")
        assert service["build"]["dockerfile"] == "deploy/Dockerfile"
    else:
        assert DIGEST.fullmatch(service["image"])


def test_the_base_image_is_what_was_looked_at() -> None:
    bases = dict(re.findall(r"^ARG (BASE|POSTGRES)=(\S+)$", DOCKERFILE, re.MULTILINE))

    assert all(DIGEST.fullmatch(each) for each in bases.values())
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}", "${POSTGRES}"}
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "${BASE}"


def test_pg_dump_is_the_server_s_own() -> None:
    """An older one refuses to back up: the image has the programs of the very same image."""
    (server,) = re.findall(r"^ARG POSTGRES=(\S+)$", DOCKERFILE, re.MULTILINE)

    assert server == SERVICES["database"]["image"]
    assert f"/usr/lib/postgresql/{re.findall(r':(\d+)', server)[0]}/bin" in DOCKERFILE


@pytest.mark.skipif(not POSTGRESQL, reason="PostgreSQL is not installed")
def test_the_programs_of_postgresql_run_where_their_libraries_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "postgresql"
    script = str(DEPLOY / "postgresql-client.sh")
    subprocess.run([script, str(POSTGRESQL[-1]), str(folder)], check=True)

    assert sorted(each.name for each in folder.iterdir()) == ["bin", "lib", "libexec"]
    assert not list((folder / "lib").glob("libc.so*"))  # that of the image itself
    for name in ("pg_dump", "pg_restore", "psql"):
        done = subprocess.run(
            [str(folder / "bin" / name), "--version"],
            env={"LD_DEBUG": "libs", **_path()},
            capture_output=True,
            text=True,
        )
        assert re.fullmatch(rf"{name} \(PostgreSQL\) \d+.*\n", done.stdout), done.stderr
        assert f"{folder}/lib/libpq.so.5" in done.stderr  # and not the machine's


def shell_of(name: str, folder: Path, commands: str) -> str:
    """What a service's script does in `folder` instead of /backups; each command says its name."""
    (script,) = SERVICES[name]["entrypoint"][2:]
    (folder / "deploy").mkdir(exist_ok=True)
    (folder / "deploy" / "entrypoint.sh").write_text(f"#!/bin/sh\n{commands}\n")
    (folder / "deploy" / "entrypoint.sh").chmod(0o755)
    script = script.replace("sleep 3600 & wait $$!", "exit").replace("/backups", "backups")
    done = subprocess.run(
        ["sh", "-ec", script], cwd=folder, env=_path(), capture_output=True, text=True
    )
    return done.stdout


def test_a_backup_is_made_where_the_last_one_is_a_day_old(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    backup = tmp_path / "backups" / "two-doors-1.dump"
    wanted = "backup backups --keep 14\n"

    assert shell_of("backup", tmp_path, 'echo "$@"') == wanted
    backup.touch()
    assert shell_of("backup", tmp_path, 'echo "$@"') == ""
    yesterday = time.time() - 24 * 3600
    os.utime(backup, (yesterday, yesterday))
    assert shell_of("backup", tmp_path, 'echo "$@"; exit 1') == wanted


def test_a_backup_that_is_missing_is_seen(tmp_path: Path) -> None:
    (kind, test) = SERVICES["backup"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    command = ["sh", "-c", test.replace("/backups", str(tmp_path))]
    backup = tmp_path / "two-doors-1.dump"

    assert subprocess.run(command).returncode == 1
    backup.touch()
    assert subprocess.run(command).returncode == 0
    os.utime(backup, (time.time() - 27 * 3600,) * 2)
    assert subprocess.run(command).returncode == 1


def test_backups_outlive_containers_and_are_nobody_else_s() -> None:
    assert SERVICES["backup"]["volumes"] == ["backups:/backups"]
    assert "install -d -o 10001 -g 10001 -m 0700 /backups" in DOCKERFILE
    example = (DEPLOY / "compose.env.example").read_text(encoding="utf-8")
    assert "\nBACKUP_DAYS=14\n" in example


def test_settings_are_looked_at_before_anything_is_changed(tmp_path: Path) -> None:
    wanted = ["check --deploy", "migrate", "facts load"]

    assert shell_of("migrate", tmp_path, 'echo "$@"').splitlines() == wanted
    assert shell_of("migrate", tmp_path, 'echo "$@"; exit 1').splitlines() == wanted[:1]


def test_migrate_gives_up_without_its_lock() -> None:
    assert SERVICES["migrate"]["environment"]["PGOPTIONS"] == "-c lock_timeout=2s"
    assert SERVICES["migrate"]["environment"]["DATABASE_URL"]


def test_a_command_by_hand_is_one_of_manage_py() -> None:
    """`docker compose run --rm manage doctor`: what is appended takes the place of `command`."""
    manage = SERVICES["manage"]

    assert "entrypoint" not in manage
    assert manage["command"][:2] == ["check", "--deploy"]
    assert manage["profiles"]  # `up` leaves it alone
    assert isinstance(manage["networks"], list)  # no address that the site has


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_front_s_user_can_read_its_certificate(tmp_path: Path) -> None:
    """certbot's files are links to a folder beside, readable for root alone."""
    archive, live = tmp_path / "archive", tmp_path / "live"
    archive.mkdir()
    live.mkdir()
    for name in ("fullchain", "privkey"):
        (archive / f"{name}1.pem").write_text(f"{name} of the authority\n")
        (live / f"{name}.pem").symlink_to(f"../archive/{name}1.pem")
    folder = tmp_path / "tls"
    user = f"{os.getuid()}:{os.getgid()}" if os.getuid() else "101:101"

    def run(**lineage: str) -> None:
        subprocess.run(
            [str(DEPLOY / "tls.sh"), str(folder)],
            env={"FRONT_USER": user, **lineage, **_path()},
            check=True,
        )

    run()
    first = (folder / "fullchain.pem").read_text()
    run()
    assert (folder / "fullchain.pem").read_text() == first  # one that is there is left alone
    assert first.startswith("-----BEGIN CERTIFICATE-----")
    run(RENEWED_LINEAGE=str(live))

    assert {each.name: each.read_text() for each in folder.iterdir()} == {
        "fullchain.pem": "fullchain of the authority\n",
        "privkey.pem": "privkey of the authority\n",
    }
    for each in (folder, *folder.iterdir()):
        assert f"{each.stat().st_uid}:{each.stat().st_gid}" == user
    assert not (folder / "privkey.pem").is_symlink()
    assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o400


def test_secrets_are_files_and_in_no_environment(service: dict[str, Any]) -> None:
    for name, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY", name):
            assert name.endswith("_FILE"), name
            assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert not re.search(r"://[^/@]*:[^/@]+@", str(value)), f"a password in {name}"
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_no_secret_reaches_an_image() -> None:
    ignored = (BASE_DIR / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ".*" in ignored  # .env, .local, .git
    assert {"deploy/secrets", "deploy/tls", "deploy/compose.env"} <= set(ignored)
    assert not re.findall(
        r"^(?:ENV|ARG) .*(?:SECRET|PASSWORD|TOKEN|_KEY)", DOCKERFILE, re.MULTILINE
    )


def test_the_image_is_what_the_install_script_makes() -> None:
    assert "/source/deploy/install.sh /srv/two-doors" in DOCKERFILE
    assert "pip install" not in DOCKERFILE


def test_the_image_runs_as_nobody_and_says_whether_it_is_well() -> None:
    last = DOCKERFILE.rpartition("FROM ${BASE}")[2]

    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert not re.search(r"^COPY .*--chown", last, re.MULTILINE)  # the code stays root's
    assert 'CMD ["python", "deploy/healthy.py"]' in last


def test_the_cache_evicts_nothing() -> None:
    """It holds which requests were seen: one that is evicted could be sent twice."""
    (script,) = SERVICES["cache"]["entrypoint"][2:]

    assert "maxmemory-policy noeviction" in script
    assert "requirepass" in script


def test_the_site_starts_on_a_schema_that_is_ready() -> None:
    conditions = {name: each["condition"] for name, each in SERVICES["site"]["depends_on"].items()}

    assert conditions["migrate"] == "service_completed_successfully"
    assert conditions["database"] == conditions["cache"] == "service_healthy"
    assert SERVICES["front"]["depends_on"]["site"]["condition"] == "service_healthy"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing."""


def health(port: int) -> int:
    command = [sys.executable, str(DEPLOY / "healthy.py"), str(port)]
    return subprocess.run(command, capture_output=True).returncode


def test_health_says_whether_the_server_answers() -> None:
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert health(server.server_port) == 0
        thread.join()
    assert health(free_port()) == 1


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_the_file_that_the_container_makes(tmp_path: Path) -> None:
    """front.sh, with its folders in this test's: the same nginx.conf, other ports and address."""
    authority, key = pki.new_root("Test Root"), pki.new_key()
    leaf = pki.make_certificate("example.org", key, authority, dns_names=["example.org"])
    (tmp_path / "fullchain.pem").write_bytes(pki.pem(leaf))
    (tmp_path / "privkey.pem").write_bytes(pki._private_pem(key))
    script = (DEPLOY / "front.sh").read_text(encoding="utf-8").partition("exec nginx")[0]
    script = script.replace("/nginx.conf >", f"{DEPLOY}/nginx.conf >")
    script = script.replace("/etc/nginx/conf.d/default.conf", f"{tmp_path}/site.conf")
    subprocess.run(["sh", "-c", script], env={"NAME": "example.org", **_path()}, check=True)

    made = (tmp_path / "site.conf").read_text()
    assert "facts.example.com" not in made
    assert set(re.findall(r"listen (?:\[::\]:)?(\d+)", made)) == {"8080", "8443"}
    assert "server site:8000 " in made
    made = made.replace("/etc/two-doors/tls", str(tmp_path)).replace("site:8000", "127.0.0.1:1")
    made = re.sub(r"listen (\[::\]:)?\d+", lambda _: f"listen 127.0.0.1:{free_port()}", made)
    (tmp_path / "site.conf").write_text(made)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ include {tmp_path}/site.conf; }}"
    )
    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
    )
    assert "test is successful" in done.stderr, done.stderr


def _path() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}
