"""What providers say in the body of an answer where the status alone would mislead.

A rejected key, an unverified sender or an empty account must hold the sender and cost nobody their
invitation, whatever HTTP status it comes with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveys.sending.outcome import FOR_A_PERSON, Outcome, held, refused, unknown

# Token, sender signature, credits, account under review, no such message stream.
_POSTMARK_ACCOUNT = {10, 400, 401, 405, 412, 413, 1235}
# Mandrill answers 500 to everything that is wrong, also to what it certainly did not take.
_MANDRILL_ACCOUNT = {"Invalid_Key", "PaymentRequired", "Unknown_Subaccount"}
# Postal answers 200 to everything.
_POSTAL_ACCOUNT = {
    "AccessDenied",
    "InvalidServerAPIKey",
    "ServerSuspended",
    "UnauthenticatedFromAddress",
}
# The request that came first under this name was taken, or is being taken.
_TAKEN_BEFORE = {
    "invalid_idempotent_request",
    "concurrent_idempotent_requests",
    "duplicate_request",
}
_SES_ACCOUNT = {
    "AccessDeniedException",
    "AccountSuspendedException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "MailFromDomainNotVerifiedException",
    "SendingPausedException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def judge_words(provider: str, response: Any, detail: str) -> Outcome | None:
    """None when the words add nothing to the status."""
    said = read_answer(response)
    error = said.get("Error")
    ses_code = error.get("Code") if isinstance(error, Mapping) else None
    if ses_code in _SES_ACCOUNT:
        return held(detail, FOR_A_PERSON)
    if any(str(said.get(name)) in _TAKEN_BEFORE for name in ("name", "code")):
        return unknown(detail)
    match provider:
        case "Postmark" if said.get("ErrorCode") in _POSTMARK_ACCOUNT:
            return held(detail, FOR_A_PERSON)
        case "Mandrill" if said.get("status") == "error":
            return _judge_mandrill(str(said.get("name")), detail)
        case "Postal" if said.get("status") in {"error", "parameter-error"}:
            data = said.get("data")
            code = data.get("code") if isinstance(data, Mapping) else ""
            if code in _POSTAL_ACCOUNT:
                return held(detail, FOR_A_PERSON)
            return refused(detail, is_about_us=True)
    return None


def _judge_mandrill(name: str, detail: str) -> Outcome | None:
    if name in _MANDRILL_ACCOUNT:
        return held(detail, FOR_A_PERSON)
    if name == "ValidationError":
        return refused(detail, is_about_us=True)
    return None


def read_answer(response: Any) -> Mapping[str, Any]:
    """The body as a mapping; boto3 gives one already, anything unreadable is an empty one."""
    if isinstance(response, Mapping):
        return response
    try:
        said = response.json()
    except (AttributeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def status_of(error: Any) -> int | None:
    """The HTTP status, of boto3 too, which django-anymail leaves in its answer."""
    if error.status_code is not None:
        return int(error.status_code)
    if isinstance(error.response, Mapping):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return int(status) if status else None
    return None
