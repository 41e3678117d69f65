"""What the sample company shows, and what it must never do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from closeloop.changing import find_target, lock, note_contact, record
from closeloop.closing import Closing, close
from closeloop.models import Activity, FollowUp, Member, RootCause
from closeloop.noting import add_note, log_call
from closeloop.opening import open_follow_up
from closeloop.reports.cohort import Cohort
from closeloop.reports.loop import add_up, list_weeks
from closeloop.reports.recovery import compare_recovery, list_gestures
from closeloop.reports.results import count_causes
from closeloop.reports.waiting import list_first_contacts
from npsapp.demo.building import build_sample, remove_sample
from npsapp.demo.logins import LOGINS, PASSWORD
from npsapp.models import User
from responses.models import Event, Response
from responses.reports.around import list_around
from responses.reports.comparison import compare_groups
from responses.reports.counting import count_days
from responses.reports.running import RunningTotal
from responses.reports.trend import list_points
from responses.selection import Selection
from responses.spans import Grain
from surveys.models import (
    Campaign,
    Contact,
    ImportBatch,
    Invitation,
    Mail,
    Survey,
    get_organisation,
)

NOW = dt.datetime(2026, 10, 14, 10, 0, tzinfo=dt.UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Built once for all tests here: they only look.

    The order of a round is drawn from the keys of its people: with other keys it is another sample.
    """
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        build_sample(now=NOW)
    yield
    with django_db_blocker.unblock():
        remove_sample()


def test_demo_shows_every_page_at_work() -> None:
    states = dict(FollowUp.objects.values_list("state").annotate(Count("pk")))
    assert set(states) == set(FollowUp.State.values)
    assert FollowUp.objects.overdue(NOW).exists()
    assert FollowUp.objects.unassigned().exists()
    assert set(Response.objects.values_list("language", flat=True)) == {"nl", "en"}
    running = Campaign.objects.running().get()
    assert {"scheduled", "sent"} <= set(running.invitations.values_list("state", flat=True))


def test_demo_addresses_belong_to_nobody() -> None:
    for addresses in (Contact.objects.values_list("email"), User.objects.values_list("email")):
        assert {address.rpartition(".")[2] for (address,) in addresses} == {"example"}


def test_demo_keeps_the_promises() -> None:
    collected = Response.objects.counted().collected()
    assert collected.filter(follow_up__isnull=True).count() == 0
    assert FollowUp.objects.filter(response__channel=Response.Channel.IMPORT).count() == 0
    assert Response.objects.filter(answered_at__gt=NOW).count() == 0
    assert not Invitation.objects.filter(state="scheduled", scheduled_for__lt=NOW).exists()


def test_demo_mails_nobody_about_its_past() -> None:
    assert Mail.objects.exclude(state="sent").get().kind == Mail.Kind.TEST


def test_demo_login_works_and_the_page_says_it_is_sample_data(client: Client) -> None:
    assert client.login(username=LOGINS[0], password=PASSWORD)
    assert 'class="sample"' in client.get("/").content.decode()
    for slug in Survey.objects.values_list("slug", flat=True):
        assert client.get(f"/?survey={slug}&period=all").status_code == 200


def test_demo_opens_the_pages_of_its_imports(client: Client) -> None:
    client.force_login(User.objects.get(role="manager"))
    batches = list(ImportBatch.objects.order_by("pk"))

    pages = [client.get(batch.get_absolute_url()) for batch in batches]
    lists = [client.get(reverse(name)) for name in ("response_import", "contact_import")]

    assert batches != []
    assert [page.status_code for page in [*pages, *lists]] == [200] * (len(pages) + 2)
    assert "320 answers imported" in " ".join(pages[0].content.decode().split())


def test_demo_has_two_thousand_people_and_fourteen_months_of_answers() -> None:
    today = NOW.date()
    oldest = Response.objects.earliest("answered_at").answered_at.date()

    assert Contact.objects.count() == 2000
    assert 13 * 30 <= (today - oldest).days <= 14 * 31
    assert set(Survey.objects.values_list("touchpoint", flat=True)) == {
        "relationship",
        "pre_delivery",
        "post_delivery",
    }
    assert Campaign.objects.filter(state="finished").count() >= 10


