"""Whether a person wrote a mail, or a machine by itself: read from its headers."""

from __future__ import annotations

import re
from collections.abc import Callable

from closeloop.models import ReceivedMail

Automatic = ReceivedMail.Automatic
# Asks for a header by name; '' when there is none.
Header = Callable[[str], str]

_AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From")
_BY_MACHINES = re.compile(r"^(mailer-daemon|postmaster|bounce[s]?([+-].*)?)@", re.IGNORECASE)


def judge(
    header: Header, *, content_type: str, from_email: str, envelope_sender: str | None
) -> str:
    """RFC 3834 and what was usual before it. `envelope_sender` is None when nobody told it."""
    if (
        content_type == "multipart/report"
        or envelope_sender in {"", "<>"}
        or _BY_MACHINES.match(from_email)
    ):
        # A receipt for having read it is a report as well, but nothing came back.
        is_receipt = "disposition-notification" in header("Content-Type").lower()
        return Automatic.AUTO_REPLY if is_receipt else Automatic.BOUNCE
    submitted = header("Auto-Submitted").split(";")[0].strip().lower()
    precedence = header("Precedence").strip().lower()
    if (
        submitted not in {"", "no"}
        or any(header(name) for name in _AUTO_HEADERS)
        or precedence in {"auto_reply", "junk"}
        or header("X-Auto-Response-Suppress").strip().lower() == "all"
    ):
        return Automatic.AUTO_REPLY
    if precedence in {"bulk", "list"} or header("List-Id"):
        return Automatic.BULK
    return Automatic.NO
