"""Who gets which figures by mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from npsapp.models import User
from responses.models import DashboardDigest, DigestRecipient, SavedDashboard
from surveys.models import Survey


def start_digest(
    about: SavedDashboard | Survey,
    *,
    rhythm: str,
    recipients: Collection[User],
    by: User,
    now: dt.datetime,
) -> DashboardDigest:
    """Have something mailed; the same rhythm of the same thing only gets more recipients."""
    thing = {"survey": about} if isinstance(about, Survey) else {"dashboard": about}
    with transaction.atomic():
        digest, _created = DashboardDigest.objects.get_or_create(
            rhythm=rhythm,
            **{"survey": None, "dashboard": None, **thing},
            defaults={"created_by": by, "created_at": now},
        )
        _add(digest, recipients, now=now)
    return digest


def choose_recipients(
    digest: DashboardDigest, recipients: Collection[User], *, now: dt.datetime
) -> None:
    """Set who gets it. Who stopped it themselves and stays chosen goes on without it."""
    with transaction.atomic():
        digest.recipients.exclude(user__in=recipients).delete()
        _add(digest, recipients, now=now)


def _add(digest: DashboardDigest, recipients: Collection[User], *, now: dt.datetime) -> None:
    DigestRecipient.objects.bulk_create(
        [DigestRecipient(digest=digest, user=user, added_at=now) for user in recipients],
        ignore_conflicts=True,
    )


def switch(recipient: DigestRecipient, *, is_on: bool, now: dt.datetime) -> None:
    """Stop it for oneself, or take it up again; what was missed is not sent later."""
    recipient.stopped_at = None if is_on else now
    if is_on:
        recipient.added_at = now
    recipient.save(update_fields=["stopped_at", "added_at"])


def list_digests() -> list[DashboardDigest]:
    found = DashboardDigest.objects.select_related("dashboard", "survey", "created_by")
    return list(found.prefetch_related("recipients__user"))
