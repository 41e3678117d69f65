"""The address that brings a customer's answer back into the follow-up it belongs to."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "nps.reply-address"
_TOKEN = re.compile(r"reply\+(\d{1,18})-([a-z2-7]{26})@", re.IGNORECASE)


def make_reply_address(follow_up_pk: int) -> str:
    """Return the address of a follow-up; '' where no mail comes in.

    Like the links in mails it is the signed primary key. Small letters and digits only, for mail
    servers on the way may write the part before the @ as they like.
    """
    if not settings.INBOUND_DOMAIN:
        return ""
    token = _sign(follow_up_pk, settings.LINK_SIGNING_KEY)
    return f"reply+{follow_up_pk}-{token}@{settings.INBOUND_DOMAIN}"


def read_reply_address(addresses: Iterable[str]) -> int | None:
    """Return the primary key of the first address that we signed, by today's key or an old one."""
    keys = [settings.LINK_SIGNING_KEY, *settings.LINK_SIGNING_KEY_FALLBACKS]
    for address in addresses:
        for number, token in _TOKEN.findall(address):
            if any(constant_time_compare(_sign(int(number), key), token.lower()) for key in keys):
                return int(number)
    return None


def _sign(follow_up_pk: int, key: str) -> str:
    signature = salted_hmac(_SALT, str(follow_up_pk), secret=key, algorithm="sha256").digest()
    return base64.b32encode(signature[:16]).decode().rstrip("=").lower()
