"""The gap between two answers of one customer; worked values with their sources beside them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.differing import Verdict, compare
from responses.pairing import PairedGap, PairTest, paired_gap, sign_flip_p
from responses.scoring import Counts, Thresholds, nps

Table = list[list[int]]

# Both from R, t.test(paired = TRUE): one gap within the margin, one loss.
WITHIN = [[10, 6, 4], [3, 20, 12], [2, 7, 36]]
LOSS = [[12, 2, 1], [8, 18, 4], [9, 14, 32]]


def tables(largest: int = 60) -> st.SearchStrategy[Table]:
    row = st.lists(st.integers(0, largest), min_size=3, max_size=3)
    return st.lists(row, min_size=3, max_size=3).filter(lambda table: any(map(any, table)))


def gap_of(table: Table) -> PairedGap:
    found = paired_gap(table)
    assert found is not None
    return found


def transpose(table: Table) -> Table:
    return [list(column) for column in zip(*table, strict=True)]


def test_paired_gap_worked_in_r() -> None:
    found = gap_of(WITHIN)

    assert (nps(found.before), nps(found.after), found.n) == (25, 37, 100)
    assert found.points == pytest.approx(12)
    assert found.t == pytest.approx(1.68, abs=0.005)
    assert found.points / (found.t or 0) == pytest.approx(7.15, abs=0.005)
    assert found.p == pytest.approx(0.096, abs=0.0005)
    assert list(found.interval or ()) == pytest.approx([-2.2, 26.2], abs=0.05)
    assert (found.test, found.verdict) == (PairTest.STUDENT, Verdict.MARGIN)


def test_paired_gap_that_is_a_loss_worked_in_r() -> None:
    found = gap_of(LOSS)

    assert found.points == pytest.approx(-32)
    assert found.p == pytest.approx(0.00006, abs=0.000005)
    assert found.verdict == Verdict.LOWER


@pytest.mark.parametrize(("table", "p"), [(WITHIN, 0.26), (LOSS, 0.004)])
def test_taking_pairs_for_strangers_would_see_less(table: Table, p: float) -> None:
    """The wrong, unpaired test on the same tables."""
    found = gap_of(table)

    unpaired = compare(found.before, found.after)

    assert unpaired is not None
    assert unpaired.p == pytest.approx(p, abs=0.005)
    assert unpaired.p > found.p


def test_sign_flip_of_the_worked_table() -> None:
    """28 customers moved by one category and 6 by two, together 12 upward."""
    assert sign_flip_p(28, 6, 12) == pytest.approx(0.127, abs=0.0005)


@pytest.mark.parametrize(
    ("by_one", "by_two", "total", "p"),
    [
        (1, 0, 1, 1.0),
        (5, 0, 5, 2 / 32),
        (5, 0, -3, 12 / 32),  # all five one way, or one of them the other way
        (2, 1, 2, 6 / 8),  # 4, 2, 2, 0 and the same below
        (0, 0, 0, 1.0),
    ],
)
def test_sign_flip_counted_by_hand(by_one: int, by_two: int, total: int, p: float) -> None:
    assert sign_flip_p(by_one, by_two, total) == p


@pytest.mark.parametrize(("by_one", "by_two", "total"), [(2, 1, 5), (2, 1, 3), (-1, 2, 1)])
def test_sign_flip_refuses_a_sum_that_cannot_be(by_one: int, by_two: int, total: int) -> None:
    with pytest.raises(ValueError, match="cannot add up"):
        sign_flip_p(by_one, by_two, total)


def test_fewer_than_twenty_changes_are_judged_by_the_exact_test() -> None:
    found = gap_of([[30, 0, 0], [2, 30, 17], [0, 0, 30]])

    assert found.changed == 19
    assert found.test == PairTest.SIGN_FLIP
    # At most two of nineteen go the other way.
    assert found.p == 2 * (1 + 19 + 171) / 2**19
    assert found.verdict == Verdict.HIGHER


def test_twenty_changes_are_judged_by_t() -> None:
    found = gap_of([[30, 0, 0], [2, 30, 18], [0, 0, 30]])

    assert (found.changed, found.test) == (20, PairTest.STUDENT)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        ([[50, 0, 0], [0, 50, 9], [0, 0, 50]], Verdict.TOO_FEW),
        ([[50, 0, 0], [0, 50, 10], [0, 0, 50]], Verdict.HIGHER),
        ([[5, 0, 0], [0, 7, 12], [0, 0, 5]], Verdict.TOO_FEW),  # 29 pairs
        ([[5, 0, 0], [0, 8, 12], [0, 0, 5]], Verdict.HIGHER),
    ],
)
def test_few_changes_or_few_pairs_get_no_verdict(table: Table, verdict: Verdict) -> None:
    assert gap_of(table).verdict == verdict


def test_thresholds_of_a_verdict_can_be_set() -> None:
    found = paired_gap([[5, 0, 0], [0, 7, 12], [0, 0, 5]], thresholds=Thresholds(5, 20, 100))

    assert found is not None
    assert found.verdict == Verdict.HIGHER


def test_nobody_changed() -> None:
    """R's t.test says NaN here."""
    found = gap_of([[20, 0, 0], [0, 30, 0], [0, 0, 50]])

    assert (found.points, found.p, found.changed) == (0, 1, 0)
    assert (found.interval, found.t) == (None, None)
    assert found.verdict == Verdict.TOO_FEW


