"""Who gets which figures by mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from npsapp.models import User
from responses.models import DashboardDigest, DigestRecipient, SavedDashboard, StoppedDigest
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
    """Set who gets it. Who stopped it themselves goes on without it, chosen again or not."""
    with transaction.atomic():
        _remove(digest, digest.recipients.exclude(user__in=recipients))
        _add(digest, recipients, now=now)


def end_digest(digest: DashboardDigest) -> None:
    """Have it mailed to nobody. Who stopped it finds it stopped when it is started again."""
    with transaction.atomic():
        _remove(digest, digest.recipients.all())
        digest.delete()


def _add(digest: DashboardDigest, recipients: Collection[User], *, now: dt.datetime) -> None:
    stops = dict(_stops_of(digest).values_list("user_id", "stopped_at"))
    DigestRecipient.objects.bulk_create(
        [
            DigestRecipient(digest=digest, user=user, added_at=now, stopped_at=stops.get(user.pk))
            for user in recipients
        ],
        ignore_conflicts=True,
    )
    _stops_of(digest).filter(user__in=recipients).delete()


def _remove(digest: DashboardDigest, recipients: QuerySet[DigestRecipient]) -> None:
    leaving = list(recipients.select_for_update(of=("self",)))
    StoppedDigest.objects.bulk_create(
        [
            StoppedDigest(
                user_id=each.user_id,
                rhythm=digest.rhythm,
                dashboard_id=digest.dashboard_id,
                survey_id=digest.survey_id,
                stopped_at=each.stopped_at,
            )
            for each in leaving
            if each.stopped_at
        ],
        ignore_conflicts=True,
    )
    DigestRecipient.objects.filter(pk__in=[each.pk for each in leaving]).delete()


def _stops_of(digest: DashboardDigest) -> QuerySet[StoppedDigest]:
    return StoppedDigest.objects.filter(
        rhythm=digest.rhythm, dashboard=digest.dashboard_id, survey=digest.survey_id
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
