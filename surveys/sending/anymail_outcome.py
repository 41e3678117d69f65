"""What became of one message, told from what django-anymail raised or returned."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailStatus
from django.core.exceptions import ImproperlyConfigured

from surveys.sending.intent import Handover
from surveys.sending.outcome import (
    A_WHILE,
    AT_ONCE,
    FOR_A_PERSON,
    Outcome,
    cannot_compose,
    deferred,
    describe,
    held,
    refused,
    sent,
    unknown,
)
from surveys.sending.provider_words import judge_words, status_of

# The account, the key, the domain or the address of the API: nobody's mail would leave.
_ABOUT_THE_ACCOUNT = {401, 402, 403, 404, 405}
_SLOW_DOWN = {408, 420, 429, 503}
_LONGEST_WAIT = dt.timedelta(hours=1)
# In requests' chain of causes, what can only happen before the request was written.
_NEVER_CONNECTED = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}
# The same of boto3, which also looks for its credentials only now.
_BOTO_NEVER_CONNECTED = {
    "ConnectTimeoutError",
    "CredentialRetrievalError",
    "EndpointConnectionError",
    "NoCredentialsError",
    "PartialCredentialsError",
}


def judge_anymail(error: Exception, handover: Handover, now: dt.datetime) -> Outcome:
    match error:
        case AnymailRecipientsRefused():
            return refused(describe(error), is_about_us=False)
        case AnymailUnsupportedFeature() | ImproperlyConfigured():
            return held(describe(error), FOR_A_PERSON)
        case AnymailAPIError() if (status := status_of(error)) is not None:
            told = judge_words(error.esp_name or "", error.response, describe(error))
            return told or _judge_status(status, error, now)
        case AnymailSerializationError():  # raised while the request is written
            return cannot_compose(error)
    if not handover.body_began:
        return cannot_compose(error)
    if _never_connected(error):
        return held(describe(error), AT_ONCE)
    return unknown(describe(error))


def judge_status(status: AnymailStatus) -> Outcome:
    """The provider answered: one recipient, so one status."""
    recipient = next(iter(status.recipients.values()), None)
    if recipient is not None and recipient.status in {"invalid", "rejected", "failed"}:
        return refused(f"Provider: {recipient.status}", is_about_us=False)
    if recipient is not None and recipient.status in {"sent", "queued"}:
        return sent(f"Provider: {recipient.status}", provider_id=str(recipient.message_id or ""))
    code = getattr(status.esp_response, "status_code", None) or 0
    if 400 <= code < 500:  # some say no without naming the recipient
        return refused(f"Provider: {code}", is_about_us=True)
    return unknown("The provider did not say what became of it.")


def _judge_status(code: int, error: AnymailAPIError, now: dt.datetime) -> Outcome:
    detail = describe(error)
    if code in _ABOUT_THE_ACCOUNT:
        return held(detail, FOR_A_PERSON)
    if code in _SLOW_DOWN:
        return deferred(detail, hold=_read_retry_after(error, now))
    if 400 <= code < 500:
        return refused(detail, is_about_us=True)
    # 5xx may follow an acceptance, and 2xx with an unreadable body most likely does.
    return unknown(detail)


def _read_retry_after(error: AnymailAPIError, now: dt.datetime) -> dt.timedelta:
    text = getattr(error.response, "headers", {}).get("Retry-After", "")
    try:
        wait = dt.timedelta(seconds=float(text))
    except ValueError:
        try:
            wait = parsedate_to_datetime(text) - now
        except (ValueError, TypeError):
            wait = A_WHILE
    return max(A_WHILE, min(wait, _LONGEST_WAIT))


def _never_connected(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.MissingSchema):
        return True
    cause = error.__cause__
    if type(cause).__name__ in _BOTO_NEVER_CONNECTED:
        return True
    if not isinstance(cause, requests.ConnectionError) or not cause.args:
        return False
    reason = getattr(cause.args[0], "reason", None)
    if type(reason).__name__ in _NEVER_CONNECTED:
        return True
    # A certificate is checked before the request is written; other TLS faults may come after it.
    return "CERTIFICATE_VERIFY_FAILED" in str(reason)
