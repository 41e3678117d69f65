"""E-mail addresses: one normal form, and the keyed hash that outlives the person's data."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from django.conf import settings
from email_validator import EmailNotValidError, validate_email


class InvalidAddress(ValueError):
    """Not an address that mail can be sent to; the message says why."""


def normalise_address(text: str) -> str:
    """Return the address as we store and compare it: trimmed, NFC, lower case, IDNA domain.

    Raises InvalidAddress. Deliverability is not looked up: imports must not depend on DNS.
    """
    text = unicodedata.normalize("NFC", text.strip())
    try:
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    return f"{valid.local_part}@{valid.ascii_domain}".lower()


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
