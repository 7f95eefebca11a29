"""Secrets are compared in a time that says nothing, and outbound calls go where settings say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("accounts", "companion", "skill_endpoint")
# names of what nobody may guess letter by letter
SECRET = re.compile(
    r"(?:^|_)(?:secret|token|signature|password|digest|hmac|mac|nonce|verifier|csrf|api_key|otp)"
    r"(?:s|_digest)?$",
    re.IGNORECASE,
)
# Here something is only called so, or time betrays nothing; the beginning of a path, and why.
NO_SECRET = {
    "accounts/oauth_trace/": "digests with a key of ours, compared when the answer has gone out",
    "companion/traces/parameter_checks.py": "the same digests, for operators",
    "companion/management/commands/restore.py": "of a file, against damage",
    "skill_endpoint/facts/loading.py": "of a text, to see that it changed",
    "skill_endpoint/skill_package/files.py": "of a file, to see that it changed",
}
CLIENTS = {"requests", "urllib3", "httpx", "socket", "boto3", "smtplib", "ftplib"}
# module -> what decides where it calls to
OUTBOUND = {
    "accounts/bounded.py": "reads what others asked for",
    "accounts/cognito/exchange.py": "COGNITO_DOMAIN_URL",
    "accounts/cognito/keys.py": "COGNITO_JWKS_URL, or the region and the pool",
    "accounts/metrics.py": "nowhere: it counts how calls of others ended",
    "accounts/oauth_trace/forward.py": "COGNITO_DOMAIN_URL",
    "accounts/pool/client.py": "AWS_ENDPOINT_URL, or Amazon",
    "companion/doctor/checks/linking.py": "settings, for operators",
    "companion/doctor/context.py": "AWS_ENDPOINT_URL, or Amazon",
    "companion/doctor/handshake.py": "settings, for operators",
    "companion/doctor/web.py": "settings, for operators",
    "companion/operations/recorder.py": "nowhere: the name of this host",
    "companion/patient_threads.py": "nowhere: it listens",
    "skill_endpoint/certificates.py": "a caller says, and a rule bounds it to one folder of Amazon",
    "skill_endpoint/certification/cases/transport.py": "an operator's command line",
    "skill_endpoint/certification/exchange.py": "an operator's command line",
}
# for a local run only: they are not installed on a server (companion.E004)
LOCAL = ("companion/local/", "skill_endpoint/simulator/")


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def names_in(node: ast.AST) -> Iterator[str]:
    """What an operand is called: a name, an attribute, a member by its key."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield str(node.slice.value)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"encode", "strip", "get"}:
            yield from names_in(node.func.value)
            yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
        else:
            yield from names_in(node.func)


def comparisons() -> Iterator[tuple[str, int, str]]:
    """Each == and != of something that is called like a secret, but with a constant."""
    for file, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare):
                continue
            if not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                continue
            operands = [node.left, *node.comparators]
            if any(isinstance(each, ast.Constant) for each in operands):
                continue  # empty or not; a number of these
            for name in (name for each in operands for name in names_in(each)):
                if SECRET.search(name):
                    yield file, node.lineno, name


def test_no_secret_is_compared_letter_by_letter() -> None:
    """hmac.compare_digest and constant_time_compare take as long whatever is equal."""
    found = {
        f"{file}:{line} {name}"
        for file, line, name in comparisons()
        if not file.startswith((*NO_SECRET, *LOCAL))
    }
    assert found == set()


def test_where_none_is_compared_something_is() -> None:
    files = {file for file, _line, _name in comparisons()}
    assert all(any(file.startswith(each) for file in files) for each in NO_SECRET)


def test_the_search_for_comparisons_finds_one() -> None:
    tree = ast.parse("if settings.METRICS_TOKEN != given.encode(): pass\nx = a.digest == b.digest")
    found = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for each in [node.left, *node.comparators]
        for name in names_in(each)
        if SECRET.search(name)
    ]
    assert sorted(found) == ["METRICS_TOKEN", "digest", "digest"]


def imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_every_module_that_can_call_out_is_known() -> None:
    """SSRF: of all these only the chain's address comes from a caller, and a rule bounds that."""
    callers = {
        name for name, tree in sources() if imports(tree) & CLIENTS and not name.startswith(LOCAL)
    }
    assert callers == set(OUTBOUND)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com.evil.example/echo.api/a.pem",
        "https://s3.amazonaws.com@evil.example/echo.api/a.pem",
        "https://evil.example/echo.api/a.pem#s3.amazonaws.com",
        "https://169.254.169.254/echo.api/latest/meta-data",
        "http://s3.amazonaws.com/echo.api/a.pem",
        "https://s3.amazonaws.com:8443/echo.api/a.pem",
        "https://s3.amazonaws.com/echo.api/../other-bucket/a.pem",
        "https://s3.amazonaws.com/echo.api/%2e%2e/other-bucket/a.pem",
        "https://s3.amazonaws.com\\@evil.example/echo.api/a.pem",
        "file:///etc/passwd",
        "https://ſ3.amazonaws.com/echo.api/a.pem",
    ],
)
def test_a_caller_sends_nobody_to_another_server(url: str) -> None:
    from skill_endpoint.certificates import CertificateRejected, normalised

    with pytest.raises(CertificateRejected) as refused:
        normalised(url)
    assert refused.value.reason == "certificate_url"
