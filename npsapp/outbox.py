"""The mail of a machine without a mail server: one file per message, readable at /outbox/."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage as ParsedMessage
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from surveys.sending.intent import attached

NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}\.eml")


class EmailBackend(BaseEmailBackend):
    """Writes a draft, asks the engine, then renames: a file is there whole or not at all."""

    asks_handover = True

    def __init__(self, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(file_path or settings.OUTBOX_DIR)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
        draft = self.folder / f".{name}"
        try:
            with draft.open("xb") as file:
                file.write(message.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
                file.flush()
                os.fsync(file.fileno())
            if handover := attached(message):
                handover.begin_body()
            draft.rename(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)


@dataclass(frozen=True)
class StoredMail:
    """A mail in the outbox; nothing of it is read from disk twice."""

    name: str
    message: ParsedMessage

    @property
    def written_at(self) -> dt.datetime:
        return dt.datetime.strptime(self.name[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=dt.UTC)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def to(self) -> str:
        return str(self.message["To"] or "")

    @property
    def is_private(self) -> bool:
        """Whether it holds a way into somebody's login."""
        return str(self.message["Sensitivity"] or "").lower() == "private"

    @property
    def headers(self) -> list[tuple[str, str]]:
        hidden = {"mime-version", "content-type", "content-transfer-encoding"}
        return [
            (key, str(value)) for key, value in self.message.items() if key.lower() not in hidden
        ]

    @property
    def text(self) -> str:
        return self._content("plain")

    @property
    def html(self) -> str:
        return self._content("html")

    def _content(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""


def leaves_for_real() -> bool:
    """Whether mail goes to a server instead of into files."""
    return bool(settings.EMAIL_BACKEND != "npsapp.outbox.EmailBackend")


def list_names() -> list[str]:
    """The names of all mails in the outbox, newest first."""
    folder = Path(settings.OUTBOX_DIR)
    if not folder.is_dir():
        return []
    return sorted(
        (path.name for path in folder.iterdir() if NAME.fullmatch(path.name)), reverse=True
    )


def read_mail(name: str) -> StoredMail | None:
    """None when there is no such mail. A name of any other shape never touches the disk."""
    if not NAME.fullmatch(name):
        return None
    try:
        content = (Path(settings.OUTBOX_DIR) / name).read_bytes()
    except FileNotFoundError:
        return None
    parsed = message_from_bytes(content, _class=ParsedMessage, policy=policy.default)
    return StoredMail(name, parsed)
