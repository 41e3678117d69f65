"""What colleagues are mailed: at once, and collected by a periodic job; each thing once."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.assigning import assign, share_out
from closeloop.models import Activity, FollowUp, NoticeChoices
from closeloop.notifying import tell_of_reply, tell_owner
from closeloop.opening import open_follow_up
from closeloop.telling import STILL_NEWS, tell_colleagues
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Mail
from tests.factories import (
    make_follow_up,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_test,
    make_user,
)
from tests.races import run_at_once

NOW = dt.datetime(2026, 11, 24, 14, tzinfo=ZoneInfo("Europe/Amsterdam"))
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def sanne(db: None) -> User:
    make_organisation()
    make_sender(lane="transactional")
    return make_user(name="Sanne Snel")


@pytest.fixture
def tom(db: None) -> User:
    return make_user(name="Tom Traag")


def note(follow_up: FollowUp, *mentions: User, by: User, at: dt.datetime = NOW) -> Activity:
    return Activity.objects.create(
        follow_up=follow_up, kind="note", actor=by, at=at, text="Weet jij dit?", version=2,
        details={"mentions": [user.pk for user in mentions]},
    )  # fmt: skip


def refuse(user: User, **kinds: bool) -> None:
    NoticeChoices.objects.create(user=user, **kinds)


@pytest.mark.parametrize(
    ("score", "may_contact", "mails"), [(2, None, 1), (9, True, 1), (9, None, 0)]
)
def test_owner_hears_at_once_of_detractors_and_of_who_asks_for_contact(
    sanne: User, score: int, may_contact: bool | None, mails: int
) -> None:
    make_member(user=sanne)

    open_follow_up(make_response(score=score, may_contact=may_contact).pk, now=NOW)

    assert Mail.objects.filter(to_email=sanne.email).count() == mails


def test_promoter_who_asks_for_contact_is_announced_as_such(sanne: User) -> None:
    make_member(user=sanne)

    open_follow_up(make_response(score=9, may_contact=True, answered_at=NOW).pk, now=NOW)

    mail = Mail.objects.get()
    assert ", who asked for contact: respond by " in mail.subject
    assert "They asked to be contacted." in mail.text


def test_mail_says_why_and_where_to_switch_it_off(sanne: User) -> None:
    follow_up = make_follow_up(score=2, owner=sanne)

    mail = tell_owner(follow_up, now=NOW)

    assert mail is not None
    assert "You get this mail because this follow-up is yours." in mail.text
    assert reverse("my_notices") in mail.text


def test_owner_who_switched_it_off_is_left_in_peace(sanne: User) -> None:
    refuse(sanne, at_once=False)

    assert tell_owner(make_follow_up(score=2, owner=sanne), now=NOW) is None
    assert Mail.objects.count() == 0


@pytest.mark.parametrize("fields", [{"is_active": False}, {"role": Role.VIEWER}])
def test_owner_who_may_not_open_it_is_not_mailed(sanne: User, fields: dict[str, Any]) -> None:
    User.objects.filter(pk=sanne.pk).update(**fields)
    sanne.refresh_from_db()

    assert tell_owner(make_follow_up(score=2, owner=sanne), now=NOW) is None


def test_many_given_at_once_are_one_mail(sanne: User, tom: User) -> None:
    make_member(user=tom)
    for _ in range(25):
        make_follow_up(owner=None)

    share_out(user=sanne, now=NOW)
    tell_colleagues(now=NOW)

    mail = Mail.objects.get()
    assert (mail.to_email, mail.subject) == (tom.email, "Given to you: 25 follow-ups")
    assert mail.text.count("Given by Sanne Snel") == 1
    assert "And 5 more, in your queue:" in mail.text


def test_what_was_given_on_before_the_mail_left_concerns_the_last_owner_only(
    sanne: User, tom: User
) -> None:
    third = make_user(name="Door Gever")
    follow_up = make_follow_up(score=8)

    assign(follow_up, to=tom, user=sanne, version=1, now=NOW)
    assign(follow_up, to=third, user=sanne, version=2, now=NOW)
    tell_colleagues(now=NOW)

    assert list(Mail.objects.values_list("to_email", flat=True)) == [third.email]


def test_what_was_given_again_later_is_told_again(sanne: User, tom: User) -> None:
    follow_up = make_follow_up(score=8)

    for version, to in enumerate([tom, None, tom], 1):
        assign(follow_up, to=to, user=sanne, version=version, now=NOW)
        tell_colleagues(now=NOW)

    assert Mail.objects.filter(to_email=tom.email).count() == 2


def test_mention_is_told_once_with_the_note(sanne: User, tom: User) -> None:
    note(make_follow_up(), tom, sanne, by=sanne)

    tell_colleagues(now=NOW)
    tell_colleagues(now=NOW + HOUR)

    mail = Mail.objects.get()
    assert mail.to_email == tom.email
    assert mail.subject.startswith("Sanne Snel mentions you: ")
    assert "Weet jij dit?" in mail.text


def test_choices_keep_mentions_and_gifts_back(sanne: User, tom: User) -> None:
    refuse(tom, mentioned=False, assigned=False)
    follow_up = make_follow_up()
    note(follow_up, tom, by=sanne)
    assign(follow_up, to=tom, user=sanne, version=1, now=NOW)

    assert tell_colleagues(now=NOW) == 0
    assert not Activity.objects.untold().exists()


def test_old_news_and_tests_are_told_to_nobody(sanne: User, tom: User) -> None:
    note(make_follow_up(), tom, by=sanne, at=NOW - STILL_NEWS - HOUR)
    note(make_test(tester=make_user(role=Role.MANAGER)), tom, by=sanne)

    assert tell_colleagues(now=NOW) == 0
    assert not Activity.objects.untold().exists()


def test_without_a_sender_nothing_is_marked_as_told(tom: User) -> None:
    note(make_follow_up(), tom, by=make_user())

    tell_colleagues(now=NOW)
    make_sender(lane="transactional")

    assert tell_colleagues(now=NOW) == 1


def test_mail_that_cannot_be_queued_marks_nothing(
    sanne: User, tom: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(make_follow_up(), tom, by=sanne)

    def die(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("closeloop.telling._tell_mentioned", die)
        with pytest.raises(RuntimeError):
            tell_colleagues(now=NOW)

    assert tell_colleagues(now=NOW) == 1


@pytest.mark.django_db(transaction=True)
def test_race_of_jobs_tells_each_line_once() -> None:
    make_organisation()
    make_sender(lane="transactional")
    sanne, tom = make_user(), make_user()
    for _ in range(12):
        note(make_follow_up(), tom, by=sanne)

    raised = run_at_once(*[lambda: tell_colleagues(now=NOW)] * 4)

    assert raised == []
    assert Mail.objects.count() == 12


def test_customer_who_writes_back_is_told_of_once(sanne: User) -> None:
    follow_up = make_follow_up(owner=sanne)
    received = Activity.objects.create(
        follow_up=follow_up,
        kind="received",
        at=NOW,
        text="Dank u, maar het is weer stuk.",
        version=2,
    )

    tell_of_reply(follow_up, received, now=NOW)
    tell_of_reply(follow_up, received, now=NOW)

    mail = Mail.objects.get()
    assert mail.subject == f"{follow_up.response.contact} wrote back"
    assert "Dank u, maar het is weer stuk." in mail.text


def test_subject_is_one_short_line_whatever_the_name(sanne: User) -> None:
    follow_up = make_follow_up(score=1, owner=sanne)
    contact = follow_up.response.contact
    assert contact is not None
    contact.first_name, contact.last_name = "A\r\nBcc: x", "b" * 80
    account = contact.account
    assert account is None

    mail = tell_owner(follow_up, now=NOW)

    assert mail is not None
    assert "\n" not in mail.subject
    assert len(mail.subject) <= 200


def test_page_offers_what_a_role_can_get_and_saves_it(viewer_client: Client, viewer: User) -> None:
    page = viewer_client.get(reverse("my_notices"))

    assert list(page.context["form"].fields) == ["digest", "assigned"]
    viewer_client.post(reverse("my_notices"), {"assigned": "on"})
    choices = NoticeChoices.objects.get(user=viewer)
    assert (choices.digest, choices.assigned, choices.escalated) == (False, True, True)


def test_page_keeps_the_day_of_the_digest(agent_client: Client, agent: User) -> None:
    today = timezone.localdate()
    NoticeChoices.objects.create(user=agent, digest_day=today)

    agent_client.post(reverse("my_notices"), {"digest": "on"})

    choices = NoticeChoices.objects.get(user=agent)
    assert (choices.digest_day, choices.digest, choices.at_once) == (today, True, False)
