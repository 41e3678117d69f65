"""Mail services of django-anymail: chosen by a URL, with credentials from the environment alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

PREFIX = "ANYMAIL_"
# Before the names of credentials that are for replies and notices alone.
TRANSACTIONAL = "TRANSACTIONAL_"
LEAST_SECRET = 20


@dataclass(frozen=True)
class Service:
    """`needs`: the names without which it cannot be used; `package`: beside django-anymail."""

    needs: tuple[str, ...] = ()
    package: str = ""


SERVICES = {
    "amazon_ses": Service(package="boto3"),  # finds its credentials the way boto3 does
    "brevo": Service(("BREVO_API_KEY",)),
    "mailersend": Service(("MAILERSEND_API_TOKEN",)),
    "mailgun": Service(("MAILGUN_API_KEY",)),
    "mailjet": Service(("MAILJET_API_KEY", "MAILJET_SECRET_KEY")),
    "mailtrap": Service(("MAILTRAP_API_TOKEN",)),
    "mandrill": Service(("MANDRILL_API_KEY",)),
    "postal": Service(("POSTAL_API_KEY", "POSTAL_API_URL")),
    "postmark": Service(("POSTMARK_SERVER_TOKEN",)),
    "resend": Service(("RESEND_API_KEY",)),
    "scaleway": Service(("SCALEWAY_SECRET_KEY", "SCALEWAY_PROJECT_ID")),
    "sendgrid": Service(("SENDGRID_API_KEY",)),
    "sparkpost": Service(("SPARKPOST_API_KEY",)),
    "unisender_go": Service(("UNISENDER_GO_API_KEY", "UNISENDER_GO_API_URL")),
}


# Those that take mail in; Mandrill tells of it where it tells everything else.
INBOUND = frozenset(SERVICES) - {"scaleway", "unisender_go"}


def list_inbound_services(names: str, *, leaving: list[str]) -> list[str]:
    """Return the services that bring mail in: the named ones, else those that mail leaves by."""
    if not names:
        return [name for name in leaving if name in INBOUND]
    found = [each.strip() for each in names.split(",") if each.strip()]
    if strange := [name for name in found if name not in INBOUND]:
        raise ImproperlyConfigured(
            f"INBOUND_SERVICE names {strange[0]!r}, which is none of: {', '.join(sorted(INBOUND))}."
        )
    return found


def read_anymail(prefix: str = "") -> dict[str, Any]:
    """Every ANYMAIL_X variable (or ANYMAIL_X_FILE) becomes ["X"], as django-anymail names it.

    `true`, `false` and JSON objects or lists are read as such, anything else is text.
    """
    start = prefix + PREFIX
    found = {}
    for name in sorted(os.environ):
        if not name.startswith(start) or not os.environ[name].strip():
            continue
        setting = name.removeprefix(start).removesuffix("_FILE")
        if setting in found:
            raise ImproperlyConfigured(f"Set {start}{setting} or {start}{setting}_FILE, not both.")
        found[setting] = _read_value(name)
    if "WEBHOOK_SECRET" in found:
        found["WEBHOOK_SECRET"] = _split_secrets(f"{start}WEBHOOK_SECRET", found["WEBHOOK_SECRET"])
    return found


def _read_value(name: str) -> Any:
    text = os.environ[name].strip()
    if name.endswith("_FILE"):
        try:
            text = Path(text).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name} cannot be read: {error}.") from None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is no JSON: {error}.") from None


def _split_secrets(name: str, secrets: Any) -> list[str]:
    """One or, while it is being changed, more: separated by commas."""
    found = [each.strip() for each in str(secrets).split(",") if each.strip()]
    for secret in found:
        user, colon, password = secret.partition(":")
        if not (user and colon) or len(password) < LEAST_SECRET:
            raise ImproperlyConfigured(
                f"{name} must be a user name, a colon and at least {LEAST_SECRET} characters. "
                "Make the second with: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
    return found


def require_service(
    variable: str, service: str, credentials: dict[str, Any], *, prefix: str = ""
) -> str:
    """Return the backend of a service. Raises a sentence that names what is missing."""
    if service not in SERVICES:
        raise ImproperlyConfigured(
            f"{variable} names {service!r}, which is none of: {', '.join(SERVICES)}."
        )
    wanted = SERVICES[service]
    missing = [f"{prefix}{PREFIX}{name}" for name in wanted.needs if not credentials.get(name)]
    if missing:
        raise ImproperlyConfigured(
            f"{variable} is anymail://{service}: set {' and '.join(missing)}."
        )
    if wanted.package and find_spec(wanted.package) is None:
        raise ImproperlyConfigured(
            f"{variable} is anymail://{service}, which needs the package {wanted.package}: "
            f"install it beside the product (pip install {wanted.package})."
        )
    return f"anymail.backends.{service}.EmailBackend"


def choose_transactional(email: dict[str, Any], anymail: dict[str, Any]) -> dict[str, Any]:
    """Return how replies and notices leave, as arguments of django.core.mail.get_connection.

    `email` is their address as `read_email` returns it; a service takes credentials of its own
    before those of `anymail`.
    """
    if service := email.get("MAIL_SERVICE", ""):
        own = read_anymail(prefix=TRANSACTIONAL)
        backend = require_service(
            "TRANSACTIONAL_EMAIL_URL", service, {**anymail, **own}, prefix=TRANSACTIONAL
        )
        return {"backend": backend, **own_credentials(service, own)}
    return {
        "backend": email["EMAIL_BACKEND"],
        "host": email["EMAIL_HOST"],
        "port": email["EMAIL_PORT"],
        "username": email["EMAIL_HOST_USER"],
        "password": email["EMAIL_HOST_PASSWORD"],
        "use_ssl": email["EMAIL_USE_SSL"],
        "use_tls": email["EMAIL_USE_TLS"],
    }


def own_credentials(service: str, credentials: dict[str, Any]) -> dict[str, Any]:
    """The settings of one service as its backend takes them as arguments."""
    start = f"{service.upper()}_"
    own = {
        name.removeprefix(start).lower(): value
        for name, value in credentials.items()
        if name.startswith(start)
    }
    if service == "amazon_ses" and "client_params" in own:
        own["client_params"] = once_only(own["client_params"])
    return own


def once_only(client_params: Any) -> dict[str, Any]:
    """boto3's arguments with its own retries off: after a time-out it would send a second copy."""
    given = dict(client_params or {})
    config = {"connect_timeout": 5, "read_timeout": 60, **given.get("config", {})}
    return {**given, "config": {**config, "retries": {"total_max_attempts": 1}}}
