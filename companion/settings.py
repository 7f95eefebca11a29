"""All settings in one file. It loads with an empty environment, but for a database.

What each variable means is in docs/settings.md; the rules that join several of them are system
checks (accounts/checks.py, skill_endpoint/checks.py, companion/checks.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import django_stubs_ext
from django.core.management.utils import get_random_secret_key
from django.utils.csp import CSP

from companion import env, logs
from companion.version import version_of

django_stubs_ext.monkeypatch()  # ModelAdmin[User] also at run time

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_dotenv(BASE_DIR / ".env")

VERSION = version_of(BASE_DIR)

# --- what runs where ---------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
DEV_TOOLS = env.flag("DEV_TOOLS")  # simulator, development PKI, sign-up page: never in production
SECRET_KEY_IS_GIVEN = bool(env.secret("SECRET_KEY"))
# without one, sessions end with the process: fine for a test, refused by `check --deploy`
SECRET_KEY = env.secret("SECRET_KEY") or get_random_secret_key()
PUBLIC_URL = env.url("PUBLIC_URL", "http://localhost:8000")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or "localhost"
HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [PUBLIC_HOST, "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []
# addresses or networks of proxies in front of us; only they may say who the client is
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
SUPPORT_URL = env.text("SUPPORT_URL")  # where people can ask; pages show it
# how long copies and the server's log are kept: the privacy page says it; 0 where nobody said
BACKUP_DAYS = env.number("BACKUP_DAYS", 0, least=0)  # 0 may also be said: there are none
BACKUP_DAYS_ARE_GIVEN = bool(env.text("BACKUP_DAYS"))
LOG_DAYS = env.number("LOG_DAYS", 0)

# --- Amazon Cognito ----------------------------------------------------------------------------
# AWS_ENDPOINT_URL is botocore's own; empty means the real AWS.
AWS_ENDPOINT_URL = env.url("AWS_ENDPOINT_URL")
AWS_REGION = env.text("AWS_REGION", "us-east-1")
COGNITO_USER_POOL_ID = env.text("COGNITO_USER_POOL_ID")
COGNITO_DOMAIN_URL = env.url("COGNITO_DOMAIN_URL")
COGNITO_ISSUER = env.url("COGNITO_ISSUER")  # derived from region and pool where empty
COGNITO_JWKS_URL = env.url("COGNITO_JWKS_URL")  # derived from the issuer where empty
COGNITO_WEB_CLIENT_ID = env.text("COGNITO_WEB_CLIENT_ID")
COGNITO_WEB_CLIENT_SECRET = env.secret("COGNITO_WEB_CLIENT_SECRET")
COGNITO_ALEXA_CLIENT_ID = env.text("COGNITO_ALEXA_CLIENT_ID")
COGNITO_ALEXA_CLIENT_SECRET = env.secret("COGNITO_ALEXA_CLIENT_SECRET")

# The front of the pool's OAuth endpoints (accounts/oauth_trace): whether its addresses are there.
OAUTH_TRACE = env.flag("OAUTH_TRACE")
OAUTH_TRACE_DAYS = env.number("OAUTH_TRACE_DAYS", 14)  # how long attempts are kept

# --- Alexa -------------------------------------------------------------------------------------
ALEXA_SKILL_IDS = env.words("ALEXA_SKILL_IDS")
ALEXA_VENDOR_ID = env.text("ALEXA_VENDOR_ID")
ALEXA_DEV_PKI_DIR = env.text("ALEXA_DEV_PKI_DIR")

# --- applications ------------------------------------------------------------------------------
INSTALLED_APPS = [
    # before ours: accounts/admin.py takes its empty tables out of the admin
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.usersessions",
    "companion",
    "skill_endpoint",
    "skill_endpoint.facts",
    "accounts",
    "accounts.oauth_trace",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "accounts.cognito",  # our provider, a subclass of allauth's OpenID Connect one
    "django_htmx",
]
if DEV_TOOLS:
    INSTALLED_APPS.append("skill_endpoint.simulator")

MIDDLEWARE = [
    "companion.trusted_headers.TrustedHeadersMiddleware",
    "companion.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "companion.probes.ProbesMiddleware",
    "companion.middleware.VoiceDoorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "companion.compression.CompressedPagesMiddleware",
    "companion.middleware.Utf8FormsMiddleware",
    "companion.middleware.CanonicalHostMiddleware",
    "companion.middleware.PrivatePagesMiddleware",
    "companion.failed_swaps.FailedSwapsMiddleware",
    "companion.middleware.ContentSecurityPolicyMiddleware",
    "companion.address_limit.AddressLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "companion.middleware.AuthenticationMiddleware",
    "companion.last_seen.LastSeenMiddleware",
    "companion.languages.LanguageMiddleware",
    "companion.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "companion.urls"
WSGI_APPLICATION = "companion.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "companion.context_processors.site",
            ]
        },
    }
]

# --- database and cache ------------------------------------------------------------------------
_local = BASE_DIR / ".local"
DATABASE_IS_GIVEN = bool(env.secret("DATABASE_URL"))
_is_for_nobody = not (DATABASE_IS_GIVEN or SECRET_KEY_IS_GIVEN or DEV_TOOLS or DEBUG)
if not (DATABASE_IS_GIVEN or _is_for_nobody):
    _local.mkdir(mode=0o700, exist_ok=True)
_database = env.database("DATABASE_URL", f"sqlite:///{_local / 'companion.sqlite3'}")
if _is_for_nobody:
    _database["ENGINE"] = "companion.no_database"
elif str(_database["ENGINE"]).endswith("sqlite3"):
    _database["OPTIONS"] = {
        # IMMEDIATE: without it two writers that both read first end in "database is locked"
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # each thread keeps its connection: to open the file and to close it took more than a turn
    _database["CONN_MAX_AGE"] = None
else:
    # only where psycopg is wanted
    from companion.postgresql.replanning import ReplanningCursor

    _database["ENGINE"] = "companion.postgresql"
    _database["OPTIONS"] = {
        "connect_timeout": 2,  # seconds; a host that hangs refuses nothing
        "keepalives_idle": 60,  # seconds: networks forget who says nothing for some minutes
        **cast("dict[str, object]", _database.get("OPTIONS", {})),  # sslmode and the like
        # As many as a process has threads (going-live.md: 8 + 6 + 2), or a turn would wait for a
        # connection of another. Seconds to wait for one, and to go on trying to open one: the next
        # who needs one tries anew, and the pool's own pauses would become minutes.
        "pool": {"min_size": 1, "max_size": 16, "timeout": 1.5, "reconnect_timeout": 1},
        # The server keeps the plan of a statement that comes again: planning one of a turn takes it
        # longer than answering it.
        "server_side_binding": True,
        "prepare_threshold": 2,
        "cursor_factory": ReplanningCursor,
    }
    _database["CONN_MAX_AGE"] = 0  # the pool keeps the connections
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache("CACHE_URL")}

# --- sign-in only through Cognito --------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.NoPasswordBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SOCIALACCOUNT_ONLY = True  # takes the sign-up, password and e-mail pages away
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an address is never a key
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False  # a sign-in starts by POST with CSRF
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # a system check of allauth wants it with SOCIALACCOUNT_ONLY
ACCOUNT_USER_MODEL_USERNAME_FIELD = "sub"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["username*"]  # only for a system check; there is no sign-up view
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

# --- browser security --------------------------------------------------------------------------
# Names of our own: cookies ignore ports, so another local project would overwrite Django's.
SESSION_COOKIE_NAME = "doors_session"
CSRF_COOKIE_NAME = "doors_csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # "Strict" makes allauth put a page into the middle of the callback
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_FAILURE_VIEW = "companion.views.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes come from inside
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
MESSAGE_STORAGE = "companion.notices.storage"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# No nonce and no 'unsafe-…': there is no inline script and no inline style. form-action also gets
# the pool's origin, at call time (companion/middleware.py).
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
# A skill request is at most tens of kilobytes and our forms are small; the voice door has a
# smaller limit of its own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- static files, languages -------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# by their own names: whoever looks for theirs reads it in theirs
LANGUAGES = [
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("hi", "हिन्दी"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("nl", "Nederlands"),
    ("pt", "Português"),
]
LANGUAGE_COOKIE_NAME = "doors_language"
FORMAT_MODULE_PATH = "companion.formats"
# the first wins where both have a sentence: what is spoken was written for the ear
LOCALE_PATHS = [BASE_DIR / "skill_endpoint/speech/locale", BASE_DIR / "companion" / "locale"]

# --- logs, metrics, errors ---------------------------------------------------------------------
LOGGING = logs.configuration(console=DEBUG or DEV_TOOLS)
METRICS_TOKEN = env.secret("METRICS_TOKEN")
SENTRY_DSN = env.secret("SENTRY_DSN")
if SENTRY_DSN:
    logs.start_sentry(SENTRY_DSN, release=VERSION)
