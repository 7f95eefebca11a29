"""What a local AWS accepts without a word: least rights, and nothing secret in the access log."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from accounts.oauth_trace.gateway.stack import KIND, LOG_DAYS
from tests.accounts.pool.test_template import Loader

template = yaml.load(KIND.template.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
resources: dict[str, Any] = template["Resources"]


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[name]["Properties"]
    return found


def test_it_says_first_that_it_is_for_debugging_and_what_the_log_holds() -> None:
    assert "not for production" in template["Description"]
    assert "codes, tokens and client secrets" in template["Description"]


def test_it_takes_back_no_log_role_by_itself() -> None:
    assert resources["Account"]["DeletionPolicy"] == "Retain"
    assert resources["Account"]["Condition"] == resources["LogRole"]["Condition"]
    assert template["Parameters"]["SetLogRole"]["Default"] == "no"


def test_the_log_role_writes_logs_of_api_gateway_only() -> None:
    [policy] = properties("LogRole")["Policies"]
    describe, write = policy["PolicyDocument"]["Statement"]
    groups = [re.sub(r".*:log-group:", "", resource["Sub"]) for resource in write["Resource"]]

    assert describe == {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}
    assert groups == ["API-Gateway-Execution-Logs_*", "/aws/apigateway/welcome*", "${AccessLog}*"]
    assert all(action.startswith("logs:") for action in write["Action"])


def test_both_logs_go_with_the_stack_and_have_a_term() -> None:
    for name in ("ExecutionLog", "AccessLog"):
        assert resources[name]["DeletionPolicy"] == "Delete"
        assert properties(name)["RetentionInDays"] == {"Ref": "LogDays"}
    assert tuple(template["Parameters"]["LogDays"]["AllowedValues"]) == LOG_DAYS
    assert template["Parameters"]["LogDays"]["Default"] == 1


def test_the_access_log_has_no_query_and_nobodys_address() -> None:
    line = properties("Stage")["AccessLogSetting"]["Format"]
    values = set(re.findall(r"\$context\.[A-Za-z.]+", line))

    assert "\n" not in line
    assert json.loads(line.replace("$context.requestTimeEpoch", "1"))["path"] == "$context.path"
    assert values == {
        "$context.requestId",
        "$context.requestTimeEpoch",
        "$context.httpMethod",
        "$context.path",
        "$context.status",
        "$context.integration.status",
        "$context.integration.latency",
        "$context.responseLatency",
        "$context.error.responseType",
    }


def test_it_leads_to_the_one_server_and_limits_how_often() -> None:
    for name in ("Authorize", "Token", "Other"):
        assert properties(name)["Integration"]["Uri"]["Sub"].startswith("${OAuthUrl}")
    for setting in properties("Stage")["MethodSettings"]:
        assert setting["ThrottlingRateLimit"] == 10
