"""Whom a note is meant for, and what the customer was given."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from closeloop.changing import AlreadyDone, StaleVersion
from closeloop.closing import Closing, close
from closeloop.models import Activity
from closeloop.noting import add_note, find_mentions, give_gesture, mentioned
from npsapp.models import User
from npsapp.roles import Role
from tests.factories import make_follow_up, make_user

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)


@pytest.fixture
def sanne(db: None) -> User:
    return make_user(name="Sanne Snel")


@pytest.fixture
def tom(db: None) -> User:
    return make_user(name="Tom Traag")


@pytest.mark.parametrize(
    "text", ["@Sanne Snel kijk", "Kijk eens, @sanne.", "@SANNE en @Sanne Snel", "(@sanne snel)"]
)
def test_name_in_the_text_is_recognised_once(sanne: User, tom: User, text: str) -> None:
    assert find_mentions(text) == [sanne]


@pytest.mark.parametrize(
    "text", ["Sanne", "mail@sanne.example", "@Sannegje", "@ sanne", "@@sanne", "@niemand", ""]
)
def test_other_words_name_nobody(sanne: User, text: str) -> None:
    assert find_mentions(text) == []


def test_doubtful_first_name_names_nobody_and_the_whole_name_one(sanne: User) -> None:
    other = make_user(name="Sanne Sneller")

    assert find_mentions("@Sanne") == []
    assert find_mentions("@Sanne Sneller") == [other]


def test_who_cannot_open_the_follow_up_is_not_named(db: None) -> None:
    make_user(name="Lies Lezer", role=Role.VIEWER)
    make_user(name="Oud Collega", is_active=False)

    assert find_mentions("@Lies @Oud") == []


def test_note_keeps_whom_it_is_meant_for(sanne: User, tom: User) -> None:
    kees = make_user(name="Kees Klein")
    follow_up = make_follow_up()

    add_note(
        follow_up, text="@Kees zie dit; @Tom schreef het", tell=[sanne, kees], user=tom, version=1,
        now=NOW,
    )  # fmt: skip

    note = Activity.objects.get(kind="note")
    assert note.details == {
        "mentions": [sanne.pk, kees.pk],
        "mentioned": ["Sanne Snel", "Kees Klein"],
    }
    assert mentioned(note) == [sanne, kees]


def test_who_lost_access_is_not_told(sanne: User, tom: User) -> None:
    add_note(make_follow_up(), text="Kijk", tell=[sanne], user=tom, version=1, now=NOW)
    User.objects.filter(pk=sanne.pk).update(role=Role.VIEWER)

    assert mentioned(Activity.objects.get(kind="note")) == []


def test_gesture_is_written_down_with_its_cost(sanne: User) -> None:
    follow_up = give_gesture(
        make_follow_up(), what="Bloemen", cost=Decimal("12.5"), user=sanne, version=1, now=NOW
    )

    assert Activity.objects.get(kind="gesture").details == {"what": "Bloemen", "cost": "12.50"}
    assert (follow_up.state, follow_up.first_contacted_at) == ("in_progress", None)


def test_gesture_may_follow_the_closing(sanne: User) -> None:
    closed = close(make_follow_up(), Closing("thanked"), user=sanne, version=1, now=NOW)

    after = give_gesture(closed, what="Taart", cost=Decimal(9), user=sanne, version=2, now=NOW)

    assert after.state == "closed"


def test_another_gesture_from_the_same_page_is_no_second_click(sanne: User) -> None:
    follow_up = make_follow_up()
    values = {"cost": Decimal(9), "user": sanne, "version": 1, "now": NOW}
    give_gesture(follow_up, what="Taart", **values)  # type: ignore[arg-type]

    with pytest.raises(AlreadyDone):
        give_gesture(follow_up, what="Taart", **values)  # type: ignore[arg-type]
    with pytest.raises(StaleVersion) as refused:
        give_gesture(follow_up, what="Bloemen", **values)  # type: ignore[arg-type]

    assert type(refused.value) is StaleVersion
