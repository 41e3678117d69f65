"""Public holidays and own free days, and what they hold up."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from closeloop.models import FollowUp
from surveys.free_days import find_free_days, list_countries, name_free_days
from surveys.models import Campaign, Organisation, get_organisation
from surveys.planning.plan import draw_plan
from tests.factories import make_campaign, make_contact, make_follow_up, make_organisation
from tests.surveys.test_settings_pages import fill_form

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YEARS_EVE, NEW_YEAR = dt.date(2026, 12, 31), dt.date(2027, 1, 1)


def test_free_days_are_those_of_the_country_and_our_own() -> None:
    organisation = Organisation(
        holiday_country="NL", own_holidays=[NEW_YEARS_EVE, dt.date(2020, 5, 5)]
    )

    days = find_free_days(organisation, first=dt.date(2026, 12, 24), last=dt.date(2027, 1, 6))

    christmas = {dt.date(2026, 12, 25), dt.date(2026, 12, 26)}
    assert days == christmas | {NEW_YEARS_EVE, NEW_YEAR}


@pytest.mark.parametrize(("language", "name"), [("nl", "Eerste kerstdag"), ("en", "Christmas Day")])
def test_free_days_are_named_in_the_readers_language(language: str, name: str) -> None:
    organisation = Organisation(holiday_country="NL")
    day = dt.date(2026, 12, 25)

    assert name_free_days(organisation, first=day, last=day, language=language) == {day: name}


def test_no_country_and_an_unknown_one_have_no_holidays() -> None:
    year = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 12, 31)}

    assert find_free_days(Organisation(), **year) == frozenset()
    assert find_free_days(Organisation(holiday_country="XX"), **year) == frozenset()


def test_countries_have_names() -> None:
    dutch = dict(list_countries("nl"))

    assert (dutch["DE"], dutch["NL"]) == ("Duitsland", "Nederland")
    assert all(len(code) == 2 for code in dutch)


@pytest.mark.django_db
def test_plan_leaves_free_days_out() -> None:
    make_organisation(holiday_country="NL", own_holidays=[NEW_YEARS_EVE])
    for _ in range(12):
        make_contact()
    campaign = make_campaign(
        state=Campaign.State.DRAFT, first_day=dt.date(2026, 12, 30), window_days=7
    )
    now = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)

    plan = draw_plan(campaign, now=now)

    open_days = {dt.date(2026, 12, 30), dt.date(2027, 1, 4), dt.date(2027, 1, 5)}
    assert plan.open_days == open_days
    assert set(plan.mails_by_day) == open_days


@pytest.mark.django_db
def test_follow_up_is_due_after_the_free_days_and_the_chosen_number() -> None:
    make_organisation(holiday_country="NL", target_days_promoter=2)
    # Thursday the 24th, noon; the 25th is a holiday, then comes the weekend.
    now = dt.datetime(2026, 12, 24, 12, tzinfo=AMSTERDAM)

    follow_up = make_follow_up(score=9, now=now)

    assert follow_up.due_at == dt.datetime(2026, 12, 29, 12, tzinfo=AMSTERDAM)


@pytest.mark.django_db
def test_open_follow_up_keeps_its_day_when_targets_change(admin_client: Client) -> None:
    make_organisation()
    due = make_follow_up(score=9).due_at

    admin_client.post(reverse("settings"), fill_form(target_days_promoter="1"))

    assert get_organisation().target_days_promoter == 1
    assert FollowUp.objects.get().due_at == due


@pytest.mark.django_db
def test_settings_keep_and_show_free_days(admin_client: Client) -> None:
    typed = "2030-12-24\r\n05-05-2030 \r\n24.12.2030"
    admin_client.post(reverse("settings"), fill_form(holiday_country="NL", own_holidays=typed))

    page = admin_client.get(reverse("settings")).content.decode()
    assert get_organisation().own_holidays == [dt.date(2030, 5, 5), dt.date(2030, 12, 24)]
    assert "2030-05-05\n2030-12-24" in page
    assert "Christmas Day" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own_holidays": "03/04/2027"}, "“03/04/2027” is not a day."),
        ({"holiday_country": "XX"}, "Select a valid choice."),
        ({"target_days_detractor": "0"}, "greater than or equal to 1"),
    ],
)
def test_settings_refuse_what_is_no_day(
    admin_client: Client, changes: dict[str, str], words: str
) -> None:
    response = admin_client.post(reverse("settings"), fill_form(**changes))

    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_country_with_two_codes_is_offered_once() -> None:
    names = [name for _code, name in list_countries("en")]

    assert names.count("United Kingdom") == 1
    assert not {"UK", "GB"} & set(names)


@pytest.mark.django_db
def test_the_second_code_of_a_country_becomes_the_first(admin_client: Client) -> None:
    make_organisation(holiday_country="UK")

    form = admin_client.get(reverse("settings")).context["form"]

    assert form["holiday_country"].value() == "GB"
