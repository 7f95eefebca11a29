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
    """The value of NAME, or what the file holds that NAME_FILE names, or systemd's credential.

    LoadCredential= of a unit makes files of that name in $CREDENTIALS_DIRECTORY, for its process
    alone: https://systemd.io/CREDENTIALS/
    """
    path, value, given = text(f"{name}_FILE"), text(name), text("CREDENTIALS_DIRECTORY")
    if not path and not value and given and Path(given, name).is_file():
        path = str(Path(given, name))
    if not path:
        return value
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


def number(name: str, default: int, *, least: int = 1) -> int:
    """A whole number from `least` on; `default` where there is none."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        raise ImproperlyConfigured(f"{name}={value}: write a whole number like {default or 14}")
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
    """Django's database settings for an address, which may hold a password: see `secret`.

    A password of its own counts where the address has none: what makes up passwords and rotates
    them (AWS Secrets Manager) knows no addresses, and needs not quote them.
    """
    found: dict[str, object] = dict(environ.Env.db_url_config(secret(name) or default))
    if not found.get("PASSWORD") and (password := _password_beside(name)):
        found["PASSWORD"] = password
    return found


def cache(name: str) -> dict[str, object]:
    """Django's cache settings for CACHE_URL; local memory where it is empty."""
    value = secret(name)
    if not value:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name}: write it like redis://localhost:6379/0")
    # a cache that is down must not hold a voice turn: Alexa waits 8 s in all
    options: dict[str, object] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 0.5,
        "pool_class": "accounts.resting_pool.RestingPool",
    }
    if password := _password_beside(name):
        options["password"] = password  # the one in the address wins
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": value,
        "OPTIONS": options,
    }


def _password_beside(name: str) -> str:
    """DATABASE_URL -> the value of DATABASE_PASSWORD, empty where there is none."""
    return secret(f"{name.removesuffix('_URL')}_PASSWORD")
