"""The steps of the recipe, ticked off one by one on a follow-up."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from closeloop.changing import StaleVersion, WrongState
from closeloop.models import Activity, FollowUp, Recipe
from closeloop.noting import add_note
from closeloop.recipes import USUAL
from closeloop.reports.timeline import build_timeline
from closeloop.ticking import read_checklist, tick
from npsapp.exporting import export_person
from npsapp.models import User
from responses.models import Category
from tests.factories import make_follow_up, make_organisation, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
READ, CALL = USUAL[Category.DETRACTOR][:2]


@pytest.fixture
def sad() -> FollowUp:
    make_organisation()
    return make_follow_up(score=3, now=NOW)


def press(client: Client, follow_up: FollowUp, **fields: Any) -> Any:
    url = reverse("follow_up_step", args=[follow_up.pk])
    version = FollowUp.objects.get(pk=follow_up.pk).version
    return client.post(url, {"version": version} | fields, follow=True)


def list_done(follow_up: FollowUp) -> list[str]:
    return [step.text for step in read_checklist(follow_up).steps if step.tick]


def test_step_is_ticked_off_with_name_and_time_by_the_button_on_the_page(
    agent_client: Client, agent: User, sad: FollowUp
) -> None:
    html = agent_client.get(sad.get_absolute_url()).content.decode()
    buttons = re.findall(r'class="step" name="(tick|untick)" value="([^"]+)"', html)

    page = press(agent_client, sad, **dict(buttons[1:2]))

    html = page.content.decode()
    line = sad.activities.get(kind="step")
    assert [key for _name, key in buttons] == USUAL[Category.DETRACTOR]
    assert (line.actor, line.details["step"], line.details["done"]) == (agent, CALL, True)
    assert page.redirect_chain == [(f"{sad.get_absolute_url()}#steps", 302)]
    assert re.search(rf'aria-pressed="true".*?{CALL}.*?{agent} <time', html, re.DOTALL)
    assert "1 of 5 done." in html


def test_ticking_is_work_begun_and_no_contact(sad: FollowUp) -> None:
    after = tick(sad, CALL, done=True, user=make_user(), version=1, now=NOW)

    assert (after.state, after.awaiting_contact, after.first_contacted_at) == (
        "in_progress",
        True,
        None,
    )


def test_tick_is_taken_back_and_both_stand_in_the_timeline(
    agent_client: Client, sad: FollowUp
) -> None:
    press(agent_client, sad, tick=READ)

    press(agent_client, sad, untick=READ)

    sad.refresh_from_db()
    told = [(entry.title, entry.icon) for entry in build_timeline(sad)][-2:]
    assert list_done(sad) == []
    assert sad.state == "open"
    assert told == [(f"Done: {READ}", "check"), (f"Not done after all: {READ}", "back")]


def test_tick_taken_back_after_other_work_leaves_it_in_progress(sad: FollowUp) -> None:
    user = make_user()
    after = tick(sad, READ, done=True, user=user, version=1, now=NOW)
    after = add_note(after, text="Gebeld", user=user, version=after.version, now=NOW)

    after = tick(after, READ, done=False, user=user, version=after.version, now=NOW)

    assert after.state == "in_progress"


def test_what_was_ticked_keeps_its_words_when_the_recipe_changes(
    agent_client: Client, sad: FollowUp
) -> None:
    Recipe.objects.create(category="detractor", steps="Bel eerst\nSchrijf daarna")
    press(agent_client, sad, tick="Bel eerst")

    Recipe.objects.update(steps="Schrijf daarna\nStuur bloemen")

    steps = [(s.text, bool(s.tick), s.is_in_recipe) for s in read_checklist(sad).steps]
    html = agent_client.get(sad.get_absolute_url()).content.decode()
    assert steps == [
        ("Schrijf daarna", False, True),
        ("Stuur bloemen", False, True),
        ("Bel eerst", True, False),
    ]
    assert "no longer in the recipe" in html
    press(agent_client, sad, untick="Bel eerst")
    assert list_done(sad) == []


def test_usual_step_stays_done_in_every_language_and_as_the_teams_own(sad: FollowUp) -> None:
    with override("nl"):
        tick(sad, READ, done=True, user=make_user(), version=1, now=NOW)
        dutch = read_checklist(sad).recipe.steps

    assert list_done(sad) == [READ]
    Recipe.objects.create(category="detractor", steps="\n".join([*dutch, "Nog iets"]))
    assert list_done(sad) == [dutch[0]]
    assert len(read_checklist(sad).steps) == 6


def test_second_click_ticks_once(agent_client: Client, sad: FollowUp) -> None:
    press(agent_client, sad, tick=READ)
    page = press(agent_client, sad, tick=READ, version=1)
    press(agent_client, sad, tick=READ)

    assert "it was not done twice" in page.content.decode()
    assert sad.activities.filter(kind="step").count() == 1


def test_second_of_two_colleagues_sees_what_changed(agent_client: Client, sad: FollowUp) -> None:
    tick(sad, READ, done=True, user=make_user(name="Sanne Snel"), version=1, now=NOW)

    page = press(agent_client, sad, tick=CALL, version=1)

    assert page.status_code == 409
    assert "Sanne Snel</strong> Done: " in page.content.decode()
    with pytest.raises(StaleVersion):
        tick(sad, CALL, done=True, user=make_user(), version=1, now=NOW)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tick": "Stuur bloemen"}, "The recipe changed meanwhile"),
        ({"untick": "Stuur bloemen"}, "The recipe changed meanwhile"),
        ({}, "Choose one step."),
        ({"tick": READ, "untick": CALL}, "Choose one step."),
    ],
)
def test_step_that_is_none_is_refused(
    agent_client: Client, sad: FollowUp, fields: dict[str, str], said: str
) -> None:
    page = press(agent_client, sad, **fields)

    assert page.status_code == 422
    assert said in page.content.decode()
    assert not sad.activities.filter(kind="step").exists()


def test_closed_follow_up_takes_no_tick(sad: FollowUp) -> None:
    FollowUp.objects.filter(pk=sad.pk).update(state="closed", closed_at=NOW, outcome="solved")

    with pytest.raises(WrongState):
        tick(sad, READ, done=True, user=make_user(), version=1, now=NOW)


def test_tick_is_in_what_a_person_is_told_of_us(sad: FollowUp) -> None:
    later = NOW + dt.timedelta(minutes=1)
    tick(sad, READ, done=True, user=make_user(), version=1, now=NOW)
    contact = sad.response.contact
    assert contact is not None

    [told] = export_person(contact, now=later)["follow_ups"]

    assert (told["activities"][-1]["step"], told["activities"][-1]["done"]) == (READ, True)


def test_strangers_and_viewers_tick_nothing(
    client: Client, viewer_client: Client, sad: FollowUp
) -> None:
    url = reverse("follow_up_step", args=[sad.pk])
    sent = {"version": 1, "tick": READ}

    assert viewer_client.post(url, sent).status_code == 403
    assert client.post(url, sent).status_code == 302
    assert not Activity.objects.filter(kind="step").exists()
