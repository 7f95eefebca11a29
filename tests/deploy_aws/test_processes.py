"""How a task runs, is asked, stopped and replaced."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from django.conf import settings

from tests.deploy_aws.templates import BASE, SITE, imported, properties

GUNICORN = runpy.run_path(str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py"))
STARTER = (settings.BASE_DIR / "deploy" / "entrypoint.sh").read_text(encoding="utf-8")
TASKS = ["SiteTask", "JobTask"]


def container(task: str) -> dict[str, Any]:
    [found] = properties(task)["ContainerDefinitions"]
    result: dict[str, Any] = found
    return result


def command(task: str) -> str:
    assert container(task)["EntryPoint"] == ["sh", "-c"]
    [line] = container(task)["Command"]
    text: str = line["Fn::Sub"] if isinstance(line, dict) else line
    return " ".join(text.split())


def attribute(name: str, key: str, which: str) -> int:
    [value] = [pair["Value"] for pair in properties(name)[key] if pair["Key"] == which]
    return int(value)


@pytest.mark.parametrize("task", TASKS)
def test_a_process_is_not_root_and_writes_nowhere_but_in_its_scratch(task: str) -> None:
    made = container(task)
    image = (settings.BASE_DIR / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert f"USER {made['User']}\n" in image
    assert not made["User"].startswith("0")
    assert made["ReadonlyRootFilesystem"] is True
    assert made["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert "Privileged" not in made
    assert [point["ContainerPath"] for point in made["MountPoints"]] == ["/tmp"]  # noqa: S108
    assert properties(task)["Volumes"] == [{"Name": "scratch"}]


@pytest.mark.parametrize(("task", "image"), [("SiteTask", "Image"), ("JobTask", "JobImage")])
def test_an_image_is_named_by_what_is_in_it(task: str, image: str) -> None:
    line, names = container(task)["Image"]["Fn::Sub"]
    assert line == "${Uri}@${" + image + "}"
    assert names == {"Uri": imported("ImagesUri")}
    assert SITE["Parameters"][image]["AllowedPattern"] == "sha256:[0-9a-f]{64}"
    assert properties("Images")["ImageTagMutability"] == "IMMUTABLE"


def test_a_task_takes_no_request_before_settings_and_migrations_are_in_order() -> None:
    assert command("SiteTask").split(" && ") == [
        "python manage.py check --deploy",
        "python manage.py migrate --check",
        "export WORKERS=${Processors}",
        "exec deploy/entrypoint.sh serve",
    ]
    assert "--bind 0.0.0.0:8000" in STARTER
    assert '--workers "${WORKERS' in STARTER
    assert "--worker-tmp-dir /dev/shm" in STARTER  # the rest cannot be written to


def test_a_migration_that_waits_for_a_lock_gives_up() -> None:
    assert command("JobTask").split(" && ") == [
        "export PGOPTIONS='-c lock_timeout=2s'",
        "python manage.py check --deploy",
        "python manage.py migrate --no-input",
        "python manage.py facts load",
    ]


def test_the_balancer_asks_whether_the_process_is_up_and_not_whether_all_is_well() -> None:
    """With /readyz a database that is away would have every task replaced, again and again."""
    targets = properties("Targets")
    assert (targets["HealthCheckPath"], targets["Matcher"]) == ("/healthz", {"HttpCode": "200"})
    assert targets["Port"] == 8000
    assert container("SiteTask")["PortMappings"][0]["ContainerPort"] == 8000


def test_a_release_leaves_all_tasks_up_and_takes_itself_back() -> None:
    rules = properties("Service")["DeploymentConfiguration"]
    assert (rules["MinimumHealthyPercent"], rules["MaximumPercent"]) == (100, 200)
    assert rules["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert rules["Alarms"] == {
        "AlarmNames": [{"Ref": "ErrorsOfTheSiteAlarm"}],
        "Enable": True,
        "Rollback": True,
    }


@pytest.mark.parametrize("task", TASKS)
def test_a_turn_ends_before_its_process_does(task: str) -> None:
    [graceful] = re.findall(r"--graceful-timeout (\d+)", STARTER)
    assert int(graceful) < container(task)["StopTimeout"] <= 120  # Fargate's most
    # Alexa gives up after 8 seconds
    assert attribute("Targets", "TargetGroupAttributes", "deregistration_delay.timeout_seconds") > 8


def test_the_balancer_hangs_up_before_the_server_does() -> None:
    idle = attribute("Balancer", "LoadBalancerAttributes", "idle_timeout.timeout_seconds")
    assert idle < GUNICORN["keepalive"]


def test_all_workers_of_a_release_find_a_connection() -> None:
    """Twice as many tasks as ever while a release changes, and the jobs beside them."""
    most = connections_of_a_worker()
    tasks, workers = SITE["Parameters"]["MaxTasks"]["Default"], 1
    assert SITE["Parameters"]["Processors"]["Default"] == str(workers)
    wanted = tasks * 2 * workers * most + 2 * most
    assert wanted <= BASE["Parameters"]["ConnectionsAlarm"]["Default"]


def connections_of_a_worker() -> int:
    text = (settings.BASE_DIR / "companion" / "settings.py").read_text(encoding="utf-8")
    [most] = re.findall(r'"max_size": (\d+)', text)
    return int(most)


def test_it_grows_by_work_and_by_requests() -> None:
    for name, metric in (
        ("ScalingByCpu", "ECSServiceAverageCPUUtilization"),
        ("ScalingByRequests", "ALBRequestCountPerTarget"),
    ):
        rule = properties(name)["TargetTrackingScalingPolicyConfiguration"]
        assert rule["PredefinedMetricSpecification"]["PredefinedMetricType"] == metric


def test_a_release_does_not_undo_the_scaling() -> None:
    """A number that is given is set again with each update of the stack."""
    assert properties("Service")["DesiredCount"] == {
        "Fn::If": ["IsStopped", 0, {"Ref": "AWS::NoValue"}]
    }
    assert properties("Scaling")["MinCapacity"] == {"Ref": "MinTasks"}


def test_a_log_that_takes_no_lines_holds_no_turn() -> None:
    for task in TASKS:
        log = container(task)["LogConfiguration"]
        assert (log["LogDriver"], log["Options"]["mode"]) == ("awslogs", "non-blocking")


def test_prune_runs_each_hour_with_the_migrated_image() -> None:
    schedule = properties("PruneHourly")
    assert schedule["ScheduleExpression"] == "cron(7 * * * ? *)"
    assert '"command": ["exec python manage.py prune"]' in schedule["Target"]["Input"]
    assert schedule["Target"]["EcsParameters"]["TaskDefinitionArn"] == {"Ref": "JobTask"}
