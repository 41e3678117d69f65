"""Two shares: worked numbers, chance, and that swapping them turns the sign."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.differing import Verdict, judge_together
from responses.proportions import Proportion, compare_shares
from tests.properties import cases

proportions = st.integers(0, 300).flatmap(
    lambda part: st.builds(Proportion, st.just(part), st.integers(max(part, 1), 300))
)


def test_difference_adds_a_success_and_a_failure_to_each() -> None:
    """Agresti and Caffo 2000: 40 of 200 is taken for 41 of 202, 60 of 200 for 61 of 202."""
    found = compare_shares(Proportion(40, 200), Proportion(60, 200))

    assert found is not None
    assert found.points == pytest.approx(10.0)
    assert found.z == pytest.approx(2.30547, abs=1e-4)
    assert found.p == pytest.approx(0.02114, abs=1e-4)
    assert found.interval == pytest.approx((1.4838, 18.3182), abs=1e-3)
    assert found.verdict == Verdict.HIGHER


def test_small_group_gets_no_verdict() -> None:
    found = compare_shares(Proportion(900, 1000), Proportion(0, 29))

    assert found is not None
    assert found.verdict == Verdict.TOO_FEW


def test_nobody_of_thirty_is_no_certainty() -> None:
    found = compare_shares(Proportion(30, 1000), Proportion(0, 30))

    assert found is not None
    assert found.verdict == Verdict.MARGIN


def test_nothing_is_compared_with_nobody() -> None:
    assert compare_shares(Proportion(0, 0), Proportion(1, 40)) is None
    with pytest.raises(ValueError, match="no part"):
        compare_shares(Proportion(3, 2), Proportion(1, 40))


@pytest.mark.parametrize(
    ("small", "large", "rate"), [(30, 1000, 0.05), (30, 300, 0.2), (100, 1000, 0.1)]
)
def test_false_alarms_stay_near_one_in_twenty(small: int, large: int, rate: float) -> None:
    """Every outcome that two groups with one and the same rate can have, weighed by its chance."""

    def chances(n: int) -> list[float]:
        return [comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]

    alarms = 0.0
    for few, chance in enumerate(chances(small)):
        for many, other in enumerate(chances(large)):
            if chance * other < 1e-9:
                continue
            found = compare_shares(Proportion(many, large), Proportion(few, small))
            assert found is not None
            alarms += chance * other * (found.verdict in (Verdict.HIGHER, Verdict.LOWER))

    assert alarms < 0.06


@cases(200)
@given(proportions, proportions)
def test_swapping_the_groups_turns_the_sign(one: Proportion, other: Proportion) -> None:
    there, back = compare_shares(one, other), compare_shares(other, one)

    assert there is not None
    assert back is not None
    assert (back.points, back.z, back.p) == pytest.approx((-there.points, -there.z, there.p))
    assert back.interval == pytest.approx((-there.interval.high, -there.interval.low))
    assert there.interval.low <= there.points <= there.interval.high


def test_many_looked_at_together_need_more_than_one_would() -> None:
    """Benjamini and Hochberg: with twenty groups a p of 0.02 is what chance brings by itself."""
    alone = compare_shares(Proportion(40, 200), Proportion(60, 200))
    same = compare_shares(Proportion(40, 200), Proportion(40, 200))
    few = compare_shares(Proportion(40, 200), Proportion(9, 9))

    assert judge_together([alone]) == [Verdict.HIGHER]
    assert judge_together([alone, *[same] * 19]) == [Verdict.MARGIN] * 20
    # Those without enough answers are neither judged nor corrected for.
    assert judge_together([few, alone, None]) == [None, Verdict.HIGHER, None]
