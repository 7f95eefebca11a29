"""deploy/monitoring and docs/monitoring.md speak of what there is: metrics, labels, runbooks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from django.urls import reverse
from prometheus_client import REGISTRY, Counter, Gauge, Histogram

import companion.metrics
import companion.urls  # noqa: F401 - with both, every metric is there
from companion import readiness
from companion.local.environment import BASE_DIR
from companion.operations.tasks import TASKS
from skill_endpoint import verification

FOLDER = BASE_DIR / "deploy" / "monitoring"
DOCUMENT = (BASE_DIR / "docs" / "monitoring.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))[
    "groups"
][0]["rules"]
# of Prometheus itself, and of the library
NOT_OURS = {
    *("up", "ALERTS", "probe_success", "probe_ssl_earliest_cert_expiry"),
    *("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
    "two_doors_task_failed",  # of deploy/told.sh
}
# it always fires
WATCHDOG = "Watchdog"
JOBS = {"small-wonders", *(f"small-wonders-{of}" for of in ("outside", "ready", "machine"))}
WORDS = {
    *("sum", "min", "max", "rate", "increase", "by", "le", "and", "or", "on", "offset", "time"),
    *("histogram_quantile", "changes", "min_over_time", "bool", "count", "unless"),
}
SELECTOR = re.compile(r"(?<![\w$])([a-z_]{2,})\{([^{}]*)\}")


def ours() -> dict[str, tuple[str, frozenset[str]]]:
    """Each metric's name as it is scraped, with its type and its labels."""
    found = {}
    for metric in {id(each): each for each in REGISTRY._collector_to_names}.values():
        if isinstance(metric, Counter | Gauge | Histogram):
            suffix = "_total" if isinstance(metric, Counter) else ""
            kind = type(metric).__name__.lower()
            found[metric._name + suffix] = kind, frozenset(metric._labelnames)
    return {name: each for name, each in found.items() if not name.startswith("python_gc_")}


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for rule in RULES:
        if rule["alert"] != WATCHDOG:
            yield rule["expr"]


def test_the_document_has_each_metric_with_its_type_and_labels() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| ([^|]+) \|$", DOCUMENT, re.MULTILINE)
    told = {
        name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows
    }
    assert told == ours()


