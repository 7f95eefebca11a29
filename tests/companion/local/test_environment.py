from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from companion.local import environment
from companion.local.aws import LocalAws
from companion.local.supervisor import Supervisor


def test_it_passes_nothing_of_the_caller_on_but_where_programs_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*os.environ, "AWS_PROFILE", "AWS_CA_BUNDLE", "COGNITO_ISSUER", "SENTRY_DSN"):
        monkeypatch.setenv(name, "of-the-caller")

    made = environment.for_site(tmp_path, port=8000, aws_url="http://localhost:4566")

    assert [name for name, value in made.items() if value == "of-the-caller"] == ["PATH"]


def test_it_leaves_no_way_to_an_account(tmp_path: Path) -> None:
    made = environment.for_site(tmp_path, port=8000, aws_url="http://localhost:4566")

    assert made["AWS_CONFIG_FILE"] == made["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert made["AWS_EC2_METADATA_DISABLED"] == "true"
    assert made["AWS_ACCESS_KEY_ID"] == "test"
    assert made["DOORS_NO_DOTENV"] == "1"


@pytest.mark.parametrize(
    "url",
    [
        "https://cognito-idp.us-east-1.amazonaws.com",
        "http://169.254.169.254",
        "http://localhost.evil.example",
        "http://localhost@evil.example:4566",
        "http://10.0.0.1:4566",
        "https://localhost:4566",
        "",
    ],
)
def test_it_refuses_an_endpoint_that_is_not_loopback(tmp_path: Path, url: str) -> None:
    with pytest.raises(environment.NotLoopback, match="not a loopback address"):
        environment.for_site(tmp_path, port=8000, aws_url=url)


def test_it_refuses_another_endpoint_in_the_additions(tmp_path: Path) -> None:
    with pytest.raises(environment.NotLoopback):
        environment.for_site(
            tmp_path,
            port=8000,
            aws_url="http://localhost:4566",
            more={"AWS_ENDPOINT_URL": "https://cognito-idp.eu-west-1.amazonaws.com"},
        )


def test_it_makes_no_client_of_another_aws(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        process = supervisor.start("true", ["true"], environment.bare(tmp_path))
        with pytest.raises(environment.NotLoopback):
            LocalAws("https://cognito-idp.us-east-1.amazonaws.com", process).client("cognito-idp")


def test_it_forgets_the_environment_of_the_caller(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from companion.local import environment;"
        "environment.forget_caller(pathlib.Path(sys.argv[1])); print(sorted(os.environ))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]

    printed = subprocess.run(
        command,
        env={**os.environ, "AWS_PROFILE": "production", "HTTPS_PROXY": "http://proxy"},
        cwd=environment.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "AWS_PROFILE" not in printed
    assert "HTTPS_PROXY" not in printed


def test_it_keeps_secrets_for_the_next_run(tmp_path: Path) -> None:
    first = environment.kept_secret(tmp_path, "SECRET_KEY")

    assert environment.kept_secret(tmp_path, "SECRET_KEY") == first
    assert environment.kept_secret(tmp_path, "OTHER") != first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_it_takes_the_next_port_where_one_is_busy_and_keeps_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        chosen = environment.kept_port(tmp_path, "site", first=busy)

    assert chosen > busy
    assert environment.kept_port(tmp_path, "site", first=busy) == chosen


def test_it_says_that_it_took_another_port_than_the_one_that_was_wanted(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        chosen = environment.kept_port(tmp_path, "site", first=busy, say=said.append)
    assert said == [f"port {busy} is in use: using {chosen}"]

    environment.kept_port(tmp_path, "site", first=busy, say=said.append)
    environment.kept_port(tmp_path, "aws", say=said.append)
    assert len(said) == 1


def test_it_sees_who_listens_on_the_other_loopback_address() -> None:
    """A browser that is sent to localhost tries ::1 first."""
    with socket.socket(socket.AF_INET6) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
        other.listen()
        assert not environment.is_free(other.getsockname()[1])


def test_it_writes_the_env_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "demo.env"

    environment.write_env_file(path, {"A": "1", "B": "x=y", "PATH": "/bin"})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert environment.read_env_file(path) == {"A": "1", "B": "x=y"}


def test_a_port_that_is_lost_between_the_look_and_the_taking_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is at one moment; here another process takes what it found, twice."""
    taken: list[socket.socket] = []
    look = environment.next_free_port

    def look_and_lose(first: int) -> int:
        port = look(first)
        if len(taken) < 2:
            taken.append(socket.create_server(("127.0.0.1", port)))
        return port

    monkeypatch.setattr(environment, "next_free_port", look_and_lose)
    first = environment.free_port()
    with environment.held_port(tmp_path, "site", first=first) as listener:
        port = listener.getsockname()[1]
        assert port not in {each.getsockname()[1] for each in taken}
        assert not environment.is_free(port)
        assert environment.kept_port(tmp_path, "site", first=first) != port
    for each in taken:
        each.close()
    assert len(taken) == 2
