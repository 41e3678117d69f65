"""When members work and when they are away: set by managers, one's own absences by oneself."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.models import Absence, Member, Recipe
from npsapp.models import User
from tests.factories import make_account, make_follow_up, make_member, make_organisation, make_user

TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)
WEEK = {"first_day": str(TODAY), "last_day": str(TODAY + 6 * DAY)}


def test_manager_sets_what_a_member_can_take(manager_client: Client) -> None:
    member = make_member()
    sent = {"daily_capacity": "7", "languages": ["en"], "working_days": ["1", "0"]}

    manager_client.post(reverse("member", args=[member.pk]), sent)

    member.refresh_from_db()
    assert (member.daily_capacity, member.languages, member.working_days) == (7, ["en"], [1, 0])


def test_manager_sets_the_clock_of_a_member(manager_client: Client) -> None:
    member = make_member()

    sent = {"daily_capacity": "7", "time_zone": "America/New_York"}
    manager_client.post(reverse("member", args=[member.pk]), sent)

    member.refresh_from_db()
    assert member.zone == ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "wrong",
    [
        {"daily_capacity": "0"},
        {"languages": ["xx"]},
        {"working_days": ["7"]},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_what_makes_no_sense_is_refused(manager_client: Client, wrong: dict[str, object]) -> None:
    member = make_member(daily_capacity=20)

    page = manager_client.post(reverse("member", args=[member.pk]), {"daily_capacity": "7"} | wrong)

    member.refresh_from_db()
    assert (page.status_code, member.daily_capacity) == (422, 20)


def test_absence_is_added_removed_and_brought_back(manager_client: Client) -> None:
    member = make_member()
    add = reverse("absence_add", args=[member.pk])
    manager_client.post(add, WEEK)
    absence = Absence.objects.get()
    assert (absence.first_day, absence.last_day) == (TODAY, TODAY + 6 * DAY)

    page = manager_client.post(reverse("absence_remove", args=[absence.pk]), follow=True)

    assert not Absence.objects.exists()
    assert f'action="{add}"' in page.content.decode()


@pytest.mark.parametrize(
    ("first", "last"), [(TODAY, TODAY - DAY), (TODAY, TODAY + 800 * DAY), ("", TODAY)]
)
def test_absence_that_makes_no_sense_is_refused(
    manager_client: Client, first: object, last: object
) -> None:
    url = reverse("absence_add", args=[make_member().pk])

    page = manager_client.post(url, {"first_day": str(first), "last_day": str(last)})

    assert (page.status_code, Absence.objects.count()) == (422, 0)


def test_member_adds_and_removes_their_own_absence_only(agent_client: Client, agent: User) -> None:
    own, others = make_member(user=agent), make_member()
    theirs = Absence.objects.create(member=others, first_day=TODAY, last_day=TODAY)

    agent_client.post(reverse("my_absence_add"), WEEK)
    page = agent_client.post(reverse("my_absence_remove", args=[theirs.pk]))

    assert page.status_code == 404
    assert set(Absence.objects.values_list("member", flat=True)) == {own.pk, others.pk}
    agent_client.post(reverse("my_absence_remove", args=[own.absences.get().pk]))
    assert Absence.objects.get() == theirs


def test_own_absence_that_is_wrong_comes_back_with_what_was_typed(
    agent_client: Client, agent: User
) -> None:
    make_member(user=agent)
    sent = {"first_day": str(TODAY), "last_day": str(TODAY - DAY)}

    page = agent_client.post(reverse("my_absence_add"), sent)

    assert page.status_code == 422
    assert f'value="{TODAY - DAY}"' in page.content.decode()


def test_who_is_on_no_team_has_no_absences(agent_client: Client) -> None:
    assert agent_client.post(reverse("my_absence_add"), WEEK).status_code == 404
    assert not Member.objects.exists()


def test_team_shows_who_is_away_and_hands_over_what_waits(manager_client: Client) -> None:
    make_organisation(working_days=[*range(7)])
    away, here = make_member(), make_member()
    follow_up = make_follow_up(owner=away.user)
    Absence.objects.create(member=away, first_day=TODAY - DAY, last_day=TODAY + DAY)
    page = manager_client.get(reverse("team")).content.decode()
    assert f"1 customer waits for {away.user}." in page

    manager_client.post(reverse("member_hand_over", args=[away.pk]))

    follow_up.refresh_from_db()
    assert follow_up.owner == here.user


# The steps of each category


def test_steps_of_the_usual_recipe_stand_beside_a_follow_up(agent_client: Client) -> None:
    follow_up = make_follow_up(score=3)

    page = agent_client.get(follow_up.get_absolute_url()).content.decode()

    assert "Call; write only when nobody answers." in page
    assert "they hear from us within 1 working day." in page


def test_steps_in_the_teams_own_words_replace_the_usual_ones(
    manager_client: Client, agent_client: Client
) -> None:
    sent = {"steps": "Bel  eerst\r\n\r\nSchrijf <b>daarna</b>\r\n"}
    manager_client.post(reverse("recipe_save", args=["detractor"]), sent)

    page = agent_client.get(make_follow_up(score=3).get_absolute_url()).content.decode()

    assert Recipe.objects.get().steps == "Bel eerst\nSchrijf <b>daarna</b>"
    assert "<span>Schrijf &lt;b&gt;daarna&lt;/b&gt;</span>" in page
    assert "Call; write only" not in page


def test_no_steps_at_all_is_a_choice_too(manager_client: Client, agent_client: Client) -> None:
    manager_client.post(reverse("recipe_save", args=["promoter"]), {"steps": ""})

    page = agent_client.get(make_follow_up(score=9).get_absolute_url()).content.decode()

    assert 'id="recipe-title"' not in page


def test_saving_the_usual_steps_unchanged_keeps_them_in_each_readers_language(
    manager_client: Client,
) -> None:
    form = manager_client.get(reverse("recipes")).context["forms"][0]

    manager_client.post(
        reverse("recipe_save", args=["detractor"]), {"steps": form["steps"].value()}
    )

    assert not Recipe.objects.exists()


def test_usual_steps_come_back(manager_client: Client) -> None:
    Recipe.objects.create(category="passive", steps="Iets")

    manager_client.post(reverse("recipe_usual", args=["passive"]))

    assert not Recipe.objects.exists()


@pytest.mark.parametrize("steps", ["\n".join("abcdefgh"), "x" * 161])
def test_too_many_or_too_long_steps_are_refused(manager_client: Client, steps: str) -> None:
    page = manager_client.post(reverse("recipe_save", args=["passive"]), {"steps": steps})

    assert (page.status_code, Recipe.objects.count()) == (422, 0)


def test_unknown_category_is_not_found(manager_client: Client) -> None:
    for name in ("recipe_save", "recipe_usual"):
        assert manager_client.post(reverse(name, args=["neutral"])).status_code == 404


# The owner of an account


def test_account_is_given_an_owner_who_may_follow_up(manager_client: Client, viewer: User) -> None:
    account, agent = make_account(name="Voorbeeld BV"), make_user(name="Sanne Snel")
    url = reverse("account_rename", args=[account.pk])

    refused = manager_client.post(url, {"name": "Voorbeeld BV", "owner": viewer.pk})
    page = manager_client.post(url, {"name": "Voorbeeld BV", "owner": agent.pk}, follow=True)

    account.refresh_from_db()
    assert (refused.status_code, account.owner) == (422, agent)
    assert "followed up by Sanne Snel" in page.content.decode()
