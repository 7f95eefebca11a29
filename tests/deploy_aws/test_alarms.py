"""Every alarm reaches somebody, and looks at something that there is."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from tests.deploy_aws.templates import BASE, RESOURCES, imported, of_type, properties

ALARMS = of_type("CloudWatch::Alarm")
FILTERS = of_type("Logs::MetricFilter")


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_tells_somebody_when_it_begins_and_when_it_ends(name: str) -> None:
    topic = {"Ref": "AlarmTopic"} if name in BASE["Resources"] else imported("AlarmTopic")
    assert ALARMS[name]["AlarmActions"] == ALARMS[name]["OKActions"] == [topic]
    assert ALARMS[name]["AlarmDescription"]
    assert "TreatMissingData" in ALARMS[name]


def test_what_amazon_counts_is_watched() -> None:
    metrics = [alarm for alarm in ALARMS.values() if "MetricName" in alarm] + [
        line["MetricStat"]["Metric"]
        for alarm in ALARMS.values()
        for line in alarm.get("Metrics", [])
        if "MetricStat" in line
    ]
    watched = {f"{each['Namespace']} {each['MetricName']}" for each in metrics}
    assert {each for each in watched if each.startswith("AWS/")} == {
        "AWS/ApplicationELB HTTPCode_Target_5XX_Count",
        "AWS/ApplicationELB HTTPCode_ELB_5XX_Count",
        "AWS/ApplicationELB TargetResponseTime",
        "AWS/ApplicationELB HealthyHostCount",
        "AWS/ECS CPUUtilization",
        "AWS/ECS MemoryUtilization",
        "AWS/RDS CPUUtilization",
        "AWS/RDS DatabaseConnections",
        "AWS/RDS FreeStorageSpace",
        "AWS/RDS FreeableMemory",
        "AWS/RDS ReplicaLag",
        "AWS/ElastiCache DatabaseMemoryUsagePercentage",
        "AWS/ElastiCache Evictions",
        "AWS/ElastiCache EngineCPUUtilization",
        "AWS/CertificateManager DaysToExpiry",
    }


def test_what_the_log_counts_is_watched() -> None:
    ours = {"Ref": "AWS::StackName"}
    watched = {each["MetricName"] for each in ALARMS.values() if each.get("Namespace") == ours}
    counted = set()
    for name, found in FILTERS.items():
        [metric] = found["MetricTransformations"]
        assert metric == {"MetricNamespace": ours, "MetricName": name, "MetricValue": "1"}
        counted.add(metric["MetricName"])
    assert watched == counted
    assert {"Apologies", "ReplayStoreFailures", "Pruned"} <= counted


def test_a_filter_looks_for_a_line_that_the_code_writes() -> None:
    events = set()
    for name in ("accounts", "companion", "skill_endpoint"):
        for path in (settings.BASE_DIR / name).rglob("*.py"):
            written = path.read_text(encoding="utf-8")
            events |= set(re.findall(r'log\.\w+\(\s*"(\w+)"', written))
    for name, found in FILTERS.items():
        if name == "Pruned":
            continue
        [event] = re.findall(r'\$\.event = "(\w+)\*?"', found["FilterPattern"])
        assert event in events, (name, event)


def test_prune_says_what_its_filter_looks_for() -> None:
    path = settings.BASE_DIR / "companion" / "management" / "commands" / "prune.py"
    text = path.read_text(encoding="utf-8")
    for word in re.findall(r'"([^"]+)"', FILTERS["Pruned"]["FilterPattern"]):
        assert word in text
    assert FILTERS["Pruned"]["LogGroupName"] == {"Ref": "JobLog"}
    assert ALARMS["PruneAlarm"]["TreatMissingData"] == "breaching"  # silence is the alarm


def test_a_failed_job_and_a_release_that_was_taken_back_are_told() -> None:
    for name in ("FailedTasks", "FailedReleases"):
        [target] = properties(name)["Targets"]
        assert target["Arn"] == imported("AlarmTopic")
    assert set(of_type("Events::Rule")) == {"FailedTasks", "FailedReleases"}


def test_only_aws_of_this_account_writes_to_the_topic() -> None:
    [statement] = properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {
        "Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_a_silent_balancer_or_database_is_an_alarm() -> None:
    for name in ("NobodyAlarm", "FewAlarm", "DatabaseCpuAlarm", "CacheMemoryAlarm"):
        assert ALARMS[name]["TreatMissingData"] == "breaching"


def test_there_is_a_way_for_a_mail() -> None:
    assert RESOURCES["AlarmMail"]["Condition"] == "HasAlarmEmail"
    assert properties("AlarmMail")["TopicArn"] == {"Ref": "AlarmTopic"}
