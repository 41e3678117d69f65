"""Reminders while something else happens: another job, an answer, a switch, a cancellation."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from responses.recording import record_response
from surveys.campaigns import cancel
from surveys.models import Campaign, Invitation
from surveys.planning.reminding import plan_reminders
from surveys.reminders import change_reminders
from surveys.sending.claim import claim_due
from surveys.sending.intent import record_intent
from surveys.sending.ledger import INVITATIONS
from tests.factories import make_campaign, make_invitation, make_organisation
from tests.races import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)

ALWAYS = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "day_start": dt.time(0), "day_end": dt.time(23, 59)}


@pytest.fixture
def campaign() -> Campaign:
    make_organisation(time_zone="Europe/Amsterdam")
    first_day = timezone.localdate() - dt.timedelta(days=10)
    return make_campaign(first_day=first_day, reminders=1, reminder_after_days=7, **ALWAYS)


def ask(campaign: Campaign) -> Invitation:
    sent_at = timezone.now() - dt.timedelta(days=8)
    return make_invitation(campaign=campaign, state="sent", sent_at=sent_at)


def test_two_jobs_at_once_plan_each_reminder_once_and_keep_the_limit(campaign: Campaign) -> None:
    for _ in range(30):
        ask(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(daily_limit=12)
    now = timezone.now()

    raised = run_at_once(*[lambda: plan_reminders(campaign, now=now)] * 4)

    reminders = campaign.invitations.filter(sequence=1)
    assert raised == []
    assert reminders.count() == 12
    assert reminders.values("first").distinct().count() == 12


def test_answer_at_the_same_moment_leaves_nothing_that_may_leave(campaign: Campaign) -> None:
    firsts = [ask(campaign) for _ in range(5)]
    now = timezone.now()

    raised = run_at_once(
        lambda: plan_reminders(campaign, now=now),
        *[
            lambda first=first: record_response(first, score=9, comment="", language="nl", now=now)
            for first in firsts
        ],
    )
    claim = claim_due(
        INVITATIONS, campaign.pk, limit=50, late_too=True, now=now + dt.timedelta(days=1)
    )

    assert raised == []
    assert claim.rows == []
    left = campaign.invitations.filter(sequence=1).exclude(state="skipped", reason="answered")
    assert left.count() == 0


def test_answer_after_the_claim_stops_the_reminder_at_its_intent(campaign: Campaign) -> None:
    first, now = ask(campaign), timezone.now()
    plan_reminders(campaign, now=now)
    claim = claim_due(INVITATIONS, campaign.pk, limit=50, late_too=True, now=timezone.now())
    (reminder,) = claim.rows
    record_response(first, score=9, comment="", language="nl", now=now)

    may_leave = record_intent(
        INVITATIONS, reminder.pk, claim.token, address_hash=reminder.address_hash, now=now
    )

    assert not may_leave


def test_switching_off_after_the_claim_stops_the_reminder_at_its_intent(campaign: Campaign) -> None:
    ask(campaign)
    now = timezone.now()
    plan_reminders(campaign, now=now)
    claim = claim_due(INVITATIONS, campaign.pk, limit=50, late_too=True, now=timezone.now())
    (reminder,) = claim.rows
    change_reminders(campaign, reminders=0, after_days=7, previewed=0, now=now)

    may_leave = record_intent(
        INVITATIONS, reminder.pk, claim.token, address_hash=reminder.address_hash, now=now
    )

    assert not may_leave


def test_nothing_waits_in_a_campaign_that_is_cancelled_at_the_same_moment(
    campaign: Campaign,
) -> None:
    for _ in range(10):
        ask(campaign)
    now = timezone.now()

    raised = run_at_once(
        lambda: plan_reminders(campaign, now=now), lambda: cancel(campaign, now=now)
    )

    assert raised == []
    assert not campaign.invitations.filter(state="scheduled").exists()
