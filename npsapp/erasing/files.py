"""The mails that this machine wrote to files, also those that were never finished."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

from npsapp.erasing.traces import Traces


def remove_mails(traces: Traces, *, message_ids: set[str]) -> int:
    """Remove the files that hold a trace or are one of these mails; return how many."""
    folder = Path(settings.OUTBOX_DIR)
    if not folder.is_dir():
        return 0
    removed = 0
    for path in folder.glob("*.eml"):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        is_theirs = str(message["Message-ID"] or "").strip() in message_ids
        if is_theirs or traces.occur_in(_read(message)):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _read(message: EmailMessage) -> str:
    """Everything in a mail that a person can read, its headers included."""
    texts = [str(value) for value in message.values()]
    parts = (part for part in message.walk() if part.get_content_maintype() == "text")
    texts.extend(str(part.get_content()) for part in parts)
    return "\n".join(texts)
