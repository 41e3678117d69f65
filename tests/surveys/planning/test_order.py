"""The statement that orders an audience: every prefix mirrors the whole (mailing.md I4, I5)."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from surveys.planning.order import ORDERED, number_of
from tests.properties import cases

STRATA = st.lists(st.integers(1, 60), min_size=1, max_size=8)
# One transaction around all examples is what is wanted: the statement only reads.
properties = cases(100)
pytestmark = pytest.mark.django_db


def make_people(sizes: list[int]) -> dict[int, str]:
    strata = [f"stratum {number}" for number, size in enumerate(sizes) for _ in range(size)]
    return dict(enumerate(strata, start=1))


def order(people: dict[int, str], seed: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH draw AS (SELECT %s::bigint AS seed),
            people AS (SELECT given.*, 0 AS lane
                         FROM unnest(%s::bigint[], %s::text[]) AS given(id, stratum))
            SELECT id FROM ({ORDERED}) AS ordered ORDER BY position""",  # noqa: S608
            [number_of(seed), list(people.keys()), list(people.values())],
        )
        return [key for (key,) in cursor.fetchall()]


@properties
@given(sizes=STRATA, seed=st.text("abc", max_size=5))
def test_every_prefix_mirrors_the_strata(sizes: list[int], seed: str) -> None:
    people = make_people(sizes)

    ordered = order(people, seed)

    assert sorted(ordered) == sorted(people)
    total, size_of = len(people), Counter(people.values())
    seen: Counter[str] = Counter()
    for length, person in enumerate(ordered, start=1):
        seen[people[person]] += 1
        for stratum, size in size_of.items():
            distance = abs(seen[stratum] - length * size / total)
            assert distance <= 1 + len(sizes) * size / (2 * total) + 1e-9


@properties
@given(sizes=STRATA, shuffle=st.randoms(use_true_random=False))
def test_order_depends_on_people_and_seed_only(sizes: list[int], shuffle: random.Random) -> None:
    people = make_people(sizes)
    shuffled = list(people.items())
    shuffle.shuffle(shuffled)

    assert order(people, "one") == order(dict(shuffled), "one")


def test_another_seed_draws_another_order() -> None:
    people = make_people([40, 40])

    assert order(people, "one") != order(people, "two")


def test_newcomer_moves_nobody_of_another_stratum_past_a_neighbour() -> None:
    people = make_people([20, 20])
    before = [person for person in order(people, "seed") if people[person] == "stratum 0"]

    more = people | {999: "stratum 1"}

    after = [person for person in order(more, "seed") if more[person] == "stratum 0"]
    assert after == before
