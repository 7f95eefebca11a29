"""The real settings on an environment built from nothing: no .env, no inherited AWS account."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

for _name in list(os.environ):
    if _name.startswith(("AWS_", "COGNITO_", "ALEXA_")):
        del os.environ[_name]
_state = Path(tempfile.mkdtemp(prefix="doors-tests-"))
atexit.register(shutil.rmtree, _state, ignore_errors=True)


def _own_cache(url: str) -> str:
    """With pytest-xdist each worker has a database of this Redis: emptying one leaves the others.

    The workers are counted from the number in the address on; a Redis has 16 of them.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if not url or not worker:
        return url
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return parts._replace(path=f"/{first + 1 + int(worker)}").geturl()


os.environ.update(
    {
        "DOORS_NO_DOTENV": "1",
        "SECRET_KEY": "tests-only-" + "0123456789" * 5,
        "PUBLIC_URL": "http://localhost:8000",
        # another database, to see that nothing depends on SQLite: TEST_DATABASE_URL=postgres://…
        "DATABASE_URL": os.environ.get(
            "TEST_DATABASE_URL", f"sqlite:///{_state / 'unused.sqlite3'}"
        ),
        # a shared cache instead of each process's own: TEST_CACHE_URL=redis://…
        "CACHE_URL": _own_cache(os.environ.get("TEST_CACHE_URL", "")),
        "DEV_TOOLS": "1",
        "COGNITO_USER_POOL_ID": "us-east-1_TestPool1",
        "COGNITO_DOMAIN_URL": "http://localhost:1",
        "COGNITO_WEB_CLIENT_ID": "web-client",
        "COGNITO_WEB_CLIENT_SECRET": "web-secret",
        "COGNITO_ALEXA_CLIENT_ID": "alexa-client",
        "COGNITO_ALEXA_CLIENT_SECRET": "alexa-secret",
        "ALEXA_SKILL_IDS": "amzn1.ask.skill.tests",
        "ALEXA_VENDOR_ID": "MTESTVENDOR",
        "RATE_LIMITS": "0",
        # no instance metadata, no configuration files: a test can never find a real account
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://localhost:1",
    }
)

from companion.settings import *  # noqa: E402, F403
from companion.settings import DATABASES, STORAGES  # noqa: E402

# a file, not memory: the race tests open it from several threads
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(_state / "test.sqlite3")}
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
}
STATIC_ROOT = _state / "static"
STATIC_ROOT.mkdir()
