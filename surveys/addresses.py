"""E-mail addresses: one normal form, and the keyed hash that outlives the person's data."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache

from django.conf import settings
from email_validator import EmailNotValidError, validate_email

_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL = 64
_LONGEST = 254


class InvalidAddress(ValueError):
    """Not an address that mail can be sent to; the message says why."""


def normalise_address(text: str) -> str:
    """Return the address as we store and compare it: trimmed, NFC, lower case, IDNA domain.

    Raises InvalidAddress. Deliverability is not looked up: imports must not depend on DNS.
    """
    text = unicodedata.normalize("NFC", text.strip())
    local, _, domain = text.rpartition("@")
    try:
        # Of a hundred thousand rows nearly all look like this, and many share their domain.
        if len(local) <= _LONGEST_LOCAL and _PLAIN.fullmatch(local):
            address = f"{local}@{_read_domain(domain)}".lower()
            if len(address) <= _LONGEST:
                return address
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    return f"{valid.local_part}@{valid.ascii_domain}".lower()


@lru_cache(maxsize=4096)
def _read_domain(domain: str) -> str:
    return validate_email(f"x@{domain}", check_deliverability=False).ascii_domain


def hash_address(address: str) -> str:
    """HMAC-SHA256 (hex) of a normalised address under SUPPRESSION_KEY; '' for no address."""
    if not address:
        return ""
    key = settings.SUPPRESSION_KEY.encode()
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def write_address(name: str, address: str) -> str:
    """Return `"name" <address>` for a header, on one line and not yet encoded.

    Encoding is left to whoever writes the message: an API takes plain text, SMTP encoded words.
    """
    words = " ".join(name.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{words}" <{address}>' if words else address