def test_demo_has_a_round_halfway_and_a_busy_queue() -> None:
    running = Campaign.objects.running().get()

    assert (NOW.date() - running.first_day).days == 14
    assert running.window_days == 30
    assert 30 <= FollowUp.objects.open().count() <= 150


def test_demo_strike_shows_in_the_trend_after_delivery() -> None:
    after = Survey.objects.get(touchpoint="post_delivery")
    chosen = Selection(zone=get_organisation().zone, survey=after)
    series = list_points(RunningTotal(count_days(chosen)), chosen, grain=Grain.MONTH)
    assert series is not None
    months = series.points
    strike = (NOW - dt.timedelta(days=100)).date().replace(day=1)

    (low,) = [month for month in months if month.first == strike]
    others = [month for month in months if month.n >= 30 and month.first != strike]

    assert low.interval is not None
    assert len(others) >= 10
    assert all(low.interval.high < (month.nps or 0) for month in others)


def test_demo_strike_is_an_event_that_coincides_with_its_low() -> None:
    after = Survey.objects.get(touchpoint="post_delivery")
    chosen = Selection(zone=get_organisation().zone, survey=after)
    events = list(Event.objects.about(after))

    found = list_around(
        events,
        known=events,
        selection=chosen,
        days=RunningTotal(count_days(chosen)),
        today=NOW.date(),
    )

    (strike,) = [around for around in found if around.event.kind == "outage"]
    assert strike.shown_during is not None
    assert strike.shown_during.verdict == "lower"
    assert {event.kind for event in events} == {"outage", "launch", "price"}


def test_demo_segments_really_differ() -> None:
    after = Survey.objects.get(touchpoint="post_delivery")
    chosen = Selection(zone=get_organisation().zone, survey=after)

    found = {
        group.segment.value: group.interval
        for group in compare_groups(chosen, "bezorging").groups
        if group.interval
    }

    assert found["Pakketdienst"].high < found["Fietskoerier"].low


def test_demo_asks_before_delivery_a_week_before_it_asks_after() -> None:
    pairs = 0
    asked = Invitation.objects.filter(state="sent").values_list(
        "contact", "campaign__survey__touchpoint", "sent_at"
    )
    before = {contact: at for contact, touchpoint, at in asked if touchpoint == "pre_delivery"}
    for contact, touchpoint, at in asked:
        if touchpoint == "post_delivery" and contact in before:
            pairs += 1
            assert dt.timedelta(days=2) < at - before[contact] < dt.timedelta(days=12)
    assert pairs > 1500


def test_demo_follow_ups_are_due_when_targets_say() -> None:
    organisation = get_organisation()
    follow_ups = list(FollowUp.objects.select_related("response"))

    assert len(follow_ups) > 2000
    for follow_up in follow_ups:
        answer = follow_up.response
        target = find_target(answer.category, since=answer.answered_at, organisation=organisation)
        assert follow_up.due_at == target
        assert answer.answered_at <= follow_up.opened_at <= NOW
    assert FollowUp.objects.with_unseen_change().count() == 0


def test_demo_timelines_have_a_line_for_every_version() -> None:
    lines: dict[int, list[tuple[int, dt.datetime]]] = {}
    for pk, version, at in Activity.objects.order_by("version").values_list(
        "follow_up", "version", "at"
    ):
        lines.setdefault(pk, []).append((version, at))

    for follow_up in FollowUp.objects.all():
        told = lines[follow_up.pk]
        assert [version for version, _ in told] == list(range(1, follow_up.version + 1))
        assert [at for _, at in told] == sorted(at for _, at in told)
        assert told[-1][1] <= NOW


def test_demo_answered_invitations_know_it() -> None:
    answered = Invitation.objects.filter(response__isnull=False)

    assert answered.exclude(answered_at=F("response__answered_at")).count() == 0
    assert Invitation.objects.filter(response=None, answered_at__isnull=False).count() == 0


