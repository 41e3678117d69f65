"""When one score is really higher than another; worked values with their sources beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rivals import wald_test, welch_test
from responses.differing import Difference, Verdict, benjamini_hochberg, compare
from responses.scoring import Counts, Thresholds, nps

some_counts = st.builds(
    Counts,
    detractors=st.integers(0, 2000),
    passives=st.integers(0, 2000),
    promoters=st.integers(0, 2000),
).filter(lambda counts: counts.n > 0)
p_values = st.lists(st.floats(0, 1), max_size=50)
MIRRORED = {
    Verdict.HIGHER: Verdict.LOWER,
    Verdict.LOWER: Verdict.HIGHER,
    Verdict.MARGIN: Verdict.MARGIN,
    Verdict.TOO_FEW: Verdict.TOO_FEW,
}
# Benjamini and Hochberg 1995, section 3.1: fifteen outcomes of a trial, of which the first four
# stand at 5 %; Bonferroni leaves three.
BENJAMINI_HOCHBERG_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
    0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def difference_of(before: Counts, after: Counts, level: float = 0.95) -> Difference:
    found = compare(before, after, level=level)
    assert found is not None
    return found


def test_difference_worked_by_measuringu_and_brendan_r() -> None:
    """MeasuringU, nps-significance-test; the R package brendan-r/NPS."""
    found = difference_of(Counts(20, 30, 50), Counts(10, 20, 90))

    assert found.points == pytest.approx(36.7, abs=0.05)
    assert list(found.interval) == pytest.approx([17.1, 54.7], abs=0.05)
    assert found.z == pytest.approx(3.75, abs=0.005)
    assert found.p == pytest.approx(0.00018, abs=0.000005)
    assert found.verdict == Verdict.HIGHER


def test_adjusted_difference_and_its_error_lie_behind_the_interval() -> None:
    """The same example: 35.9 points with a standard error of 9.58."""
    found = difference_of(Counts(20, 30, 50), Counts(10, 20, 90))

    centre = (found.interval.low + found.interval.high) / 2
    assert centre == pytest.approx(35.9, abs=0.05)
    assert centre / found.z == pytest.approx(9.58, abs=0.005)


def test_plain_wald_and_welch_nearly_agree_on_the_same_example() -> None:
    """R: prop.table and t.test(var.equal = FALSE) on the recode."""
    error, _, p = wald_test(Counts(20, 30, 50), Counts(10, 20, 90))
    welch_p, interval = welch_test(Counts(20, 30, 50), Counts(10, 20, 90))

    assert error == pytest.approx(9.66, abs=0.005)
    assert p == pytest.approx(0.00015, abs=0.000005)
    assert welch_p == pytest.approx(0.00021, abs=0.000005)
    assert list(interval) == pytest.approx([17.5, 55.8], abs=0.05)


def test_difference_of_turas_and_sivadivel_is_no_difference_here_either() -> None:
    """50 promoters and 20 detractors against 40 and 30 of a hundred each: NPS 30 against 10."""
    _, z, p = wald_test(Counts(30, 30, 40), Counts(20, 30, 50))

    found = difference_of(Counts(30, 30, 40), Counts(20, 30, 50))

    assert z == pytest.approx(1.754, abs=0.0005)
    assert p == pytest.approx(0.0794, abs=0.00005)
    assert found.points == pytest.approx(20)
    assert found.p == pytest.approx(p, abs=0.005)
    assert found.verdict == Verdict.MARGIN


def test_two_groups_that_each_agree_are_told_apart() -> None:
    """All promoters against all detractors: without a spread of its own, some tests say p = 1."""
    found = difference_of(Counts(0, 0, 30), Counts(30, 0, 0))

    assert found.points == -200
    assert found.p < 1e-9
    assert found.interval.low == -200


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Counts(20, 30, 50), Counts(30, 30, 40), Verdict.MARGIN),
        (Counts(10, 20, 90), Counts(20, 30, 50), Verdict.LOWER),
        (Counts(0, 0, 29), Counts(29, 0, 0), Verdict.TOO_FEW),
        (Counts(300, 0, 0), Counts(0, 0, 29), Verdict.TOO_FEW),
        (Counts(0, 0, 29), Counts(300, 0, 0), Verdict.TOO_FEW),
        (Counts(0, 0, 30), Counts(30, 0, 0), Verdict.LOWER),
        (Counts(0, 30, 0), Counts(0, 30, 0), Verdict.MARGIN),
    ],
)
def test_verdict(before: Counts, after: Counts, verdict: Verdict) -> None:
    assert difference_of(before, after).verdict == verdict


def test_verdict_goes_by_the_level_and_the_thresholds_that_are_given() -> None:
    before, after = Counts(30, 30, 40), Counts(20, 30, 50)

    careless = compare(before, after, level=0.9)
    cautious = compare(before, after, level=0.9, thresholds=Thresholds(5, 101, 200))

    assert careless is not None
    assert cautious is not None
    assert careless.verdict == Verdict.HIGHER
    assert cautious.verdict == Verdict.TOO_FEW


def test_no_answers_have_no_difference() -> None:
    assert compare(Counts(), Counts(0, 0, 40)) is None
    assert compare(Counts(0, 0, 40), Counts()) is None


def test_benjamini_hochberg_marks_what_its_authors_marked() -> None:
    assert benjamini_hochberg(BENJAMINI_HOCHBERG_1995) == [True] * 4 + [False] * 11


def test_benjamini_hochberg_answers_in_the_order_in_which_it_was_asked() -> None:
    assert benjamini_hochberg([0.9, 0.001, 0.5]) == [False, True, False]


def test_benjamini_hochberg_lets_a_weaker_one_in_behind_its_peers() -> None:
    """A p-value that fails its own step stands when a larger one passes a later step."""
    assert benjamini_hochberg([0.03, 0.04, 0.045], rate=0.05) == [True, True, True]


def test_benjamini_hochberg_of_nothing_and_of_nonsense() -> None:
    assert benjamini_hochberg([]) == []
    with pytest.raises(ValueError, match="p-value"):
        benjamini_hochberg([0.2, 1.2])


@given(some_counts, some_counts, st.sampled_from([0.90, 0.95, 0.99]))
def test_swapping_groups_flips_the_sign(first: Counts, second: Counts, level: float) -> None:
    there = difference_of(first, second, level)
    back = difference_of(second, first, level)

    assert back.points == pytest.approx(-there.points)
    assert back.z == pytest.approx(-there.z)
    assert back.p == pytest.approx(there.p)
    assert list(back.interval) == pytest.approx([-there.interval.high, -there.interval.low])
    assert back.verdict == MIRRORED[there.verdict]


@given(some_counts, some_counts, st.sampled_from([0.90, 0.95, 0.99]))
def test_interval_of_a_difference_holds_it_and_stays_on_the_scale(
    before: Counts, after: Counts, level: float
) -> None:
    found = difference_of(before, after, level)

    assert found.points == pytest.approx((nps(after) or 0) - (nps(before) or 0))
    assert -200 <= found.interval.low <= found.points <= found.interval.high <= 200
    assert 0 <= found.p <= 1


@given(some_counts, some_counts, st.sampled_from([0.90, 0.95, 0.99]))
def test_a_verdict_never_contradicts_the_shown_difference(
    before: Counts, after: Counts, level: float
) -> None:
    """The test looks at adjusted scores, the page shows the raw ones."""
    found = difference_of(before, after, level)

    assert found.verdict != Verdict.HIGHER or found.points > 0
    assert found.verdict != Verdict.LOWER or found.points < 0


@given(some_counts)
def test_a_group_does_not_differ_from_itself(counts: Counts) -> None:
    found = difference_of(counts, counts)

    assert (found.points, found.z, found.p) == (0, 0, 1)


@given(p_values, st.floats(0.001, 0.5))
def test_benjamini_hochberg_never_skips_a_smaller_p(values: list[float], rate: float) -> None:
    marked = benjamini_hochberg(values, rate=rate)

    strongest_left = min((p for p, mark in zip(values, marked, strict=True) if not mark), default=2)
    assert all(p < strongest_left for p, mark in zip(values, marked, strict=True) if mark)


@given(p_values.filter(bool), st.data())
def test_a_smaller_p_or_a_higher_rate_takes_no_mark_away(
    values: list[float], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    stronger = values.copy()
    stronger[index] = data.draw(st.floats(0, values[index]))

    marked = benjamini_hochberg(values)

    for more in (benjamini_hochberg(stronger), benjamini_hochberg(values, rate=0.1)):
        assert all(now or not before for before, now in zip(marked, more, strict=True))


@given(p_values)
def test_benjamini_hochberg_lies_between_bonferroni_and_no_correction(
    values: list[float],
) -> None:
    marked = benjamini_hochberg(values)

    for p, mark in zip(values, marked, strict=True):
        assert mark or p > 0.05 / len(values)
        assert not mark or p <= 0.05
