"""Keep the links of customers and staff out of logs: whoever has the link may answer with it."""

from __future__ import annotations

import logging
import re

# Whatever stands between slashes and holds a signature, which is long and has no dots.
_SECRET = re.compile(r"(?<=/)[^\s/?\"'<>]*[A-Za-z0-9_-]{20,}[^\s/?\"'<>]*")
# Who writes addresses of requests into messages.
_WRITERS = ("django.request", "django.security", "django.server", "gunicorn")
MASK = "…"


def mask_secrets(text: str) -> str:
    """Return `text` with every part of an address that looks signed left out."""
    return _SECRET.sub(MASK, text)


class MaskSecrets(logging.Filter):
    """For a handler: logger filters do not see what child loggers pass on."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(_WRITERS):
            record.msg, record.args = mask_secrets(record.getMessage()), ()
        return True
