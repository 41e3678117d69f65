"""After an outage the overdue leave at one and a half times the planned pace."""

from __future__ import annotations

import datetime as dt

import pytest

from surveys.models import Campaign, Invitation
from surveys.sending.ledger import INVITATIONS
from surveys.sending.release import grant, send_lane
from tests.factories import make_campaign, make_contact, make_organisation
from tests.surveys.sending.smtp_server import Server

pytestmark = pytest.mark.django_db(transaction=True)
# A Tuesday; the campaign's hours are nine to five.
NINE = dt.datetime(2026, 10, 13, 9, tzinfo=dt.UTC)
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def plan_day(campaign: Campaign, mails: int) -> None:
    """A day of the plan: as many mails, at equal distances from nine to five."""
    contact = make_contact()
    Invitation.objects.bulk_create(
        Invitation(
            campaign=campaign,
            contact=contact,
            occasion=f"{number}",
            scheduled_for=NINE + 8 * HOUR * number / mails,
            not_after=NINE + dt.timedelta(days=20),
        )
        for number in range(mails)
    )


@pytest.fixture
def campaign() -> Campaign:
    make_organisation(time_zone="UTC")
    return make_campaign(first_day=NINE.date())


def granted(now: dt.datetime) -> int:
    return sum(stream.limit for stream in grant(INVITATIONS, now=now))


def test_overdue_mail_leaves_a_little_faster_than_planned(campaign: Campaign) -> None:
    plan_day(campaign, 960)  # two a minute
    now = NINE + 3 * HOUR
    left: list[dt.datetime] = []

    while now < NINE + 4 * HOUR:
        due = Invitation.objects.filter(state="scheduled", scheduled_for__lte=now)
        for row in due.order_by("scheduled_for")[: granted(now)]:
            Invitation.objects.filter(pk=row.pk).update(state="sent", sent_at=now)
            left.append(now)
        now += MINUTE

    # Planned are two a minute, overdue 360: three a minute leave for as long as any are.
    assert 170 <= len(left) <= 1.5 * 120 + 15
    assert all(
        sum(start <= moment < start + 10 * MINUTE for moment in left) <= 1.5 * 20 + 16
        for start in left[::20]
    )


def test_mail_on_time_is_not_held_up(campaign: Campaign) -> None:
    plan_day(campaign, 96)

    assert granted(NINE + 1 * MINUTE) >= 1
    assert granted(NINE + MINUTE) > 100


def test_few_overdue_mails_leave_at_once(campaign: Campaign, smtp: Server) -> None:
    plan_day(campaign, 2)
    Invitation.objects.update(scheduled_for=NINE)
    for number, row in enumerate(Invitation.objects.all()):
        Invitation.objects.filter(pk=row.pk).update(
            contact=make_contact(email=f"n{number}@klanten.example")
        )

    assert send_lane(INVITATIONS, now=NINE + 3 * HOUR).counts["sent"] == 2


def test_yesterdays_mail_keeps_its_own_pace_when_today_has_less(campaign: Campaign) -> None:
    plan_day(campaign, 960)
    tomorrow = NINE + 24 * HOUR + HOUR

    # 960 overdue of nine open hours: 107 an hour, so 13 in five minutes at half as fast again.
    assert granted(tomorrow) == 13
