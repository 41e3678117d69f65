"""Typed readers of environment variables. Each one raises a sentence that says what to do."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
_DOMAIN = re.compile(r"(?=.{1,189}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


def read_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def read_boolean(name: str, default: bool) -> bool:
    """Raise on anything that is not plainly yes or no: a typo must not switch a protection off."""
    if name not in os.environ:
        return default
    word = os.environ[name].strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} is {word!r}; write 1 (yes) or 0 (no).")


def read_integer(name: str, default: int, *, minimum: int = 0) -> int:
    word = read_text(name)
    if not word:
        return default
    try:
        number = int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {word!r}; write a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} is {number}; it must be at least {minimum}.")
    return number


def read_domain(name: str) -> str:
    word = read_text(name).lower().rstrip(".")
    if word and not _DOMAIN.fullmatch(word):
        raise ImproperlyConfigured(
            f"{name} is {word!r}; write a domain such as in.company.example."
        )
    return word


def read_time_zone(name: str, default: str) -> str:
    word = read_text(name, default) or default
    try:
        ZoneInfo(word)
    except (ZoneInfoNotFoundError, ValueError):
        raise ImproperlyConfigured(
            f"{name} is {word!r}; write an IANA zone such as Europe/Amsterdam."
        ) from None
    return word


def read_secret(name: str, *, generate_in: Path | None, minimum_length: int = 32) -> str:
    """Return the secret of `name`, of the file `name_FILE`, or a generated one kept in a 0600 file.

    `generate_in` is a folder for the embedded default; with None a missing secret is an error.
    """
    secret = read_text(name)
    if file_name := read_text(f"{name}_FILE"):
        if secret:
            raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
        try:
            secret = Path(file_name).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from None
    if not secret and generate_in is not None:
        secret = _kept_secret(generate_in / name.lower())
    if len(secret) < minimum_length:
        raise ImproperlyConfigured(
            f"{name} is missing or shorter than {minimum_length} characters. Make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return secret


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Several processes may start at once: each writes a file of its own and only the first link
    # wins, so that nobody reads a half-written secret.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def read_base_url(name: str, default: str) -> SplitResult:
    url = urlsplit(read_text(name, default) or default)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path.rstrip("/"):
        raise ImproperlyConfigured(
            f"{name} is {url.geturl()!r}; write scheme and host, as in https://nps.voorbeeld.example."
        )
    return url


def read_database(name: str) -> dict[str, Any] | None:
    """Return Django's connection settings from a libpq URL, or None when the variable is empty."""
    url = read_text(name)
    if not url:
        return None
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"{name} is not a PostgreSQL URL ({error}). "
            "Write postgresql://user:password@host:5432/database."
        ) from None
    named = {
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
    }
    if not named["NAME"]:
        raise ImproperlyConfigured(f"{name} names no database.")
    return {"ENGINE": "django.db.backends.postgresql", **named, "OPTIONS": dict(parts)}


def read_email(name: str, outbox: Path) -> dict[str, Any]:
    """Return Django's mail settings from a URL; without one every mail becomes a file in `outbox`.

    An anymail:// one leaves its service, unchecked, under MAIL_SERVICE (npsapp.mail_services).

    Shapes: smtp://user:password@host:587 (STARTTLS unless ?tls=off), smtps://…:465, and
    anymail://postmark and so on, whose credentials stand in ANYMAIL_… variables.
    """
    url = urlsplit(read_text(name))
    if not url.scheme:
        return {"EMAIL_BACKEND": "npsapp.outbox.EmailBackend", "EMAIL_FILE_PATH": str(outbox)}
    if url.scheme == "anymail" and url.hostname:
        return {"MAIL_SERVICE": url.hostname}
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise ImproperlyConfigured(
            f"{name} starts with {url.scheme!r}; write smtp://user:password@host:587, "
            "smtps://user:password@host:465 or anymail://postmark."
        )
    tls = parse_qs(url.query).get("tls", ["on"])[0]
    if tls not in {"on", "off"}:
        raise ImproperlyConfigured(f"{name} has tls={tls}; write tls=on or tls=off.")
    return {
        "EMAIL_BACKEND": "surveys.sending.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp" and tls == "on",
    }
