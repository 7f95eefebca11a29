"""As `startproject` writes them, on the tables, the database and the pool of the real site.

Without the admin: no turn asks for it, and that of `accounts` needs what the site installs.
"""

from __future__ import annotations

from companion.settings import *  # noqa: F403 - all of it but what stands below
from companion.settings import DATABASES

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "benchmarks.contenders.stock.apps.Tables",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.contenders.stock.urls"
LOGGING = {}  # Django's own: outside DEBUG it writes nothing of a request

# A connection that is kept, as Django's documentation advises for databases:
# https://docs.djangoproject.com/en/6.1/ref/databases/#persistent-connections
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    DATABASES["default"]["CONN_MAX_AGE"] = None
