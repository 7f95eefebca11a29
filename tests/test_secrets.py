"""No secret stands in the repository, now or in any commit: by the shapes that secrets have.

What looks like one and is none is named in HARMLESS with its reason. Should a real one be found:
it is no secret any more from the moment it was pushed. Replace it where it is used, and only then
think of the history.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 2_000_000  # bytes of a file; nobody types a secret into a longer one
LONGEST = 20_000  # characters of a line

SHAPES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\\?[rn\s]+[A-Za-z0-9+/]{40}",
        "an AWS access key": r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])",
        "an AWS secret key": (
            r"(?i)aws.{0,20}(?:secret|key).{0,20}[\"'= ][A-Za-z0-9/+]{40}(?![\w/+=])"
        ),
        "a signed JSON Web Token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{300,}",
        "an encrypted JSON Web Token": r"eyJ[\w-]{20,}(?:\.[\w-]{100,}\.[\w-]{10,}){2}",
        "a client secret of Cognito": (
            r"(?<![\w/+=-])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{48,56}(?![\w/+=-])"
        ),
        "a client secret of Amazon's": r"amzn1\.oa2-cs\.v1\.[0-9a-f]{32,}",
        "a token of Amazon's": r"Atz[ar]\|[\w-]{60,}",
        "a token of GitHub's": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,})",
        "a token of Slack's": r"\bxox[abeoprs]-[\w-]{20,}",
        "a key of Google's": r"\bAIza[\w-]{35}",
        "a key of Stripe's": r"\b[rs]k_live_\w{20,}",
        "a token of a package index": r"\b(?:pypi-AgE[\w-]{50,}|npm_[A-Za-z0-9]{36})",
        "an address of Sentry": r"https://[0-9a-f]{32}(?::[0-9a-f]{32})?@[\w.-]*sentry\.io/\d+",
        "a password in an address": r"\b[a-z][a-z0-9+]{2,}://[\w.-]*:(?P<secret>[^\s/@\"'<>{}$…*]{6,})@",
        "a value named as a secret": (
            r"(?i)(?:secret|passw(?:or)?d|token|api_?key)[\"']?\s*[:=]\s*[\"']?(?P<secret>[\w+/=-]{20,})"
        ),
    }.items()
}
# those by whose shape a word could be meant as well: only what nobody would think of
_BY_CHANCE = frozenset({"a password in an address", "a value named as a secret"})
RANDOM = 3.9  # bits a character: names and sentences have fewer, twenty letters by chance more

# what is found, to its beginning: why it is no secret
HARMLESS: dict[str, str] = {
    "ver1f1er" * 2: "one word, to be a code verifier of a test",
    "MpPIKzXPLQWmzDWs/": "made up for a test: a secret with slashes",
    "1abcdefghij0123456789": "the alphabet",
    "planted-": "planted by tests, to see that it goes nowhere",
    "another-secret-": "as above",
}


def found_in(text: str) -> Iterator[tuple[str, str]]:
    """(what it is, the text itself)"""
    for name, shape in SHAPES.items():
        for match in shape.finditer(text):
            value = match.groupdict().get("secret") or match[0]
            if name in _BY_CHANCE and not is_random(value):
                continue
            if not any(value.startswith(each) for each in HARMLESS):
                yield name, value


def is_random(text: str) -> bool:
    counts = Counter(text)
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return bits >= RANDOM and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def shown(value: str) -> str:
    """Enough to find it: a log of tests is read by many."""
    return f"{value[:6]}… ({len(value)} characters)"


def git(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, input=given, capture_output=True, check=True
    ).stdout


@pytest.fixture
def _repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git repository")


@pytest.mark.usefixtures("_repository")
def test_no_secret_is_in_a_file() -> None:
    names = git("ls-files", "-z", "-co", "--exclude-standard").decode().split("\0")
    files = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    found = [
        f"{file.relative_to(ROOT)}: {what}: {shown(value)}"
        for file in files
        if file.stat().st_size <= LARGEST
        for what, value in found_in(file.read_text(encoding="utf-8", errors="replace"))
    ]

    assert len(files) > 500
    assert found == []


@pytest.mark.usefixtures("_repository")
def test_no_secret_is_in_the_history() -> None:
    """All that any commit added; in a clone of one commit, all of that one."""
    changes = git(
        "log", "--all", "-m", "-p", "-U0", "--no-renames", "--no-color", "--format=%x00%h"
    )
    commits = changes.decode("utf-8", "replace").split("\0")
    found = [
        f"git show {commit[:12].split()[0]}: {what}: {shown(value)}"
        for commit in commits[1:]
        for what, value in found_in(added(commit))
    ]

    assert len(commits) > 1
    assert found == []


def added(commit: str) -> str:
    lines = commit.split("\n")
    return "\n".join(each[1:] for each in lines if each.startswith("+") and len(each) < LONGEST)


# put together here: as a whole each would be found in this file
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a private key", "-----BEGIN RSA PRIVATE" + " KEY-----\n" + "MIIEpAIBAAKCAQEA" * 4),
        ("an AWS access key", "AKIA" + "IOSFODNN7ABCDEFG"),
        (
            "an AWS secret key",
            "aws_secret_access_key = wJalrXUtnFEMI/" + "K7MDENG/bPxRfiCYzzzzzzzKEY",
        ),
        ("a signed JSON Web Token", "eyJhbGciOiJSUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "aB3-" * 86),
        ("a client secret of Cognito", "secret: " + "1a2b3c4d5e" * 5 + "q"),
        ("a client secret of Amazon's", "amzn1.oa2-cs.v1." + "0f" * 32),
        ("a token of GitHub's", "ghp_" + "aB3dE6gH9j" * 3 + "kLmN12"),
        ("an address of Sentry", "https://" + "0123456789abcdef" * 2 + "@o1.ingest.sentry.io/42"),
        ("a password in an address", "postgres://site:" + "x7Kq2mZr9TpL4vBd" + "@db.internal/site"),
        ("a value named as a secret", "COGNITO_WEB_CLIENT_SECRET=" + "x7Kq2mZr9TpL4vBdH3sWc8"),
    ],
)
def test_it_knows_a_secret_when_it_sees_one(what: str, text: str) -> None:
    assert what in [each for each, _ in found_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        "secret = settings.COGNITO_ALEXA_CLIENT_SECRET",
        "postgres://site:password@localhost/site",
        "client_secret=the-secret-of-the-client",
        "--hash=sha256:" + "0a" * 32,
    ],
)
def test_it_does_not_take_a_name_for_one(text: str) -> None:
    assert list(found_in(text)) == []