def test_each_reason_of_the_voice_door_is_explained() -> None:
    part = DOCUMENT.partition("**Why the voice door refuses.**")[2].partition("\n\n**")[0]
    told = {
        name
        for cell in re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    reasons = {reason for each in get_args(verification.Reason) for reason in get_args(each)}
    assert told - {"reason"} == reasons


def test_a_name_says_what_it_counts_as_prometheus_has_it() -> None:
    for name, (kind, labels) in ours().items():
        assert name.endswith("_total") is (kind == "counter"), name
        if kind == "histogram":
            assert name.endswith("_seconds"), name
        assert not labels & {"sub", "user", "user_id", "email", "path", "url", "name"}, name


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_names_what_there_is(expression: str) -> None:
    known = ours()
    named = SELECTOR.findall(expression)
    assert named
    for name, selector in named:
        if name in NOT_OURS:
            continue
        base = re.sub(r"_(bucket|count|sum)$", "", name)
        assert name in known or known.get(base, ("",))[0] == "histogram", name
        assert 'job="small-wonders"' in selector or "$job" in selector, expression
        labels = set(re.findall(r"(\w+)\s*[=!]~?", selector)) - {"job", "instance"}
        labels -= {"le"} if name.endswith("_bucket") else set()
        assert labels <= known[name if name in known else base][1], name
    # nothing of it is left outside of a selector: a name without one would be of every job
    rest = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\$\w+', " ", SELECTOR.sub(" ", expression))
    by = set(re.findall(r"\b(?:by|on) \(([^)]*)\)", expression))
    grouped = {label.strip() for each in by for label in each.split(",")}
    assert set(re.findall(r"(?<![\w.])[a-z_]{3,}", rest)) <= WORDS | grouped
    assert expression.count("(") == expression.count(")")


def test_each_alert_has_its_part_of_the_document() -> None:
    parts = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
    assert set(parts) == {rule["alert"] for rule in RULES}
    for rule in RULES:
        name = rule["alert"]
        link = f"{{{{ $externalLabels.documents }}}}/monitoring.md#{name.lower()}"
        assert rule["annotations"]["runbook_url"] == link
        severities = {"none"} if name == WATCHDOG else {"page", "ticket"}
        assert rule["labels"]["severity"] in severities
        for word in ("**For people:**", "**Do:**"):
            assert word in parts[name], name


def configuration(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def test_an_alert_finds_somebody() -> None:
    """Prometheus hands them on, each severity has a receiver, and runbooks have an address."""
    prometheus, alertmanager = configuration("prometheus.yml"), configuration("alertmanager.yml")
    assert prometheus["alerting"]["alertmanagers"]
    assert prometheus["global"]["external_labels"]["documents"].startswith("https://")
    assert {each["job_name"] for each in prometheus["scrape_configs"]} == JOBS
    probes = [each for each in prometheus["scrape_configs"] if "params" in each]
    modules = [module for each in probes for module in each["params"]["module"]]
    assert modules == [*configuration("blackbox.yml")["modules"]]
    receivers = {each["name"] for each in alertmanager["receivers"]}
    route = alertmanager["route"]
    assert receivers == {route["receiver"], *(each["receiver"] for each in route["routes"])}
    by_severity = {
        matcher: each["receiver"] for each in route["routes"] for matcher in each["matchers"]
    }
    assert by_severity == {'severity="page"': "pages", 'severity="none"': "watched"}


def test_somebody_asks_whether_the_site_can_do_its_work() -> None:
    """nginx lets nobody ask from outside: without this probe NotReady never fires."""
    jobs = {each["job_name"]: each for each in configuration("prometheus.yml")["scrape_configs"]}
    job, site = jobs["small-wonders-ready"], jobs["small-wonders"]
    ((target,),) = [each["targets"] for each in job["static_configs"]]
    ((server,),) = [each["targets"] for each in site["static_configs"]]
    assert target == f"http://{server}{reverse('readyz')}"
    (named,) = [each for each in job["relabel_configs"] if "regex" in each]
    found = re.fullmatch(named["regex"], target)
    assert found
    assert (named["target_label"], found[1]) == ("instance", server)  # as `up` of the site has it
    module = configuration("blackbox.yml")["modules"][job["params"]["module"][0]]
    assert module["http"]["valid_status_codes"] == [200]
    assert float(module["timeout"].rstrip("s")) > readiness.PATIENCE


def test_what_silences_an_alert_names_one_that_there_is() -> None:
    names = {rule["alert"] for rule in RULES}
    rules = configuration("alertmanager.yml")["inhibit_rules"]
    for rule in rules:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, value = re.split("=~?", matcher)
            known = set(TASKS) if label == "task" else names
            assert set(value.strip('"').split("|")) <= known, matcher


def test_a_share_counts_from_a_number_on() -> None:
    shares = {rule["alert"]: rule["expr"] for rule in RULES if "\n/ sum" in rule["expr"]}
    assert set(shares) == {"TurnsFail", "LinksAreBroken", "PagesFail"}
    for name, expression in shares.items():
        assert re.search(r"\nand sum\(increase\(.*> \d+\.5", expression, re.DOTALL), name


def test_the_dashboard_can_be_laid_out() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Voice", "Doors", "Linking", "Dependencies", "Process"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


# --- promtool: it comes with Prometheus --------------------------------------------------------

# what is scraped each minute for two hours: `a+bx120` begins at a and grows by b
WELL = {
    'up{job="small-wonders", instance="a"}': "1x120",
    'alexa_turns_total{job="small-wonders", outcome="answered"}': "0+60x120",
    'alexa_turns_total{job="small-wonders", outcome="apology"}': "0+0x120",
    'alexa_turn_seconds_bucket{job="small-wonders", le="0.016"}': "0+60x120",
    'alexa_turn_seconds_bucket{job="small-wonders", le="1.0"}': "0+60x120",
    'alexa_turn_seconds_bucket{job="small-wonders", le="+Inf"}': "0+60x120",
    'alexa_turn_seconds_count{job="small-wonders"}': "0+60x120",
    'voice_tokens_refused_total{job="small-wonders", reason="expired"}': "0+1x120",
    'voice_tokens_refused_total{job="small-wonders", reason="keys_unavailable"}': "0+0x120",
    'alexa_requests_rejected_total{job="small-wonders", reason="signature"}': "0+30x120",
    'alexa_requests_rejected_total{job="small-wonders", reason="certificate_fetch"}': "0+0x120",
    'account_linking_stages_total{job="small-wonders", stage="authorize"}': "0+1x120",
    'account_linking_stages_total{job="small-wonders", stage="token"}': "0+1x120",
    'http_request_seconds_count{job="small-wonders", area="site", status="2xx"}': "0+60x120",
    'http_request_seconds_count{job="small-wonders", area="site", status="5xx"}': "0+0x120",
    'readiness_failures_total{job="small-wonders", instance="a", part="database"}': "0+0x120",
    'readiness_failures_total{job="small-wonders", instance="a", part="cache"}': "0+5x120",
    'database_pool_request_errors_total{job="small-wonders", instance="a"}': "0+0x120",
    'database_pool_waiting{job="small-wonders", instance="a"}': "0 0 3 0x117",
    'shared_cache_failures_total{job="small-wonders", instance="a", purpose="kept"}': "0+0x120",
    'alexa_replay_store_failures_total{job="small-wonders"}': "0+0x120",
    'outbound_last_success_timestamp_seconds{job="small-wonders", instance="a",'
    ' service="key_set"}': "0+60x120",
    'rate_limit_refusals_total{job="small-wonders", scope="alexa"}': "0+1x120",
    # a deployment: two workers take the places of two
    'newest_worker_start_timestamp_seconds{job="small-wonders", instance="a"}': "9x60 99 100x58",
    'task_awaited_since_timestamp_seconds{job="small-wonders", task="prune"}': "0+60x120",
    'task_awaited_since_timestamp_seconds{job="small-wonders", task="backup"}': "0x120",
    'probe_success{job="small-wonders-outside", instance="o"}': "1x58 0 1x60",
    # one that is told to stop says 503 for a while
    'probe_success{job="small-wonders-ready", instance="a"}': "1x117 0 0 0",
    'two_doors_task_failed{job="small-wonders-machine", instance="m", task="backup"}': "0x120",
    'probe_ssl_earliest_cert_expiry{job="small-wonders-outside", instance="o"}': "5000000x120",
    'node_filesystem_avail_bytes{job="small-wonders-machine", mountpoint="/"}': "20x120",
    'node_filesystem_avail_bytes{job="small-wonders-machine", fstype="tmpfs"}': "0x120",
    'node_filesystem_size_bytes{job="small-wonders-machine", mountpoint="/"}': "100x120",
    'node_filesystem_size_bytes{job="small-wonders-machine", fstype="tmpfs"}': "100x120",
}
# by alert: what is otherwise
AMISS = {
    "SiteDown": {
        'up{job="small-wonders", instance="a"}': "0x120",
        'probe_success{job="small-wonders-ready", instance="a"}': "0x120",
    },
    "TurnsFail": {'alexa_turns_total{job="small-wonders", outcome="apology"}': "0+3x120"},
    "TurnsAreSlow": {
        'alexa_turn_seconds_bucket{job="small-wonders", le="0.016"}': "0+50x120",
        'alexa_turn_seconds_bucket{job="small-wonders", le="1.0"}': "0+50x120",
        'alexa_turn_seconds_bucket{job="small-wonders", le="4.0"}': "0+60x120",
    },
    "ChainsCannotBeFetched": {
        'alexa_requests_rejected_total{job="small-wonders", reason="certificate_fetch"}': "0+1x120"
    },
    "AccountsOutOfReach": {
        'voice_tokens_refused_total{job="small-wonders", reason="keys_unavailable"}': "0+1x120"
    },
    "LinksAreBroken": {
        'voice_tokens_refused_total{job="small-wonders", reason="expired"}': "0+6x120"
    },
    "LinkingFails": {'account_linking_stages_total{job="small-wonders", stage="token"}': "0+0x120"},
    "PagesFail": {
        'http_request_seconds_count{job="small-wonders", area="site", status="5xx"}': "0+3x120"
    },
    "TooManyAtOnce": {
        'server_refusals_total{job="small-wonders", reason="late", kind="page"}': "0+12x120"
    },
    # on a skill that nobody speaks to, too
    "NotReady": {
        'probe_success{job="small-wonders-ready", instance="a"}': "1x110 0x10",
        'alexa_turns_total{job="small-wonders", outcome="answered"}': "0x120",
        'voice_tokens_refused_total{job="small-wonders", reason="expired"}': "0x120",
    },
    "ConnectionsRunOut": {'database_pool_waiting{job="small-wonders", instance="a"}': "2x120"},
    "SharedCacheIsAway": {
        'shared_cache_failures_total{job="small-wonders", instance="a", purpose="kept"}': "0+9x120"
    },
    "ReplaysAreNotSeen": {'alexa_replay_store_failures_total{job="small-wonders"}': "0+1x120"},
    "ManyAreTurnedAway": {
        'rate_limit_refusals_total{job="small-wonders", scope="alexa"}': "0+90x120"
    },
    "WorkersDie": {
        'newest_worker_start_timestamp_seconds{job="small-wonders", instance="a"}': "0+60x120"
    },
    "PruneIsLate": {
        # four hours before the beginning
        'task_awaited_since_timestamp_seconds{job="small-wonders", task="prune"}': "-14400x120"
    },
    "BackupIsOld": {
        'task_awaited_since_timestamp_seconds{job="small-wonders", task="backup"}': "-93600x120"
    },
    "TaskFailed": {
        'two_doors_task_failed{job="small-wonders-machine", instance="m", task="backup"}': "1x120"
    },
    "NotReachable": {'probe_success{job="small-wonders-outside", instance="o"}': "1x100 0x20"},
    "CertificateEnds": {
        'probe_ssl_earliest_cert_expiry{job="small-wonders-outside", instance="o"}': "900000x120"
    },
    "DiskIsFull": {
        'node_filesystem_avail_bytes{job="small-wonders-machine", mountpoint="/"}': "9x120"
    },
}
# of few, one is a large share: nobody is woken
FEW = {
    "one apology of seven turns": {
        'alexa_turns_total{job="small-wonders", outcome="answered"}': "0x112 0+1x7",
        'alexa_turns_total{job="small-wonders", outcome="apology"}': "0x116 1x3",
        'voice_tokens_refused_total{job="small-wonders", reason="expired"}': "0x120",
    },
    "two slow turns of seven": {
        'alexa_turn_seconds_bucket{job="small-wonders", le="0.016"}': "0x112 0 1 2 3 4 5 5 5",
        'alexa_turn_seconds_bucket{job="small-wonders", le="1.0"}': "0x112 0 1 2 3 4 5 5 5",
        'alexa_turn_seconds_bucket{job="small-wonders", le="+Inf"}': "0x112 0 1 2 3 4 5 6 7",
        'alexa_turn_seconds_count{job="small-wonders"}': "0x112 0 1 2 3 4 5 6 7",
    },
    "three bad tokens of thirty": {
        'alexa_turns_total{job="small-wonders", outcome="answered"}': "0x90 0+1x29",
        'voice_tokens_refused_total{job="small-wonders", reason="expired"}': "0x90 0x26 1 2 3",
    },
    "one page of five that failed": {
        'http_request_seconds_count{job="small-wonders", area="site", status="2xx"}': "0x114 0+1x5",
        'http_request_seconds_count{job="small-wonders", area="site", status="5xx"}': "0x116 1x3",
    },
}


@pytest.fixture(scope="module")
def promtool() -> str:
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if not found:
        pytest.skip("promtool is not installed: sudo apt-get install prometheus")
    return found


def firing(
    promtool: str,
    folder: Path,
    series: dict[str, str],
    *,
    expected: str,
    at: str = "2h",
    interval: str = "1m",
    of: str = "",
) -> str:
    """What promtool has against it: nothing where `expected` fires at last and no other alert."""
    which = f'alertname="{of}"' if of else f'alertname!="{WATCHDOG}"'
    query = f'count by (alertname) (ALERTS{{alertstate="firing", {which}}}) > bool 0'
    samples = [{"labels": f'{{alertname="{expected}"}}', "value": 1}] if expected else []
    (folder / "test.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(FOLDER / "alerts.yml")],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": interval,
                        "input_series": [
                            {"series": name, "values": values} for name, values in series.items()
                        ],
                        "promql_expr_test": [
                            {"expr": query, "eval_time": at, "exp_samples": samples}
                        ],
                    }
                ],
            }
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [promtool, "test", "rules", str(folder / "test.yml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_files_are_prometheus(promtool: str) -> None:
    for what in (["rules", "alerts.yml"], ["config", "--syntax-only", "prometheus.yml"]):
        subprocess.run([promtool, "check", *what], cwd=FOLDER, capture_output=True, check=True)


def test_the_expressions_of_the_dashboard_can_be_read(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression}
        for number, expression in enumerate(
            each.replace("[$__rate_interval]", "[1m]").replace("$job", "small-wonders")
            for each in expressions()
        )
    ]
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8"
    )
    done = subprocess.run(
        [promtool, "check", "rules", str(tmp_path / "rules.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_where_all_is_well_no_alert_fires(promtool: str, tmp_path: Path) -> None:
    assert firing(promtool, tmp_path, WELL, expected="") == ""


@pytest.mark.parametrize("alert", sorted(AMISS))
def test_an_alert_fires_where_it_should_and_alone(
    promtool: str, tmp_path: Path, alert: str
) -> None:
    assert firing(promtool, tmp_path, WELL | AMISS[alert], expected=alert) == ""


@pytest.mark.parametrize("case", sorted(FEW))
def test_nobody_is_woken_by_one_of_few(promtool: str, tmp_path: Path, case: str) -> None:
    assert firing(promtool, tmp_path, WELL | FEW[case], expected="") == ""


def test_a_cache_that_is_away_is_one_ticket(promtool: str, tmp_path: Path) -> None:
    """Replays go unseen by it, which is the same event."""
    both = AMISS["SharedCacheIsAway"] | AMISS["ReplaysAreNotSeen"]
    assert firing(promtool, tmp_path, WELL | both, expected="SharedCacheIsAway") == ""


def test_an_installation_without_the_other_exporters_hears_of_the_site_alone(
    promtool: str, tmp_path: Path
) -> None:
    """And one whose database somebody else backs up has no alert of backups."""
    site = {
        name: values
        for name, values in WELL.items()
        if 'job="small-wonders"' in name and 'task="backup"' not in name
    }
    assert firing(promtool, tmp_path, site, expected="") == ""


WITHOUT_TASKS = {name: values for name, values in WELL.items() if not name.startswith("task_")}


def test_a_prune_that_no_server_speaks_of_is_an_alert(promtool: str, tmp_path: Path) -> None:
    start = {
        'newest_worker_start_timestamp_seconds{job="small-wonders", instance="a"}': "-14400x120"
    }
    assert firing(promtool, tmp_path, WITHOUT_TASKS | start, expected="PruneIsLate") == ""


def test_nor_is_it_where_the_site_began_an_hour_ago(promtool: str, tmp_path: Path) -> None:
    start = {'newest_worker_start_timestamp_seconds{job="small-wonders", instance="a"}': "3600x120"}
    assert firing(promtool, tmp_path, WITHOUT_TASKS | start, expected="") == ""


def test_what_is_merely_degraded_wakes_nobody(promtool: str, tmp_path: Path) -> None:
    """Keys that are old, a pool that is in use: the counter has them, and the probe a 200."""
    series = {
        f'readiness_failures_total{{job="small-wonders", instance="a", part="{part}"}}': "0+2x120"
        for part in ("database", "keys")
    }
    assert firing(promtool, tmp_path, WELL | series, expected="") == ""


def test_the_watchdog_always_fires(promtool: str, tmp_path: Path) -> None:
    """Where nothing is scraped, too."""
    assert firing(promtool, tmp_path, {}, expected=WATCHDOG, of=WATCHDOG) == ""


def test_silence_after_a_day_with_turns_is_an_alert(promtool: str, tmp_path: Path) -> None:
    series = {
        'alexa_turns_total{job="small-wonders", outcome="answered"}': "0+10x144 1440x200",
    }
    assert (
        firing(promtool, tmp_path, series, expected="NobodyIsHeard", at="28h", interval="10m") == ""
    )


def test_keys_that_nobody_could_fetch_for_hours_are_an_alert(promtool: str, tmp_path: Path) -> None:
    name = (
        'outbound_last_success_timestamp_seconds{job="small-wonders", instance="a",'
        ' service="key_set"}'
    )
    assert firing(promtool, tmp_path, {name: "60x300"}, expected="KeysAreOld", at="4h") == ""


def test_no_alert_is_left_out() -> None:
    assert {*AMISS, "NobodyIsHeard", "KeysAreOld", WATCHDOG} == {rule["alert"] for rule in RULES}