def test_everybody_changed_alike() -> None:
    found = gap_of([[0, 0, 0], [0, 0, 0], [100_000, 0, 0]])

    assert (found.points, found.interval, found.verdict) == (-200, None, Verdict.LOWER)
    assert found.p < 1e-100


def test_one_pair_has_a_gap_and_nothing_else() -> None:
    found = gap_of([[0, 1, 0], [0, 0, 0], [0, 0, 0]])

    assert (found.points, found.interval, found.p) == (100, None, 1)


def test_no_pairs_have_no_gap() -> None:
    assert paired_gap([[0] * 3] * 3) is None


@pytest.mark.parametrize(
    "table", [[[1, 2], [3, 4]], [[1, 2, 3]] * 2, [[1, 2, 3], [1, 2, 3], [1, -2, 3]]]
)
def test_paired_gap_refuses_what_is_no_table(table: Table) -> None:
    with pytest.raises(ValueError, match=r"three rows|negative"):
        paired_gap(table)


def test_paired_gap_refuses_an_impossible_level() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        paired_gap(WITHIN, level=95)


def test_counts_say_who_went_where() -> None:
    found = gap_of(WITHIN)

    assert (found.before, found.after) == (Counts(20, 35, 45), Counts(15, 33, 52))
    assert (found.up, found.same, found.down) == (22, 66, 12)


@given(tables())
def test_exchanging_before_and_after_flips_the_sign(table: Table) -> None:
    there, back = gap_of(table), gap_of(transpose(table))

    assert back.points == pytest.approx(-there.points)
    assert back.p == pytest.approx(there.p)
    assert (back.up, back.same, back.down) == (there.down, there.same, there.up)
    assert (back.before, back.after) == (there.after, there.before)
    assert [-end for end in reversed(back.interval or ())] == pytest.approx(
        list(there.interval or ())
    )


@given(tables())
def test_the_gap_is_the_difference_of_the_two_scores_and_inside_its_interval(
    table: Table,
) -> None:
    found = gap_of(table)

    assert found.points == pytest.approx((nps(found.after) or 0) - (nps(found.before) or 0))
    assert 0 <= found.p <= 1
    if found.interval:
        assert -200 <= found.interval.low <= found.points <= found.interval.high <= 200


@given(st.lists(st.sampled_from([-2, -1, 1, 2]), min_size=1, max_size=9))
def test_sign_flip_is_what_flipping_every_sign_gives(changes: list[int]) -> None:
    total = sum(changes)
    sums = [
        sum(sign * change for sign, change in zip(signs, changes, strict=True))
        for signs in product((-1, 1), repeat=len(changes))
    ]

    sizes = [abs(change) for change in changes]
    found = sign_flip_p(sizes.count(1), sizes.count(2), total)

    assert found == sum(abs(each) >= abs(total) for each in sums) / len(sums)


@given(tables(), tables())
def test_tables_of_two_days_add_up(first: Table, second: Table) -> None:
    both = [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(first, second, strict=True)]
    one, other, together = gap_of(first), gap_of(second), gap_of(both)

    assert together.before == one.before + other.before
    assert together.points * together.n == pytest.approx(
        one.points * one.n + other.points * other.n
    )
