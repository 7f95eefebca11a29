"""The commands of the tasks, typed by a shell as ECS would, against a PostgreSQL and a Redis."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from companion.local import environment, services
from companion.local.supervisor import Supervisor
from tests.deploy_aws.templates import properties
from tests.deploy_aws.test_processes import command
from tests.real_services import need

Environment = dict[str, str]


@pytest.fixture
def told(redis_url: str, tmp_path: Path) -> Environment:
    """As production is told, but for TLS; of a database that nothing is in yet."""
    return environment.bare(tmp_path) | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DOORS_NO_DOTENV": "1",
        "PUBLIC_URL": "https://facts.example.com",
        "ALLOWED_HOSTS": "facts.example.com",
        "TRUSTED_PROXIES": "10.64.0.0/20,10.64.16.0/20",
        "CACHE_URL": redis_url,
        "AWS_REGION": "eu-west-1",
        "COGNITO_USER_POOL_ID": "eu-west-1_Abc123",
        "COGNITO_DOMAIN_URL": "https://auth.example.com",
        "COGNITO_WEB_CLIENT_ID": "web00client000id",
        "COGNITO_ALEXA_CLIENT_ID": "alexa00client000id",
        "COGNITO_WEB_CLIENT_SECRET": "a7Bc3dEf9G" * 6,
        "SECRET_KEY": "a7Bc3dEf9G" * 6,
        "ALEXA_SKILL_IDS": "amzn1.ask.skill.1234",
        "ALEXA_VENDOR_ID": "M12345",
    }


def typed(line: str, told: Environment) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        cwd=settings.BASE_DIR,
        env=told,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_task_starts_when_settings_and_tables_are_there(
    told: Environment, tmp_path: Path
) -> None:
    need("PostgreSQL")
    serve = command("SiteTask").replace("${Processors}", "1")
    begin = serve.replace("exec deploy/entrypoint.sh serve", 'exec echo "answers with $WORKERS"')
    assert begin != serve
    with Supervisor(tmp_path / "logs") as supervisor:
        url = services.postgresql(supervisor, tmp_path, is_durable=False)
        told["DATABASE_URL"] = url

        early = typed(begin, told)
        assert early.returncode != 0, "before the migrations"
        assert "answers" not in early.stdout

        job = typed(command("JobTask"), told)
        assert job.returncode == 0, job.stderr

        assert "answers with 1" in typed(begin, told).stdout

        wrong = typed(begin, told | {"COGNITO_USER_POOL_ID": "us-east-1_Abc123"})
        assert wrong.returncode != 0, "with a pool of another region"
        assert "accounts.E001" in wrong.stderr
        assert "answers" not in wrong.stdout

        target = properties("PruneHourly")["Target"]
        [override] = json.loads(target["Input"])["containerOverrides"]
        [line] = override["command"]
        pruned = typed(line, told)
        pattern = properties("Pruned")["FilterPattern"]
        assert all(word in pruned.stdout for word in re.findall(r'"([^"]+)"', pattern))
