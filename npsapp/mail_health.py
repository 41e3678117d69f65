"""What the doctor asks about mail: whether it can leave, and whether we hear what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailConfigurationError, AnymailError
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from npsapp.readiness import Trouble, describe


def check_mail(now: dt.datetime) -> Trouble | None:
    """Connect and log in where mail leaves; nothing is sent."""
    trouble = _check_backend(get_connection())
    if trouble is None and settings.TRANSACTIONAL_MAIL:
        trouble = _check_backend(get_connection(**settings.TRANSACTIONAL_MAIL))
    return trouble


def _check_backend(backend: Any) -> Trouble | None:
    if isinstance(backend, SmtpBackend):
        return _check_smtp(backend)
    if isinstance(backend, AnymailBaseBackend):
        return _check_anymail(backend)
    if settings.EMBEDDED:
        return None
    return Trouble(
        "Mail is kept in files and leaves for nobody.",
        mend="Set EMAIL_URL; see docs/mail.md.",
    )


def _check_smtp(backend: SmtpBackend) -> Trouble | None:
    try:
        backend.open()
    except OSError as error:
        return Trouble(
            f"The mail server {backend.host}:{backend.port} does not let us in.",
            describe(error),
            "Look at EMAIL_URL: host, port, user, password (see docs/mail.md).",
        )
    finally:
        backend.close()
    return None


def _check_anymail(backend: Any) -> Trouble | None:
    # A provider has no log-in that sends nothing; a missing key shows when the backend is made.
    try:
        backend.open()
        backend.close()
    except (AnymailError, AnymailConfigurationError, OSError) as error:
        return Trouble("The mail service cannot be used.", describe(error), "Look at ANYMAIL_….")
    return None


def check_webhooks(now: dt.datetime) -> Trouble | None:
    if not settings.MAIL_SERVICES or settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return None
    return Trouble(
        "The mail service cannot tell us what bounced or was marked as spam.",
        mend="Set ANYMAIL_WEBHOOK_SECRET and enter the address there; see docs/mail.md.",
    )


def check_inbound(now: dt.datetime) -> Trouble | None:
    """Customers are told to answer to an address: does anything bring their answers in?"""
    if not settings.INBOUND_DOMAIN:
        return None
    mend = "Set {} and enter the address at the service; see docs/mail.md."
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return Trouble(
            "Customers answer to INBOUND_DOMAIN, but no mail comes in without a secret.",
            mend=mend.format("ANYMAIL_WEBHOOK_SECRET"),
        )
    if not settings.INBOUND_SERVICES:
        return Trouble(
            "Customers answer to INBOUND_DOMAIN, but no service brings their mail in.",
            mend=mend.format("INBOUND_SERVICE"),
        )
    return None
