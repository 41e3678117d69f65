"""Taking back what was just done to a follow-up, with the button in the message."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.assigning import take, undo_assign
from closeloop.changing import StaleVersion, WrongState
from closeloop.closing import Closing, close, undo_close
from closeloop.models import FollowUp, Member
from closeloop.noting import add_note
from npsapp.models import User
from tests.factories import make_follow_up, make_user

NOW = timezone.now()
THANKED = Closing(outcome="thanked")


@pytest.fixture
def waiting(db: None) -> FollowUp:
    return make_follow_up(score=9, now=NOW)


def press_undo(client: Client, html: str) -> str:
    """Send the form that stands in the message, as it stands there."""
    found = re.search(r'<li class="message .*?</li>', html, re.DOTALL)
    assert found is not None
    message = found.group()
    address = re.search(r'<form method="post" action="([^"]+)"', message)
    assert address is not None
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', message))
    return client.post(address.group(1), values, follow=True).content.decode()


def test_undo_after_closing_brings_back_what_was(agent_client: Client, waiting: FollowUp) -> None:
    due_at = waiting.due_at
    url = reverse("follow_up_close", args=[waiting.pk])
    page = agent_client.post(url, {"version": 1, "outcome": "thanked"}, follow=True)

    html = press_undo(agent_client, page.content.decode())

    waiting.refresh_from_db()
    assert (waiting.state, waiting.closed_at, waiting.due_at) == ("open", None, due_at)
    assert "Closing taken back" in html


def test_undo_close_returns_to_the_state_before(waiting: FollowUp) -> None:
    user = make_user()
    FollowUp.objects.filter(pk=waiting.pk).update(state="in_progress")
    closed = close(waiting, THANKED, user=user, version=1, now=NOW)

    opened = undo_close(closed, user=user, version=closed.version, now=NOW)

    assert opened.state == "in_progress"
    assert opened.outcome == ""


def test_undo_close_of_somebody_else_is_refused(waiting: FollowUp) -> None:
    closed = close(waiting, THANKED, user=make_user(), version=1, now=NOW)

    with pytest.raises(WrongState):
        undo_close(closed, user=make_user(), version=closed.version, now=NOW)


def test_undo_close_after_something_else_happened_is_refused(waiting: FollowUp) -> None:
    user = make_user()
    closed = close(waiting, THANKED, user=user, version=1, now=NOW)
    seen = closed.version
    add_note(closed, text="Nog iets", user=user, version=seen, now=NOW + dt.timedelta(minutes=1))

    with pytest.raises(StaleVersion):
        undo_close(closed, user=user, version=seen, now=NOW)


def test_undo_after_taking_gives_it_back(agent_client: Client, waiting: FollowUp) -> None:
    owner = make_user(role="agent")
    FollowUp.objects.filter(pk=waiting.pk).update(owner=owner)
    url = reverse("follow_up_own", args=[waiting.pk])
    page = agent_client.post(url, {"version": waiting.version}, follow=True)

    press_undo(agent_client, page.content.decode())

    waiting.refresh_from_db()
    assert waiting.owner == owner


def test_undo_after_taking_brings_back_the_state(
    agent_client: Client, agent: User, waiting: FollowUp
) -> None:
    url = reverse("follow_up_own", args=[waiting.pk])
    page = agent_client.post(url, {"version": waiting.version}, follow=True)
    waiting.refresh_from_db()
    assert (waiting.owner, waiting.state) == (agent, "in_progress")

    html = press_undo(agent_client, page.content.decode())

    waiting.refresh_from_db()
    assert (waiting.owner, waiting.state) == (None, "open")
    assert "The follow-up is as it was." in html


def test_undo_after_taking_what_was_begun_leaves_it_in_progress(waiting: FollowUp) -> None:
    user = make_user()
    FollowUp.objects.filter(pk=waiting.pk).update(state="in_progress")
    taken = take(waiting, user=user, version=1, now=NOW)

    back = undo_assign(taken, user=user, version=taken.version, now=NOW)

    assert (back.owner, back.state) == (None, "in_progress")


def test_undo_of_what_somebody_else_took_is_refused(waiting: FollowUp) -> None:
    taken = take(waiting, user=make_user(), version=1, now=NOW)

    with pytest.raises(WrongState):
        undo_assign(taken, user=make_user(), version=taken.version, now=NOW)


def test_undo_puts_a_member_back_on_duty(manager_client: Client) -> None:
    member = Member.objects.create(user=make_user(role="agent"), on_duty=True)
    url = reverse("member_duty", args=[member.pk])
    page = manager_client.post(url, {"on_duty": "no"}, follow=True)

    press_undo(manager_client, page.content.decode())

    member.refresh_from_db()
    assert member.on_duty


def test_undo_lets_a_deactivated_user_in_again(admin_client: Client) -> None:
    person = make_user(role="agent")
    url = reverse("user_deactivate", args=[person.pk])
    page = admin_client.post(url, follow=True)

    press_undo(admin_client, page.content.decode())

    assert User.objects.get(pk=person.pk).is_active
