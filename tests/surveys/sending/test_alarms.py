"""The watchdog: one alarm per episode, told once, and told to be over when it lasted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from surveys.models import Alarm, Campaign, Invitation, Mail, Sender
from surveys.sending import alarms
from surveys.sending.alarms import find_breaches
from surveys.sending.vitals import clock_apart, measure
from surveys.sending.watch import BEAT, WORKER, note_alive
from surveys.tasks import watch as watch_task
from tests.factories import (
    make_campaign,
    make_invitation,
    make_mail,
    make_organisation,
    make_sender,
    make_user,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
NOW = dt.datetime(2026, 10, 13, 10, tzinfo=dt.UTC)  # a Tuesday at noon in Amsterdam


@pytest.fixture(autouse=True)
def mail_to_admins(admin: User) -> Sender:
    make_organisation()
    return make_sender(lane=Sender.Lane.TRANSACTIONAL)


def watch(now: dt.datetime) -> None:
    note_alive(WORKER, now=now)
    note_alive(BEAT, now=now)
    alarms.watch(now=now)


def breaches(now: dt.datetime = NOW) -> list[tuple[str, str]]:
    note_alive(WORKER, now=now)
    note_alive(BEAT, now=now)
    return [each.key for each in find_breaches(measure(now=now))]


def make_late(minutes: int = 31, **fields: Any) -> Invitation:
    return make_invitation(
        **{
            "scheduled_for": NOW - minutes * MINUTE,
            "not_after": NOW + dt.timedelta(days=9),
        }
        | fields
    )


def subjects() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("subject", flat=True))


def test_nothing_is_wrong() -> None:
    make_late(29)

    assert breaches() == []


def test_due_mail_that_nobody_takes_is_told() -> None:
    late = make_late()

    assert breaches() == [("overdue", str(late.campaign_id))]


def test_due_mail_waits_for_good_reasons() -> None:
    make_late(campaign=make_campaign(state="paused"))
    make_late(campaign=make_campaign(day_start=dt.time(11, 45)))  # open for 15 minutes
    full = make_campaign(daily_limit=1)
    make_late(campaign=full)
    make_invitation(campaign=full, state="sent", sent_at=NOW - 50 * MINUTE)
    busy = make_campaign()
    make_late(campaign=busy)
    make_invitation(campaign=busy, state="sent", sent_at=NOW - 5 * MINUTE)

    assert breaches() == []


def test_late_mail_to_single_people_is_told() -> None:
    make_mail(scheduled_for=NOW - 11 * MINUTE)

    assert breaches() == [("mails_overdue", "")]


def test_intent_without_a_result_is_told() -> None:
    real = timezone.now()
    make_invitation(state="sending", intent_at=real - MINUTE)
    assert breaches() == []

    make_invitation(state="sending", intent_at=real - 3 * MINUTE)

    assert breaches() == [("stuck", "")]


@pytest.mark.parametrize(
    ("count", "age", "is_told"), [(1, 59, False), (1, 61, True), (10, 1, True)]
)
def test_doubt_is_told_when_it_stays_or_grows(count: int, age: int, is_told: bool) -> None:
    for _ in range(count):
        make_invitation(state="unknown", unknown_since=NOW - age * MINUTE)

    assert (breaches() == [("unknown", "")]) is is_told


def test_ledger_that_does_not_add_up_is_told() -> None:
    campaign = make_campaign(planned=2)
    make_late(1, campaign=campaign)
    make_late(1, campaign=campaign, state="skipped")
    make_late(1, campaign=campaign, sequence=1)
    assert breaches() == []

    Invitation.objects.filter(state="skipped").delete()

    assert breaches() == [("ledger", str(campaign.pk))]


def test_held_sender_is_told_when_it_is_serious_until_it_is_well() -> None:
    sender = make_sender(held_until=NOW + MINUTE, failures_in_a_row=1)
    assert breaches() == []
    Sender.objects.filter(pk=sender.pk).update(held_until=NOW + 5 * MINUTE)
    watch(NOW)
    assert Alarm.objects.get().kind == "held"

    watch(NOW + 6 * MINUTE)  # just about to try again
    assert Alarm.objects.get().closed_at is None

    Sender.objects.filter(pk=sender.pk).update(held_until=None, failures_in_a_row=0)
    watch(NOW + 7 * MINUTE)
    assert Alarm.objects.get().closed_at == NOW + 7 * MINUTE


def test_silent_beat_is_told() -> None:
    note_alive(WORKER, now=NOW)
    note_alive(BEAT, now=NOW - 11 * MINUTE)

    assert [each.key for each in find_breaches(measure(now=NOW))] == [("silent", "beat")]


@pytest.mark.parametrize(("seconds", "apart"), [(-9, 9.0), (0, 0.0), (2, 0.0), (9, 6.0)])
def test_clocks_are_apart_by_what_the_journey_cannot_explain(seconds: int, apart: float) -> None:
    theirs = NOW + dt.timedelta(seconds=seconds)

    assert clock_apart(NOW, theirs, NOW + dt.timedelta(seconds=3)) == apart


def test_one_episode_is_one_mail_to_each_admin() -> None:
    make_user(role="admin")
    make_user(role="manager")
    make_late(campaign=make_campaign(name="Jaarmeting"))

    for minute in range(3):
        watch(NOW + minute * MINUTE)

    assert subjects() == ["Due mail does not leave"] * 2
    assert Alarm.objects.count() == 1
    text = Mail.objects.first()
    assert text is not None
    assert "1 mail of “Jaarmeting” should have left on 13 October 11:29" in text.text


def test_end_is_told_when_it_lasted_and_the_next_episode_is_new() -> None:
    late = make_late()
    watch(NOW)
    watch(NOW + 5 * MINUTE)
    Invitation.objects.filter(pk=late.pk).update(state="failed")
    watch(NOW + 10 * MINUTE)
    watch(NOW + 11 * MINUTE)
    assert subjects() == ["Due mail does not leave", "Over: Due mail does not leave"]

    Invitation.objects.filter(pk=late.pk).update(state="scheduled")
    watch(NOW + 12 * MINUTE)

    assert subjects()[2:] == ["Due mail does not leave"]
    assert Alarm.objects.count() == 2


def test_short_episode_has_no_second_mail() -> None:
    late = make_late()
    watch(NOW)
    Invitation.objects.filter(pk=late.pk).update(state="failed")

    for minute in (9, 18, 27):
        watch(NOW + minute * MINUTE)

    assert subjects() == ["Due mail does not leave"]


def test_without_a_sender_the_banner_stands_and_the_mail_comes_later(
    mail_to_admins: Sender, manager_client: Client
) -> None:
    mail_to_admins.delete()
    make_late(campaign=make_campaign(name="Jaarmeting"))
    watch(NOW)
    assert subjects() == []
    assert "“Jaarmeting” should have left on" in manager_client.get("/").content.decode()

    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    watch(NOW + MINUTE)

    assert subjects() == ["Due mail does not leave"]


def test_held_sender_of_notices_keeps_the_mail(mail_to_admins: Sender) -> None:
    Sender.objects.filter(pk=mail_to_admins.pk).update(
        held_until=NOW + 5 * MINUTE, failures_in_a_row=4, held_reason="535 no"
    )

    watch(NOW)
    watch(NOW + 6 * MINUTE)

    assert Mail.objects.get().state == "scheduled"
    assert Alarm.objects.get().closed_at is None


def test_standstill_is_told_afterwards() -> None:
    make_campaign()
    watch(NOW)

    watch(NOW + 60 * MINUTE)

    alarm = Alarm.objects.get()
    assert (alarm.subject, alarm.opened_at, alarm.closed_at) == ("watchdog", NOW, NOW + 60 * MINUTE)
    assert subjects() == ["Over: A part of the product is silent"]


def test_standstill_of_a_machine_that_sends_nothing_is_no_news() -> None:
    Campaign.objects.all().delete()
    watch(NOW)

    watch(NOW + 60 * MINUTE)

    assert Alarm.objects.count() == 1
    assert subjects() == []


def test_mail_speaks_the_language_of_its_reader(admin: User) -> None:
    User.objects.update(language="nl")
    make_late()

    watch(NOW)

    assert "13 oktober" in Mail.objects.get().text


def test_second_watchdog_lets_the_first_work() -> None:
    assert "alarms stand" in watch_task()


def test_clock_is_for_admins_only(manager_client: Client, admin_client: Client) -> None:
    Alarm.objects.create(kind="clock", facts={"seconds": 9}, opened_at=NOW)

    managers, admins = (
        client.get("/").content.decode() for client in (manager_client, admin_client)
    )

    assert "differ by 9 seconds" not in managers
    assert "differ by 9 seconds" in admins


def test_page_shows_numbers_and_alarms_of_now_and_before(manager_client: Client) -> None:
    make_late(campaign=make_campaign(name="Jaarmeting"))
    Alarm.objects.create(kind="clock", facts={"seconds": 9}, opened_at=NOW, closed_at=NOW)
    watch(NOW)

    page = manager_client.get("/sending/").content.decode()

    assert "“Jaarmeting” should have left on" in page
    assert "The admins were mailed." in page
    assert "differ by 9 seconds" in page
    assert "Only an admin can do this." in page
