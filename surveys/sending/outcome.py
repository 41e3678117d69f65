"""What became of one message, told from what the mail server or the library said.

Three questions decide: did the body begin, was there a definite answer, and is the answer about
this person or about us? Only a definite answer about this person marks a person as failed;
whatever is about us holds the sender and leaves the person waiting.
"""

from __future__ import annotations

import datetime as dt
import re
import smtplib
from dataclasses import dataclass
from enum import Enum, auto

from surveys.models import Delivery
from surveys.sending.intent import Handover

Reason = Delivery.Reason

AT_ONCE = dt.timedelta(seconds=30)  # first hold when the server cannot be reached
A_WHILE = dt.timedelta(minutes=1)  # when it asks us to slow down
FOR_A_PERSON = dt.timedelta(minutes=5)  # when somebody must mend something first

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# Of the codes 5.1.x these are about the sender's address, not about the person's.
_ABOUT_US = {"5.1.7", "5.1.8", "5.1.9"}


_SLOW_DOWN = {421, 450, 451, 452, 454}  # of a refusal of us


class Verdict(Enum):
    SENT = auto()
    FAILED = auto()
    UNKNOWN = auto()
    RETRY = auto()  # not sent, later perhaps
    HELD = auto()  # not sent, and nobody else's mail would be either
    WITHDRAWN = auto()  # the intent was refused: nothing was sent


@dataclass(frozen=True)
class Outcome:
    """`hold` stops the sender, at least so long; `detail` is what the other side said."""

    verdict: Verdict
    detail: str = ""
    reason: Reason = Reason.NONE
    hold: dt.timedelta | None = None
    address_is_dead: bool = False
    # Refused for content or reputation: once is bad luck, three in a row is us.
    counts_as_refusal: bool = False
    provider_id: str = ""
    # A 4xx: the server wants it later.
    is_deferral: bool = False
    # It said that this is too fast, or how long to wait.
    asks_to_slow_down: bool = False


def sent(detail: str = "", *, provider_id: str = "") -> Outcome:
    return Outcome(Verdict.SENT, detail, provider_id=provider_id)


def unknown(detail: str) -> Outcome:
    return Outcome(Verdict.UNKNOWN, detail, Reason.INTERRUPTED)


def retry(detail: str) -> Outcome:
    return Outcome(Verdict.RETRY, detail)


def deferred(detail: str, *, hold: dt.timedelta | None = None) -> Outcome:
    """A 4xx. With a hold the server asked for less."""
    return Outcome(
        Verdict.RETRY, detail, hold=hold, is_deferral=True, asks_to_slow_down=hold is not None
    )


def held(detail: str, hold: dt.timedelta, *, code: int = 0) -> Outcome:
    return Outcome(
        Verdict.HELD,
        detail,
        hold=hold,
        is_deferral=400 <= code < 500,
        asks_to_slow_down=code in _SLOW_DOWN,
    )


def refused(detail: str, *, is_about_us: bool) -> Outcome:
    return Outcome(Verdict.FAILED, detail, Reason.REFUSED, counts_as_refusal=is_about_us)


def cannot_compose(error: Exception) -> Outcome:
    return Outcome(Verdict.FAILED, describe(error), Reason.CANNOT_COMPOSE)


WITHDRAWN = Outcome(Verdict.WITHDRAWN)


def describe(error: BaseException) -> str:
    """One line; a server's bytes as text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _say(*next(iter(error.recipients.values()), (0, b"")))
    if isinstance(error, smtplib.SMTPResponseException):
        return _say(error.smtp_code, error.smtp_error)
    return " ".join(f"{type(error).__name__}: {error}".split())


def _say(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return " ".join(f"{code} {words}".split())


def judge_opening(error: Exception) -> Outcome:
    """The connection did not come about: refused, no such host, TLS, greeting, login."""
    if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPNotSupportedError):
        return held(describe(error), FOR_A_PERSON, code=getattr(error, "smtp_code", 0))
    return held(describe(error), AT_ONCE)


def judge_smtp(error: Exception | None, handover: Handover) -> Outcome:
    """The connection stood. `error` is what the backend raised; the final reply goes before it."""
    if handover.reply is not None:
        return _judge_reply(*handover.reply)
    if handover.body_began:
        return unknown(describe(error) if error else "The server never confirmed.")
    match error:
        case (
            smtplib.SMTPSenderRefused() | smtplib.SMTPHeloError() | smtplib.SMTPNotSupportedError()
        ):
            return held(describe(error), FOR_A_PERSON, code=getattr(error, "smtp_code", 0))
        case smtplib.SMTPRecipientsRefused():
            code, _ = next(iter(error.recipients.values()))
            return _judge_refusal(code, describe(error), is_recipient=True)
        case smtplib.SMTPDataError():
            return _judge_refusal(error.smtp_code, describe(error), is_recipient=False)
        case smtplib.SMTPException() | OSError():
            return retry(describe(error))
        case None:
            return Outcome(Verdict.FAILED, "No recipient.", Reason.CANNOT_COMPOSE)
    return cannot_compose(error)


def _judge_reply(code: int, text: str) -> Outcome:
    """The answer to the dot. Anything that is no SMTP answer says nothing about the message."""
    if 200 <= code < 300:
        return sent(_say(code, text))
    if 400 <= code < 600:
        return _judge_refusal(code, _say(code, text), is_recipient=False)
    return unknown(_say(code, text))


def _judge_refusal(code: int, detail: str, *, is_recipient: bool) -> Outcome:
    if 400 <= code < 500:
        return deferred(detail, hold=A_WHILE if code == 421 else None)
    if code < 400:
        return retry(detail)
    if not is_recipient:
        return refused(detail, is_about_us=True)
    found = _ENHANCED.search(detail)
    enhanced = found[1] if found else ""
    if enhanced.startswith("5.7.") or enhanced in _ABOUT_US:
        return refused(detail, is_about_us=True)
    is_dead = enhanced.startswith("5.1.")
    return Outcome(Verdict.FAILED, detail, Reason.REFUSED, address_is_dead=is_dead)
