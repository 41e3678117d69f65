"""The signed links that let somebody in without a password: set up, join, choose a new one.

Nothing of them is kept. Each dies by itself with what it was made for: an installation without
users, the password that was there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from npsapp.models import User

SETUP, INVITE, RESET = "setup", "invite", "reset"
VALID_FOR = {
    SETUP: dt.timedelta(days=1),
    INVITE: dt.timedelta(days=7),
    RESET: dt.timedelta(hours=1),
}


class DeadLink(ValueError):
    """Not a link of ours, or used, or too old."""


@dataclass(frozen=True, slots=True)
class PasswordLink:
    user: User
    purpose: str


def make_setup_url() -> str:
    token = _signer(SETUP).sign("first-admin")
    return settings.BASE_URL + reverse("setup", args=[token])


def check_setup_token(token: str) -> None:
    """Raise DeadLink unless the token is fresh and nobody can log in yet."""
    try:
        _signer(SETUP).unsign(token, max_age=VALID_FOR[SETUP])
    except BadSignature:
        raise DeadLink from None
    if User.objects.exists():
        raise DeadLink


def make_password_url(user: User, purpose: str) -> str:
    token = _signer(purpose).sign_object({"user": user.pk, "state": _fingerprint(user)})
    return settings.BASE_URL + reverse("password_new", args=[purpose, token])


def read_password_token(purpose: str, token: str, *, lock: bool = False) -> PasswordLink:
    """Return whose password may be chosen; raises DeadLink. `lock` holds the row."""
    if purpose not in (INVITE, RESET):
        raise DeadLink
    try:
        said: dict[str, Any] = _signer(purpose).unsign_object(token, max_age=VALID_FOR[purpose])
    except (BadSignature, ValueError):
        raise DeadLink from None
    users = User.objects.select_for_update() if lock else User.objects.all()
    user = users.filter(pk=said["user"], is_active=True).first()
    if user is None or not constant_time_compare(said["state"], _fingerprint(user)):
        raise DeadLink
    return PasswordLink(user, purpose)


def _signer(purpose: str) -> TimestampSigner:
    return TimestampSigner(salt=f"npsapp.people.{purpose}", sep=".")


def _fingerprint(user: User) -> str:
    """Changes with the password and the address: what was used once opens nothing again."""
    return salted_hmac("npsapp.people.state", f"{user.password} {user.email}").hexdigest()[:20]