ROW = (
    "owner", "state", "opened_at", "due_at", "awaiting_contact", "first_contacted_at", "closed_at",
    "outcome", "root_cause", "known_score", "answer_seen_at", "version",
)  # fmt: skip
LINE = ("kind", "actor", "at", "text", "version", "details")


@pytest.mark.parametrize("category", ["detractor", "passive", "promoter"])
def test_demo_follow_up_is_what_the_real_functions_write(category: str) -> None:
    """Played again through the functions behind the pages, on a copy that is rolled back."""
    replied = FollowUp.objects.filter(activities__kind="reply")
    closed = replied.closed().filter(response__category=category)
    if category == "detractor":
        closed = closed.filter(activities__kind="note").filter(activities__kind="call")
    sample = closed.earliest("opened_at")
    row = FollowUp.objects.filter(pk=sample.pk).values(*ROW).get()
    lines = list(sample.activities.order_by("version").values(*LINE))
    mail = sample.activities.get(kind="reply").mail
    assert mail is not None
    with transaction.atomic():
        sample.activities.all().delete()
        sample.delete()
        Member.objects.exclude(user=sample.owner).update(on_duty=False)

        played = play_again(sample.response_id, lines, row, mail)

        assert FollowUp.objects.filter(pk=played.pk).values(*ROW).get() == row
        assert list(played.activities.order_by("version").values(*LINE)) == lines
        transaction.set_rollback(True)


def play_again(
    response_pk: int, lines: list[dict[str, Any]], row: dict[str, Any], mail: Mail
) -> FollowUp:
    follow_up = open_follow_up(response_pk, now=row["opened_at"], announce=False)
    assert follow_up is not None
    user = follow_up.owner
    assert user is not None
    for line in lines[1:]:
        now, text = line["at"], line["text"]
        version = line["version"] - 1
        if line["kind"] == "note":
            add_note(follow_up, text=text, user=user, version=version, now=now)
        elif line["kind"] == "call":
            log_call(
                follow_up,
                outcome=Activity.CallOutcome.REACHED,
                text=text,
                user=user,
                version=version,
                now=now,
            )
        elif line["kind"] == "reply":
            # What closeloop.settling does once the server has taken the mail.
            fresh = lock(follow_up.pk)
            fresh.state = FollowUp.State.IN_PROGRESS
            note_contact(fresh, at=now)
            record(fresh, Activity.Kind.REPLY, now=now, user=user, text=text, mail=mail)
        elif line["kind"] == "gesture":
            details = line["details"]
            record(lock(follow_up.pk), Activity.Kind.GESTURE, now=now, user=user, details=details)
        else:
            cause = RootCause.objects.filter(pk=row["root_cause"]).first()
            closing = Closing(outcome=row["outcome"], root_cause=cause)
            close(follow_up, closing, user=user, version=version, now=now)
    return follow_up


def test_demo_keeps_the_frequency_rule_and_still_asks_most() -> None:
    running = Campaign.objects.running().get()
    asked = running.invitations.exclude(state="skipped")

    assert asked.count() > 1500
    assert running.invitations.filter(state="skipped", reason="rested").count() > 100
    assert asked.filter(rests_until__gt=F("scheduled_for")).count() == 0
    assert asked.filter(rests_until__isnull=False).count() > 50


def test_demo_fills_the_page_about_the_loop() -> None:
    cohort = Cohort(selection=Selection(zone=get_organisation().zone), now=NOW)

    loop = add_up(list_weeks(cohort, most=None))
    everybody = list_first_contacts(cohort)[0]
    causes = count_causes(cohort)

    assert loop.percentage is not None
    assert 85 <= loop.percentage <= 97
    assert loop.without
    assert everybody.late
    assert everybody.missed
    assert list_gestures(cohort).cost > 0
    assert compare_recovery(cohort)[0].again >= 30
    strike = (NOW - dt.timedelta(days=100)).date().replace(day=1)
    month = [first for first, _n in causes.months].index(strike)
    late = max(causes.causes, key=lambda cause: cause.months[month].n)
    shares = [share.share or Decimal(0) for share in late.months]
    assert shares[month] == max(shares)
