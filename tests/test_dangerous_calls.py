"""Calls that are dangerous in the wrong hands: each that there is stands here with its reason.

Beside ruff's S rules, which look at one call at a time and are silenced where they stand. A call
that goes leaves its line here, too: the test fails until it is gone.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "companion", "deploy", "skill_endpoint")  # what people install

# what is called, by its last name: why it is dangerous
CALLS = {
    "mark_safe": "HTML that nobody escapes",
    "SafeString": "HTML that nobody escapes",
    "RawSQL": "SQL of our own making",
    "extra": "SQL of our own making",
    "raw": "SQL of our own making",
    "eval": "runs text",
    "exec": "runs text",
    "compile": "makes a program of text",
    "__import__": "runs a file by its name",
    "system": "a shell reads it",
    "popen": "a shell reads it",
    "getoutput": "a shell reads it",
    "mktemp": "somebody else may make the file first",
    "extractall": "writes where the archive says",
    "unsafe_load": "makes objects of any class",
    "_create_unverified_context": "TLS with anybody",
    "get_unverified_header": "says what anybody wrote",
    "chown": "gives a file away",
    "SHA1": "two texts can have one digest",
    "MD5": "two texts can have one digest",
}
IMPORTS = {
    "pickle": "makes objects of any class",
    "marshal": "makes programs of bytes",
    "shelve": "is pickle",
    "dill": "is pickle",
    "random": "can be foretold",
    "telnetlib": "sends in the clear",
    "ftplib": "sends in the clear",
    "xml.etree": "expands entities",
    "xml.dom": "expands entities",
    "xml.sax": "expands entities",
}
SQL = "SQL that is put together"
_FORMATTED = "a number that stands in the code"
_OUR_TABLE = "the name is our own table's; all else are parameters"

# file, what: how often, and why it is in order there
IN_ORDER: dict[tuple[str, str], tuple[int, str]] = {
    ("accounts/cognito/tokens.py", "get_unverified_header"): (
        1,
        "only to find the key of the pool's set; the algorithm is compared with one word",
    ),
    ("accounts/oauth_trace/briefly.py", SQL): (3, _FORMATTED),
    ("accounts/oauth_trace/views.py", "csrf_exempt"): (
        3,
        "Alexa has no cookie of ours; nothing that is done is done for who is signed in",
    ),
    ("companion/backup/sqlite.py", SQL): (2, _OUR_TABLE),
    ("companion/doctor/handshake.py", "CERT_NONE"): (1, "to read a certificate that was refused"),
    ("companion/doctor/handshake.py", "check_hostname"): (1, "as above"),
    ("companion/doctor/handshake.py", "verify=False"): (1, "as above: nothing is sent over it"),
    ("companion/doctor/pool_template.py", "yaml.load"): (1, "by a SafeLoader, a file of ours"),
    ("companion/forms.py", "mark_safe"): (1, "joins what format_html escaped"),
    ("companion/local/keeper.py", "preexec_fn"): (1, "before any thread: the server's own user"),
    ("companion/local/services.py", SQL): (1, "the name stands in the code; only on loopback"),
    ("companion/local/services.py", "chown"): (2, "a server of root's runs as another user"),
    ("companion/local/scenario/leaks.py", SQL): (2, "the catalogue's own names, of a throw-away"),
    ("companion/operations/models.py", SQL): (1, _OUR_TABLE),
    ("companion/postgresql/replanning.py", SQL): (2, "hands on what Django gave, parameters apart"),
    ("companion/streak.py", "RawSQL"): (1, "a constant; all else are parameters"),
    ("companion/templatetags/traces.py", "mark_safe"): (1, "joins what format_html escaped"),
    ("companion/tracing.py", SQL): (2, "hands on what Django gave, parameters apart"),
    ("skill_endpoint/certification/cases/accepted.py", "SHA1"): (
        1,
        "the older header that Alexa still sends; nobody is believed by it",
    ),
    ("skill_endpoint/codec_reading.py", "import_module"): (
        1,
        "names that the SDK's own classes declare, at start",
    ),
    ("skill_endpoint/models.py", SQL): (1, _OUR_TABLE),
    ("skill_endpoint/prepared.py", SQL): (1, "what Django compiled of a query, kept"),
    ("skill_endpoint/simulator/expired.py", "get_unverified_header"): (1, "of the local pool"),
    ("skill_endpoint/simulator/expired.py", "jwt.decode of any algorithm"): (
        1,
        "a copy of a token of the local pool, an hour older; nobody is believed by it",
    ),
    ("skill_endpoint/simulator/forward.py", "csrf_exempt"): (
        1,
        "for the ASK toolkit, which has no cookie; only with DEV_TOOLS, only from this machine",
    ),
    ("skill_endpoint/views.py", "csrf_exempt"): (1, "Alexa has no cookie; her signature is asked"),
}

HTML_IN_ORDER = {
    "skill_endpoint/certification/report.html": "its own style sheet, from the file beside it",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path, text in texts():
        yield path, ast.parse(text)


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def whole_name(called: ast.expr) -> str:
    """`requests.get` of requests.get(…)."""
    if isinstance(called, ast.Attribute):
        return f"{whole_name(called.value)}.{called.attr}"
    return getattr(called, "id", "")


def argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def is_constant(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def is_proposal(call: ast.Call) -> bool:
    """Of a change to the pool's template, which is executed too."""
    return bool(call.args) and name_of(call.args[0]) == "proposal"


