"""How many were asked on each day, for the response rate over many days.

Unlike an answer, an invitation that left days ago is history: its row is only touched again while
it is in doubt (three days at most) and to unlink who was erased. So these tallies wait for a
fortnight and take no lock that the sending would have to wait for. Should a row change after that
all the same (the worker stood still for weeks), the comparison of the next night mends the day.
Whether a person answered is told by the answers (dimension "asked"), and bounces are counted live.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate

from responses.dimensions import SENT, make_dimension
from responses.models import SentTally, TallySheet
from responses.spans import DAY, midnight
from responses.tally_writing import find_end
from surveys.models import Invitation, Survey, get_organisation

SETTLED = dt.timedelta(days=14)
# Those who were asked, a reminder asks nobody new. An answer is proof of the sending.
ASKED = Q(sequence=0) & (Q(state=Invitation.State.SENT) | Q(answered_at__isnull=False))


def find_asked(survey: Survey) -> QuerySet[Invitation]:
    return Invitation.objects.filter(ASKED, campaign__survey=survey, sent_at__isnull=False)


def advance_all(*, now: dt.datetime) -> int:
    return sum(advance_sent(survey, now=now) for survey in Survey.objects.order_by("pk"))


def advance_sent(survey: Survey, *, now: dt.datetime) -> int:
    """Add the days since the last one; return how many."""
    zone = get_organisation().zone
    until = (now - SETTLED).astimezone(zone).date() - DAY
    with transaction.atomic():
        sheet = _open_sheet(survey, zone, until)
        if sheet is None or sheet.through >= until:
            return 0
        days = (until - sheet.through).days
        _write(sheet, find_asked(survey).filter(_between(sheet.through + DAY, until, zone)))
        TallySheet.objects.filter(pk=sheet.pk).update(**find_end(until, zone.key))
    return days


def _between(first: dt.date, last: dt.date, zone: ZoneInfo) -> Q:
    return Q(sent_at__gte=midnight(first, zone), sent_at__lt=midnight(last + DAY, zone))


def _open_sheet(survey: Survey, zone: ZoneInfo, until: dt.date) -> TallySheet | None:
    """Return the sheet of the time zone, without those of another; None when nobody was asked."""
    dimension = make_dimension(SENT, zone)
    others = TallySheet.objects.filter(survey=survey, dimension=SENT)
    others.exclude(fingerprint=dimension.fingerprint).delete()
    sheet = (
        TallySheet.objects.select_for_update()
        .filter(survey=survey, dimension=SENT, fingerprint=dimension.fingerprint)
        .first()
    )
    if sheet:
        return sheet
    first = find_asked(survey).aggregate(first=Min("sent_at"))["first"]
    if first is None:
        return None
    before = min(first.astimezone(zone).date() - DAY, until)
    return TallySheet.objects.create(
        survey=survey,
        dimension=SENT,
        counted_as=dimension.counted_as,
        fingerprint=dimension.fingerprint,
        **find_end(before, zone.key),
    )


def _count(sheet: TallySheet, asked: QuerySet[Invitation]) -> set[tuple[int, dt.date, int]]:
    """Return campaign, day and number."""
    zone = ZoneInfo(sheet.counted_as["zone"])
    rows = (
        asked.order_by()
        .annotate(_day=TruncDate("sent_at", tzinfo=zone))
        .values_list("campaign_id", "_day")
        .annotate(n=Count("*"))
    )
    return set(rows)


def _write(sheet: TallySheet, asked: QuerySet[Invitation]) -> None:
    SentTally.objects.bulk_create(
        [
            SentTally(sheet=sheet, campaign_id=campaign, day=day, n=n)
            for campaign, day, n in sorted(_count(sheet, asked))
        ],
        batch_size=2_000,
    )


def mend_sent(survey: Survey) -> Collection[dt.date]:
    """Compare the sheets with the invitations and count anew what differs; return those days."""
    mended: set[dt.date] = set()
    with transaction.atomic():
        sheets = TallySheet.objects.select_for_update().filter(survey=survey, dimension=SENT)
        for sheet in sheets:
            asked = find_asked(survey).filter(sent_at__lt=sheet.ends_at)
            kept = SentTally.objects.filter(sheet=sheet)
            differing = _count(sheet, asked) ^ set(kept.values_list("campaign_id", "day", "n"))
            if differing:
                mended |= {day for _, day, _ in differing}
                kept.delete()
                _write(sheet, asked)
    return mended
