from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from skill_endpoint.certvalidator_stand_in import WebserviceSkillHandler

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = """
import json, sys, django
django.setup()
import skill_endpoint.views
print(json.dumps(sorted(
    name for name, module in sys.modules.items()
    if name.partition(".")[0] in {"certvalidator", "oscrypto"} and getattr(module, "__file__", "")
)))
"""


def test_the_view_imports_without_the_library_that_knows_no_current_openssl() -> None:
    """In a process of its own: here others may have imported it before."""
    probe = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::SyntaxWarning", "-c", PROBE],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert probe.returncode == 0, probe.stderr
    assert json.loads(probe.stdout) == []


def test_the_stand_in_says_who_verifies() -> None:
    assert WebserviceSkillHandler.__module__ == "ask_sdk_webservice_support.webservice_handler"
    with pytest.raises(RuntimeError, match=r"skill_endpoint\.verification"):
        import_module("certvalidator").CertificateValidator(b"", intermediate_certs=[])
