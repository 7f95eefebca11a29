"""Typed readers of the environment; the only place that touches it for the settings.

Every reader is loud on nonsense: a value that cannot be read stops the start with the name of the
variable, never with a silent default.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()


def read_dotenv(path: Path) -> None:
    """Read NAME=value lines of a `.env` file, if there is one; real variables win.

    Local runs (make demo, smoke, test) set DOORS_NO_DOTENV: their environment is made from nothing,
    so that a developer's real account can never slip in.
    """
    if path.is_file() and not flag("DOORS_NO_DOTENV"):
        environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default)).strip()


def secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path}: {error.strerror}") from error


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name)
    if not value:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value}: write 1 or 0")


def number(name: str, default: int) -> int:
    """A whole number from 1 on."""
    value = text(name) or str(default)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ImproperlyConfigured(f"{name}={value}: write a whole number like {default}")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, default: str = "") -> str:
    """An http or https address without path, query or trailing slash where none is given."""
    value = text(name, default).rstrip("/")
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name}={value}: write it like https://skill.example.com")
    return value


def database(name: str, default: str) -> dict[str, object]:
    return dict(_env.db_url(name, default=default))


def cache(name: str) -> dict[str, object]:
    """Django's cache settings for CACHE_URL; local memory where it is empty."""
    value = text(name)
    if not value:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name}: write it like redis://localhost:6379/0")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": value,
        # a cache that is down must not hold a voice turn: Alexa waits 8 s in all
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