def dangers(tree: ast.Module) -> Iterator[str]:
    """What a module does that is on the lists, by the name that IN_ORDER has for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Call):
            yield from _called(node)
        elif isinstance(node, ast.Assign) and any(
            name_of(target) == "check_hostname" for target in node.targets
        ):
            yield "check_hostname"
        elif isinstance(node, ast.Attribute) and node.attr == "CERT_NONE":
            yield "CERT_NONE"
        elif isinstance(node, ast.FunctionDef):
            yield from (
                "csrf_exempt" for each in node.decorator_list if name_of(each) == "csrf_exempt"
            )


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
    for banned in IMPORTS:
        # escape() and its like read nothing
        if any(name == banned or name.startswith(f"{banned}.") for name in names) and not any(
            name.startswith("xml.sax.saxutils") for name in names
        ):
            yield f"import {banned}"


def _called(call: ast.Call) -> Iterator[str]:
    name, whole = name_of(call.func), whole_name(call.func)
    if name in CALLS and whole not in {"re.compile", "request.raw"}:
        yield name
    if is_constant(argument(call, "shell"), True):
        yield "shell=True"
    if argument(call, "preexec_fn") is not None:
        yield "preexec_fn"
    if is_constant(argument(call, "verify"), False):
        yield "verify=False"
    if whole == "yaml.load":
        yield "yaml.load"
    if whole in {"hashlib.md5", "hashlib.sha1"}:
        yield whole
    if whole == "jwt.decode" and argument(call, "algorithms") is None:
        yield "jwt.decode of any algorithm"
    is_sql = name in {"execute", "executemany"} and not is_proposal(call)
    if is_sql and call.args and not isinstance(call.args[0], ast.Constant):
        yield SQL
    verbs = {"get", "post", "put", "delete", "head", "patch", "options", "request"}
    if whole.startswith("requests.") and name in verbs and argument(call, "timeout") is None:
        yield "requests without a timeout"
    if whole == "urllib.request.urlopen" or name == "urlopen":
        yield "urlopen"
    if whole == "importlib.import_module" and not isinstance(call.args[0], ast.Constant):
        yield "import_module"


def test_each_dangerous_call_is_known_and_has_its_reason() -> None:
    found = Counter((path, what) for path, tree in sources() for what in dangers(tree))
    known = {place: count for place, (count, _) in IN_ORDER.items()}

    assert dict(found) == known


def test_no_template_leaves_out_the_escaping() -> None:
    files = [
        path
        for path in ROOT.rglob("*.html")
        if not {".venv", ".local", "node_modules", "staticfiles"}
        & set(path.relative_to(ROOT).parts)
    ]
    found = {
        str(path.relative_to(ROOT))
        for path in files
        if re.search(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off", path.read_text("utf-8"))
    }

    assert len(files) > 50
    assert found == set(HTML_IN_ORDER)


def test_no_program_reads_otherwise_than_it_runs() -> None:
    """Marks that turn the direction of a line around can hide what it does."""
    turns = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
    found = {path for path, text in texts() if turns.search(text)}

    # how a date is written in Arabic
    assert found == {"companion/formats/ar/formats.py"}


def texts() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("from django.utils.safestring import mark_safe; mark_safe(x)", "mark_safe"),
        ("people.extra(where=[x])", "extra"),
        ("cursor.execute(f'SELECT {x}')", SQL),
        ("cursor.execute('SELECT %s' % x)", SQL),
        ("import pickle", "import pickle"),
        ("from pickle import loads", "import pickle"),
        ("from xml.etree import ElementTree", "import xml.etree"),
        ("import xml.etree.ElementTree", "import xml.etree"),
        ("subprocess.run(x, shell=True)", "shell=True"),
        ("requests.get(x)", "requests without a timeout"),
        ("requests.get(x, timeout=1, verify=False)", "verify=False"),
        ("context.check_hostname = False", "check_hostname"),
        ("hashlib.sha1(x)", "hashlib.sha1"),
        ("yaml.load(x, Loader)", "yaml.load"),
        ("tempfile.mktemp()", "mktemp"),
        ("jwt.decode(x, key)", "jwt.decode of any algorithm"),
        ("from random import choice", "import random"),
        ("importlib.import_module(x)", "import_module"),
        ("@csrf_exempt\ndef view(request): ...", "csrf_exempt"),
    ],
)
def test_it_sees_what_it_is_to_see(line: str, what: str) -> None:
    assert what in dangers(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        "re.compile(x)",
        "cursor.execute('SELECT 1')",
        "requests.get(x, timeout=1)",
        "from xml.sax.saxutils import escape",
        "jwt.decode(x, key, algorithms=['RS256'])",
        "subprocess.run([x], shell=False)",
    ],
)
def test_it_lets_what_is_harmless_be(line: str) -> None:
    assert list(dangers(ast.parse(line))) == []
