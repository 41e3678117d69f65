"""Why a mail did not arrive: a dead address, trouble for the moment, or trouble with us.

django-anymail calls nearly everything "bounced"; whether it was for good stands in what the
service itself said, or in the code of the receiving server (RFC 3463).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from surveys.models import ProviderEvent

Nature = ProviderEvent.Nature

_NOT_ARRIVED = frozenset({EventType.BOUNCED, EventType.REJECTED})
# Where services say it: a path into the event, and the words that mean "not for good".
_SOFT_WORDS: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = (
    (("Type",), frozenset({"softbounce", "transient", "dnserror"})),  # Postmark
    (("event",), frozenset({"soft_bounce"})),  # Brevo, Mandrill
    (("event-data", "severity"), frozenset({"temporary"})),  # Mailgun
    (("event-data", "reason"), frozenset({"old"})),  # Mailgun gave up trying
    (("hard_bounce",), frozenset({"false", "0"})),  # Mailjet
    (("data", "type"), frozenset({"soft_bounced"})),  # MailerSend
    (("data", "bounce", "type"), frozenset({"transient", "undetermined"})),  # Resend
    (("bounce", "bounceType"), frozenset({"transient", "undetermined"})),  # Amazon SES
    (("type",), frozenset({"blocked"})),  # SendGrid: refused for the moment
    (("msys", "message_event", "bounce_class"), frozenset({"20", "21", "22", "40", "70"})),
    (("payload", "status"), frozenset({"softfail"})),  # Postal
)
_CODE = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def judge_nature(event: AnymailTrackingEvent) -> str:
    if event.event_type not in _NOT_ARRIVED:
        return Nature.NONE
    if event.reject_reason in {RejectReason.BLOCKED, RejectReason.SPAM}:
        return Nature.BLOCK
    if event.reject_reason == RejectReason.UNSUBSCRIBED:
        return Nature.UNSUBSCRIBED
    code = _CODE.search(f"{event.mta_response or ''} {event.description or ''}")
    if code and code[2] == "7":
        return Nature.BLOCK
    if event.reject_reason == RejectReason.TIMED_OUT or _says_soft(event.esp_event):
        return Nature.SOFT
    # 4.x.x is never for good, and a mailbox that is full (5.2.2) will be emptied.
    if code and (code[1] == "4" or (code[2], code[3]) == ("2", "2")):
        return Nature.SOFT
    if event.reject_reason in {RejectReason.BOUNCED, RejectReason.INVALID}:
        return Nature.HARD
    if code and (code[1], code[2]) == ("5", "1"):
        return Nature.HARD
    if _value_at(event.esp_event, ("event",)) == "hard_bounce":  # Mandrill gives no reason
        return Nature.HARD
    # A refusal that nobody explained says nothing about the address; a bounce is counted.
    return Nature.SOFT if event.event_type == EventType.BOUNCED else Nature.NONE


def _says_soft(said: Any) -> bool:
    return any(str(_value_at(said, path)).lower() in words for path, words in _SOFT_WORDS)


def _value_at(said: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(said, Mapping):
            return None
        said = said.get(step)
    return said
