"""Two people who want the same follow-up at the same moment: one has it, the other is told."""

from __future__ import annotations

from functools import partial

import pytest
from django.utils import timezone

from closeloop import bulk
from closeloop.assigning import take
from closeloop.changing import StaleVersion
from closeloop.models import Activity, FollowUp
from npsapp.models import User
from tests.factories import make_follow_up, make_organisation, make_user
from tests.races import run_at_once


@pytest.fixture
def pair(transactional_db: None) -> tuple[User, User]:
    make_organisation()
    return make_user(role="agent"), make_user(role="agent")


def test_two_who_claim_at_once_get_one_owner(pair: tuple[User, User]) -> None:
    wanted = make_follow_up(owner=None)

    raised = run_at_once(
        *[partial(take, wanted, user=user, version=1, now=timezone.now()) for user in pair]
    )

    assert [type(error) for error in raised] == [StaleVersion]
    line = Activity.objects.get(follow_up=wanted, kind="assigned")
    assert FollowUp.objects.get(pk=wanted.pk).owner == line.actor


def test_two_who_claim_many_at_once_share_them_without_a_row_twice(
    pair: tuple[User, User],
) -> None:
    rows = [make_follow_up(owner=None) for _ in range(8)]
    picked = [(row.pk, 1) for row in rows]
    outcomes: list[bulk.Outcome] = []

    def claim(user: User, order: list[tuple[int, int]]) -> None:
        chosen = bulk.pick(order)
        outcomes.append(bulk.assign(chosen, to=user, user=user, now=timezone.now()))

    first, second = pair
    assert run_at_once(partial(claim, first, picked), partial(claim, second, picked[::-1])) == []

    assert sum(len(outcome.done) for outcome in outcomes) == 8
    assert sum(len(outcome.changed) for outcome in outcomes) == 8
    assert Activity.objects.filter(kind="assigned").count() == 8
