"""A campaign asked again: by hand, and prepared by itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from npsapp.roles import Role
from surveys.campaigns import CannotMove, delete_draft
from surveys.models import Campaign, Mail, Sender
from surveys.rounds import change_repetition, find_next_day, prepare_rounds, repeat_campaign
from tests.factories import make_campaign, make_organisation, make_sender, make_survey, make_user

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2027, 9, 20, 8, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(time_zone="Europe/Amsterdam")


@pytest.mark.parametrize(
    ("first_day", "rhythm", "after", "expected"),
    [
        ((2026, 10, 1), "yearly", (2026, 11, 1), (2027, 10, 1)),
        ((2026, 10, 1), "yearly", (2027, 10, 1), (2028, 10, 1)),
        ((2028, 2, 29), "yearly", (2028, 3, 1), (2029, 2, 28)),
        ((2028, 2, 29), "yearly", (2031, 3, 1), (2032, 2, 29)),
        ((2026, 11, 30), "quarterly", (2026, 12, 1), (2027, 2, 28)),
        ((2026, 11, 30), "quarterly", (2027, 3, 1), (2027, 5, 30)),
        ((2026, 10, 1), "quarterly", (2026, 10, 2), (2027, 1, 1)),
    ],
)
def test_next_day_is_whole_periods_later(
    first_day: tuple[int, int, int],
    rhythm: str,
    after: tuple[int, int, int],
    expected: tuple[int, int, int],
) -> None:
    day = find_next_day(dt.date(*first_day), rhythm, after=dt.date(*after))

    assert day == dt.date(*expected)


def test_next_round_takes_over_what_was_asked_of_whom() -> None:
    audience = [{"property": "segment", "operator": "is", "values": ["Gold"]}]
    campaign = make_campaign(
        name="Autumn", state="finished", audience=audience, daily_limit=40, window_days=20,
        strata=["segment"], reminders=2, reminder_after_days=5,
    )  # fmt: skip
    manager = make_user(role=Role.MANAGER)

    draft = repeat_campaign(campaign, first_day=dt.date(2027, 10, 1), user=manager)

    assert (draft.name, draft.state, draft.round) == ("Autumn (2)", "draft", 2)
    assert (draft.previous, draft.created_by) == (campaign, manager)
    kept = ("survey_id", "sender_id", "audience", "daily_limit", "window_days", "strata",
            "reminders", "reminder_after_days", "weekdays", "day_start", "day_end")  # fmt: skip
    assert [getattr(draft, name) for name in kept] == [getattr(campaign, name) for name in kept]
    assert draft.seed != campaign.seed
    assert (draft.launched_at, draft.ended_at) == (None, None)


def test_names_of_later_rounds_carry_one_number() -> None:
    campaign = make_campaign(name="Autumn", state="finished")
    second = repeat_campaign(campaign, first_day=dt.date(2027, 10, 1), user=None)
    Campaign.objects.filter(pk=second.pk).update(state="finished")

    third = repeat_campaign(second, first_day=dt.date(2028, 10, 1), user=None)

    assert (third.name, third.round) == ("Autumn (3)", 3)


def test_there_is_one_next_round_at_most() -> None:
    campaign = make_campaign(state="running")
    repeat_campaign(campaign, first_day=dt.date(2027, 10, 1), user=None)

    with pytest.raises(CannotMove):
        repeat_campaign(campaign, first_day=dt.date(2027, 10, 1), user=None)


def test_draft_cannot_be_repeated() -> None:
    with pytest.raises(CannotMove):
        repeat_campaign(make_campaign(state="draft"), first_day=NOW.date(), user=None)


def test_draft_is_prepared_in_time_and_its_manager_is_told_once() -> None:
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    manager, _other = make_user(role=Role.MANAGER), make_user(role=Role.MANAGER)
    campaign = make_campaign(state="finished", repeat="yearly", created_by=manager)

    early = prepare_rounds(now=dt.datetime(2027, 9, 16, 8, tzinfo=dt.UTC))
    prepared = [prepare_rounds(now=NOW), prepare_rounds(now=NOW)]

    assert (early, prepared) == (0, [1, 0])
    draft = Campaign.objects.get(previous=campaign)
    assert (draft.state, draft.first_day, draft.repeat) == (
        "draft", dt.date(2027, 10, 1), "yearly",
    )  # fmt: skip
    mail = Mail.objects.get()
    assert mail.to_email == manager.email
    assert draft.get_absolute_url() in mail.text


def test_all_managers_are_told_when_who_made_it_is_gone() -> None:
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    managers = {make_user(role=role).email for role in (Role.MANAGER, Role.ADMIN)}
    make_user(role=Role.AGENT)
    gone = make_user(role=Role.MANAGER, is_active=False)
    make_campaign(state="finished", repeat="yearly", created_by=gone)

    prepare_rounds(now=NOW)

    assert set(Mail.objects.values_list("to_email", flat=True)) == managers


def test_draft_is_prepared_without_a_sender_for_notices() -> None:
    make_user(role=Role.MANAGER)
    make_campaign(state="finished", repeat="yearly")

    assert prepare_rounds(now=NOW) == 1


@pytest.mark.parametrize("fields", [{"repeat": ""}, {"state": "cancelled"}, {"state": "draft"}])
def test_nothing_is_prepared_unasked(fields: dict[str, str]) -> None:
    make_campaign(**{"state": "finished", "repeat": "yearly"} | fields)

    assert prepare_rounds(now=NOW) == 0


def test_prepared_draft_that_was_deleted_stays_away_until_asked_for() -> None:
    campaign = make_campaign(state="finished", repeat="yearly")
    prepare_rounds(now=NOW)
    delete_draft(Campaign.objects.get(previous=campaign))

    gone = prepare_rounds(now=NOW)
    change_repetition(campaign, repeat="yearly", days_before=30)

    assert (gone, prepare_rounds(now=NOW)) == (0, 1)


# Pages


def test_repeat_button_makes_a_draft_and_shows_its_plan(manager_client: Client) -> None:
    campaign = make_campaign(state="finished")
    day = timezone.localdate() + dt.timedelta(days=30)

    page = manager_client.post(
        reverse("campaign_repeat", args=[campaign.pk]),
        {"when": "own", "first_day": day.isoformat()},
        follow=True,
    )

    draft = Campaign.objects.get(previous=campaign)
    assert page.redirect_chain[-1][0] == draft.get_absolute_url()
    assert draft.first_day == day
    assert campaign.name in page.content.decode()


def test_repeating_on_a_day_that_has_passed_is_refused(manager_client: Client) -> None:
    campaign = make_campaign(state="finished")

    page = manager_client.post(
        reverse("campaign_repeat", args=[campaign.pk]),
        {"when": "own", "first_day": "2020-01-01"},
        follow=True,
    )

    assert not Campaign.objects.filter(previous=campaign).exists()
    assert "Choose today or a later day." in page.content.decode()


def test_page_tells_when_the_next_draft_comes(manager_client: Client) -> None:
    today = timezone.localdate()
    campaign = make_campaign(state="finished", first_day=today - dt.timedelta(days=40))
    first = find_next_day(campaign.first_day, "yearly", after=today)

    page = manager_client.post(
        reverse("campaign_repetition", args=[campaign.pk]),
        {"repeat": "yearly", "days_before": "10"},
        follow=True,
    ).content.decode()

    day, start = date_format(first - dt.timedelta(days=10), "j F Y"), date_format(first, "j F Y")
    assert f"On {day} a draft is prepared for {start}" in page


def test_draft_of_a_round_names_the_one_before_it_and_another_survey(
    manager_client: Client,
) -> None:
    campaign = make_campaign(name="Autumn", state="finished")
    draft = repeat_campaign(campaign, first_day=timezone.localdate(), user=None)

    same = manager_client.get(draft.get_absolute_url()).content.decode()
    Campaign.objects.filter(pk=draft.pk).update(survey=make_survey())
    other = manager_client.get(draft.get_absolute_url()).content.decode()

    assert "The question is the same" in same
    assert "scores cannot be compared" in other
    assert "holds a date" not in same


def test_draft_of_a_round_warns_of_dates_that_did_not_move(manager_client: Client) -> None:
    audience = [{"property": "ordered", "operator": "at_least", "values": ["2026-08-28"]}]
    campaign = make_campaign(state="finished", audience=audience)
    draft = repeat_campaign(campaign, first_day=timezone.localdate(), user=None)

    page = manager_client.get(draft.get_absolute_url()).content.decode()

    assert "A condition of the audience holds a date of the round before." in page
