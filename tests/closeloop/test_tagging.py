"""The team's own words on a follow-up."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from closeloop.changing import AlreadyDone, StaleVersion
from closeloop.closing import Closing, close
from closeloop.models import Activity, FollowUp
from closeloop.tagging import set_tags
from npsapp.models import User
from responses.models import Tag
from responses.tagging import TagTooLong, TooManyTags
from tests.factories import make_follow_up, make_user

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)


@pytest.fixture
def sanne(db: None) -> User:
    return make_user(name="Sanne Snel")


def words(follow_up: FollowUp) -> list[str]:
    return list(follow_up.tags.values_list("label", flat=True))


def test_tags_are_added_and_removed_and_written_down(sanne: User) -> None:
    follow_up = make_follow_up()
    set_tags(follow_up, add=["koerier"], user=sanne, version=1, now=NOW)

    set_tags(follow_up, add=["doos  kapot"], remove=["Koerier"], user=sanne, version=2, now=NOW)

    details = Activity.objects.filter(kind="tagged").latest("pk").details
    assert words(follow_up) == ["doos kapot"]
    assert (details["added"], details["removed"]) == (["doos kapot"], ["koerier"])


def test_one_word_is_one_tag_whatever_its_capitals(sanne: User) -> None:
    Tag.objects.create(label="Koerier")

    set_tags(make_follow_up(), add=["koerier", "KOERIER "], user=sanne, version=1, now=NOW)

    assert list(Tag.objects.values_list("label", flat=True)) == ["Koerier"]


def test_database_keeps_one_tag_of_a_word(db: None) -> None:
    Tag.objects.create(label="Koerier")

    with pytest.raises(IntegrityError), transaction.atomic():
        Tag.objects.create(label="KOERIER")


def test_nothing_changed_is_not_recorded(sanne: User) -> None:
    follow_up = make_follow_up()

    set_tags(follow_up, add=["", "  "], remove=["nooit"], user=sanne, version=1, now=NOW)

    follow_up.refresh_from_db()
    assert (follow_up.version, Tag.objects.count()) == (1, 0)


def test_ninth_tag_is_refused(sanne: User) -> None:
    follow_up = make_follow_up()
    set_tags(follow_up, add=[str(n) for n in range(8)], user=sanne, version=1, now=NOW)

    with pytest.raises(TooManyTags):
        set_tags(follow_up, add=["negen"], user=sanne, version=2, now=NOW)
    set_tags(follow_up, add=["negen"], remove=["0"], user=sanne, version=2, now=NOW)

    assert words(follow_up) == ["1", "2", "3", "4", "5", "6", "7", "negen"]


def test_word_that_is_too_long_is_refused(sanne: User) -> None:
    with pytest.raises(TagTooLong):
        set_tags(make_follow_up(), add=["x" * 41], user=sanne, version=1, now=NOW)


def test_second_click_is_told_from_another_tag(sanne: User) -> None:
    follow_up = make_follow_up()
    set_tags(follow_up, add=["a"], user=sanne, version=1, now=NOW)

    with pytest.raises(AlreadyDone):
        set_tags(follow_up, add=["a"], user=sanne, version=1, now=NOW)
    with pytest.raises(StaleVersion) as refused:
        set_tags(follow_up, add=["b"], user=sanne, version=1, now=NOW)

    assert type(refused.value) is StaleVersion


def test_closed_one_can_still_be_tagged(sanne: User) -> None:
    follow_up = close(make_follow_up(), Closing("thanked"), user=sanne, version=1, now=NOW)

    set_tags(follow_up, add=["later"], user=sanne, version=2, now=NOW)

    assert (words(follow_up), FollowUp.objects.get().state) == (["later"], "closed")
