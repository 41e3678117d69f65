"""All settings, read from the environment. docs/configuration.md lists the variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from npsapp.environment import (
    read_base_url,
    read_boolean,
    read_database,
    read_domain,
    read_email,
    read_integer,
    read_secret,
    read_text,
    read_time_zone,
)
from npsapp.mail_services import (
    choose_transactional,
    list_inbound_services,
    once_only,
    read_anymail,
    require_service,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read_text("DATA_DIR") or BASE_DIR / "var").resolve()
DEBUG = read_boolean("DEBUG", False)

# Where a real server is named, secrets must be named too; the embedded default keeps its own.
_database = read_database("DATABASE_URL")
EMBEDDED = _database is None
_generate_in = DATA_DIR / "secrets" if EMBEDDED or DEBUG else None
SECRET_KEY = read_secret("SECRET_KEY", generate_in=_generate_in)
LINK_SIGNING_KEY = read_secret("LINK_SIGNING_KEY", generate_in=_generate_in)
LINK_SIGNING_KEY_FALLBACKS = read_text("LINK_SIGNING_KEY_FALLBACKS").split()
SUPPRESSION_KEY = read_secret("SUPPRESSION_KEY", generate_in=_generate_in)
# Empty: erasures.log in DATA_DIR.
ERASURES_FILE = read_text("ERASURES_FILE")

PORT = read_integer("PORT", 8000, minimum=1)
_url = read_base_url("BASE_URL", f"http://localhost:{PORT}")
BASE_URL = f"{_url.scheme}://{_url.netloc}"
_secure = _url.scheme == "https"
_local = _url.hostname in {"localhost", "127.0.0.1", "::1"}
ALLOWED_HOSTS = [_url.hostname or "", *(["localhost", "127.0.0.1", "[::1]"] if _local else [])]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
if not (_secure or _local or DEBUG):
    raise ImproperlyConfigured("BASE_URL must start with https:// unless it is this machine.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "anymail",
    "csp",
    "django_htmx",
    "template_partials",
    "npsapp",
    "surveys",
    "responses",
    "closeloop",
]
MIDDLEWARE = [
    "npsapp.middleware.bodyless_head",
    "django.middleware.security.SecurityMiddleware",
    "npsapp.middleware.permissions_policy",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "npsapp.middleware.reader",
    "npsapp.middleware.explained_refusal",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "npsapp.urls"
WSGI_APPLICATION = "npsapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "npsapp.navigation.frame",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": _database or {"ENGINE": "npsapp.embedded"}}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": 1,
    "max_size": read_integer("DATABASE_POOL_SIZE", 8, minimum=1),
    "timeout": 10,
}
# Behind a pooler that knows no prepared statements (PgBouncer before 1.21) they must be off.
DATABASE_PREPARES = read_boolean("DATABASE_PREPARES", default=True)
# The pool looks whether a connection still lives: after a restart of PostgreSQL nobody meets a dead
# one, least of all a customer who presses Send.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["TEST"] = {"NAME": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "npsapp.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_NAME = "__Host-session" if _secure else "nps_session"
CSRF_COOKIE_NAME = "__Host-csrf" if _secure else "nps_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _secure
SESSION_COOKIE_AGE = 7 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True

SECURE_SSL_REDIRECT = _secure
# Asked from inside, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
# Not "no-referrer": browsers then send Origin: null and Django refuses every form.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = read_boolean("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = read_time_zone("TIME_ZONE", "Europe/Amsterdam")
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
# In an image the files belong to the code, not to a volume that outlives it.
STATIC_ROOT = Path(read_text("STATIC_ROOT") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

OUTBOX_DIR = DATA_DIR / "outbox"
_mail = read_email("EMAIL_URL", OUTBOX_DIR)
ANYMAIL: dict[str, Any] = {"REQUESTS_TIMEOUT": (5, 60), **read_anymail()}
# The services whose events are listened to.
MAIL_SERVICES: list[str] = []
if _service := _mail.pop("MAIL_SERVICE", ""):
    _mail["EMAIL_BACKEND"] = require_service("EMAIL_URL", _service, ANYMAIL)
    MAIL_SERVICES.append(_service)
ANYMAIL["AMAZON_SES_CLIENT_PARAMS"] = once_only(ANYMAIL.get("AMAZON_SES_CLIENT_PARAMS"))
EMAIL_BACKEND: str = _mail.pop("EMAIL_BACKEND")
# A worker that is killed leaves at most so many mails in doubt.
MAIL_CONNECTIONS = read_integer("MAIL_CONNECTIONS", 1, minimum=1)
globals().update(_mail)
# Replies and notices may leave by another way than invitations, or by other credentials; None: by
# the same. Arguments of django.core.mail.get_connection.
TRANSACTIONAL_MAIL: dict[str, Any] | None = None
if read_text("TRANSACTIONAL_EMAIL_URL"):
    _other = read_email("TRANSACTIONAL_EMAIL_URL", OUTBOX_DIR)
    if "MAIL_SERVICE" in _other:
        MAIL_SERVICES.append(_other["MAIL_SERVICE"])
    TRANSACTIONAL_MAIL = choose_transactional(_other, ANYMAIL)

# Where customers' answers come in, and the services that bring them; empty: none do.
INBOUND_DOMAIN = read_domain("INBOUND_DOMAIN")
INBOUND_SERVICES = list_inbound_services(read_text("INBOUND_SERVICE"), leaving=MAIL_SERVICES)

REDIS_URL = read_text("REDIS_URL")
BROKER_DIR = DATA_DIR / "broker"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"secrets": {"()": "npsapp.masking.MaskSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["secrets"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Pages that were refused or not found are no errors of ours: no warning and no traceback.
    "loggers": {"django.request": {"level": "ERROR"}},
}

# Celery only wakes work up: every task finds its rows in the database, so a lost message costs
# one tick. Nothing is scheduled through the broker for longer than a minute.
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 3,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "socket_connect_timeout": 5,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.5}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 360
CELERY_TASK_TIME_LIMIT = 420
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")


def _every(seconds: int, task: str) -> dict[str, Any]:
    # A tick that waited longer than its own interval is worthless: the next one does the work.
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


CELERY_BEAT_SCHEDULE = {
    "send due mail": _every(5, "surveys.send_due"),
    "reap expired leases": _every(30, "surveys.reap"),
    "settle old doubt": _every(300, "surveys.settle_doubt"),
    "watch over the sending": _every(60, "surveys.watch"),
    "adjust the rates of senders": _every(60, "surveys.adjust_rates"),
    "finish campaigns": _every(60, "surveys.finish_campaigns"),
    "plan reminders": _every(300, "surveys.remind"),
    "prepare rounds": _every(3600, "surveys.prepare_rounds"),
    "import files": _every(15, "surveys.import_files"),
    "import answers": _every(15, "responses.import_files"),
    "tally settled days": _every(300, "responses.advance_tallies"),
    "tally follow-ups": _every(300, "closeloop.tally_loop"),
    "compare tallies with answers": _every(600, "responses.check_tallies"),
    "compare tallies with follow-ups": _every(600, "closeloop.check_loop_tallies"),
    "write files of answers": _every(15, "responses.write_exports"),
    "open follow-ups": _every(60, "closeloop.sweep"),
    "tell colleagues": _every(60, "closeloop.tell"),
    "escalate what is late": _every(300, "closeloop.escalate"),
    "write the digests": _every(300, "closeloop.send_digests"),
    "write the figures of dashboards": _every(300, "npsapp.send_dashboard_digests"),
    "tell what the team can take": _every(300, "closeloop.tell_capacity"),
    "bring back snoozed follow-ups": _every(60, "closeloop.return_snoozed"),
    "file what customers wrote": _every(10, "closeloop.file_received"),
    "forget discarded mail": _every(3600, "closeloop.forget_received"),
    "reply automatically": _every(60, "closeloop.reply_automatically"),
    "erase what is past its time": _every(600, "npsapp.retain"),
    "judge what mail services told": _every(10, "surveys.process_provider_events"),
    "forget what mail services told": _every(3600, "surveys.forget_provider_events"),
}
