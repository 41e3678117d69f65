"""Response rate: answered of sent minus bounced."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from responses.reports.response_rate import ResponseRate, count_invited
from responses.selection import Selection
from surveys.filtering import PropertyFilter
from surveys.models import Campaign, Invitation, Survey
from tests.factories import make_campaign, make_contact, make_invitation, make_response

ZONE = ZoneInfo("Europe/Amsterdam")
pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def send(campaign: Campaign, **fields: Any) -> Invitation:
    return make_invitation(
        campaign=campaign, **{"state": "sent", "sent_at": timezone.now()} | fields
    )


def reply(invitation: Invitation, **fields: Any) -> None:
    invitation.answered_at = timezone.now()
    invitation.save(update_fields=["answered_at"])
    make_response(invitation=invitation, **fields)


def rate(survey: Survey, **fields: Any) -> ResponseRate:
    return count_invited(Selection(zone=ZONE, survey=survey, **fields))


def test_rate_is_answered_of_sent_minus_bounced(campaign: Campaign) -> None:
    reply(send(campaign))
    send(campaign)
    send(campaign)
    send(campaign, delivery_status="bounced")

    found = rate(campaign.survey)

    assert found == ResponseRate(sent=4, bounced=1, answered=1, set_aside=0)
    assert (found.reached, found.percentage) == (3, Decimal("33.3"))


@pytest.mark.parametrize("state", ["scheduled", "claimed", "sending", "failed", "skipped"])
def test_mail_that_never_left_is_in_no_figure(campaign: Campaign, state: str) -> None:
    make_invitation(campaign=campaign, state=state)

    found = rate(campaign.survey)

    assert found == ResponseRate(sent=0, bounced=0, answered=0, set_aside=0)
    assert found.percentage is None


def test_reminder_asks_nobody_new(campaign: Campaign) -> None:
    first = send(campaign)
    send(campaign, contact=first.contact, sequence=1, first=first)

    assert rate(campaign.survey).sent == 1


def test_answer_proves_arrival_whatever_the_ledger_says(campaign: Campaign) -> None:
    reply(send(campaign, state="unknown"))
    reply(send(campaign, delivery_status="bounced"))

    assert rate(campaign.survey) == ResponseRate(sent=2, bounced=0, answered=2, set_aside=0)


@pytest.mark.parametrize("status", ["provisional", "excluded"])
def test_answer_that_is_not_counted_is_stated_apart(campaign: Campaign, status: str) -> None:
    reply(send(campaign), status=status)

    assert rate(campaign.survey) == ResponseRate(sent=1, bounced=0, answered=0, set_aside=1)


def test_other_surveys_and_imported_history_do_not_count(campaign: Campaign) -> None:
    reply(send(make_campaign()))
    make_response(survey=campaign.survey, channel="import")

    assert rate(campaign.survey).sent == 0


def test_days_are_those_of_the_invitation(campaign: Campaign) -> None:
    midnight = dt.datetime(2026, 7, 10, tzinfo=ZONE)
    reply(send(campaign, sent_at=midnight))
    send(campaign, sent_at=midnight - dt.timedelta(microseconds=1))
    day = midnight.date()

    assert rate(campaign.survey, first=day, last=day).sent == 1


def test_segment_follows_the_contact_for_answered_and_silent_alike(campaign: Campaign) -> None:
    for region in ("North", "North", "South"):
        send(campaign, contact=make_contact(properties={"region": region}))
    reply(Invitation.objects.order_by("pk")[0], properties={"region": "North"})

    found = rate(campaign.survey, filters=(PropertyFilter("region", ("North",)),))

    assert (found.sent, found.answered) == (2, 1)
