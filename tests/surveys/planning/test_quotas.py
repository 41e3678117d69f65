"""Quotas: exact, proportional, never over a limit (mailing.md I1 and I3)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from surveys.planning.quotas import fill, share_out
from tests.properties import cases

DAYS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), min_size=1, max_size=40)


@cases(400)
@given(count=st.integers(0, 800), days=DAYS)
def test_quotas_stay_within_every_bound(count: int, days: list[tuple[int, int]]) -> None:
    weights, limits = [day[0] for day in days], [day[1] for day in days]

    quotas = share_out(count, weights=weights, limits=limits)

    shares = fill(count, weights=weights, limits=limits)
    assert sum(quotas) == sum(shares) <= count
    given_out = wanted = Fraction(0)
    for quota, share, weight, limit in zip(quotas, shares, weights, limits, strict=True):
        given_out, wanted = given_out + quota, wanted + share
        assert 0 <= quota <= limit
        assert quota == 0 or weight > 0
        assert abs(quota - share) < 1
        # Half a mail around the even line, which begins half a mail early.
        assert abs(given_out - (wanted + Fraction(1, 2))) <= Fraction(1, 2)


@cases(400)
@given(count=st.integers(0, 800), days=DAYS)
def test_overflow_only_when_every_open_day_is_full(count: int, days: list[tuple[int, int]]) -> None:
    weights, limits = [day[0] for day in days], [day[1] for day in days]

    quotas = share_out(count, weights=weights, limits=limits)

    room = sum(limit for weight, limit in days if weight)
    assert sum(quotas) == min(count, room)


@cases(200)
@given(count=st.integers(0, 800), days=DAYS)
def test_days_below_their_limit_share_one_level(count: int, days: list[tuple[int, int]]) -> None:
    weights, limits = [day[0] for day in days], [day[1] for day in days]

    shares = fill(count, weights=weights, limits=limits)

    levels = {
        share / weight
        for share, weight, limit in zip(shares, weights, limits, strict=True)
        if weight and share < limit
    }
    full = [
        Fraction(limit, weight)
        for share, weight, limit in zip(shares, weights, limits, strict=True)
        if weight and share == limit
    ]
    assert len(levels) <= 1
    assert not levels or all(level <= max(levels) for level in full)


def test_one_person_is_asked_on_the_first_open_day() -> None:
    quotas = share_out(1, weights=[0, 2, 8, 8], limits=[1, 1, 1, 1])

    assert quotas == [0, 1, 0, 0]


def test_partial_first_day_gets_its_part() -> None:
    quotas = share_out(90, weights=[4, 8, 8, 8, 8], limits=[90] * 5)

    assert quotas == [10, 20, 20, 20, 20]
