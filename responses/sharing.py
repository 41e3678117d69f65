"""Links with which somebody without a login reads one dashboard, until a day.

The row holds a random key, the link that key and a signature of it: a copy of the database opens
nothing, and a backup that is put back opens nothing else than before.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.signing import BadSignature
from django.urls import reverse

from npsapp.models import User
from npsapp.roles import Role
from responses.models import SharedDashboard
from surveys.links import make_signer

PURPOSE = "shared"
# Ended links stay in the list this long: whoever is asked why one is dead can see it.
REMEMBERED = dt.timedelta(days=90)


class UnknownLink(Exception):
    """Not a link of ours."""


class EndedLink(Exception):
    """A link of ours that was revoked, is past its day, or whose maker may share no more."""


def share_dashboard(
    user: User,
    *,
    name: str,
    pairs: list[tuple[str, str]],
    expires_at: dt.datetime,
    with_comments: bool,
    now: dt.datetime,
) -> SharedDashboard:
    return SharedDashboard.objects.create(
        name=name,
        pairs=[list(pair) for pair in pairs],
        with_comments=with_comments,
        created_by=user,
        created_at=now,
        expires_at=expires_at,
    )


def shared_url(shared: SharedDashboard) -> str:
    token = make_signer(PURPOSE).sign(shared.key)
    return settings.BASE_URL + reverse("shared", args=[token])


def find_shared(token: str, *, now: dt.datetime) -> SharedDashboard:
    """Return what a link shows; raises UnknownLink and EndedLink."""
    try:
        key = make_signer(PURPOSE).unsign(token)
    except BadSignature:
        raise UnknownLink from None
    shared = SharedDashboard.objects.filter(key=key).select_related("created_by").first()
    if shared is None:
        raise UnknownLink
    if not is_open(shared, now=now):
        raise EndedLink
    return shared


def is_open(shared: SharedDashboard, *, now: dt.datetime) -> bool:
    """Whether its link shows anything: as long as whoever made it may share dashboards."""
    by = shared.created_by
    if by is None or not by.may(Role.MANAGER):
        return False
    return shared.revoked_at is None and shared.expires_at > now


def revoke(shared: SharedDashboard, *, now: dt.datetime) -> None:
    """Safe to repeat: the first time counts."""
    SharedDashboard.objects.filter(pk=shared.pk, revoked_at=None).update(revoked_at=now)


def list_shared(*, now: dt.datetime) -> list[SharedDashboard]:
    """Return what is open, and what ended lately."""
    found = SharedDashboard.objects.filter(expires_at__gt=now - REMEMBERED)
    return list(found.select_related("created_by"))
