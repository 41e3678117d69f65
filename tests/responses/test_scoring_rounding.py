"""Why scores and shares are rounded once, from counts: every outcome of n answers is tried."""

from __future__ import annotations

import pytest

from benchmarks.coverage import list_outcomes
from responses.scoring import Counts, nps_rounded, nps_to_one_decimal, round_away, shares


def count_changed(n: int) -> float:
    """Return the share of outcomes whose score rounded shares would show otherwise."""
    outcomes = list_outcomes(n)
    return sum(nps_rounded(each) != round_first(each) for each in outcomes) / len(outcomes)


def round_first(counts: Counts) -> int:
    promoters, detractors = (
        round_away(100 * part / counts.n) for part in (counts.promoters, counts.detractors)
    )
    return promoters - detractors


@pytest.mark.parametrize("n", [7, 30, 99, 150, 333])
def test_rounded_shares_would_show_another_score_for_a_quarter(n: int) -> None:
    assert 0.215 <= count_changed(n) <= 0.255


@pytest.mark.parametrize("n", [50, 100])
def test_rounded_shares_change_nothing_where_each_answer_is_whole_percents(n: int) -> None:
    assert count_changed(n) == 0


def test_libraries_that_truncate_are_not_followed() -> None:
    """rrrodzilla/net_promoter_score and phpOMS: 50 - 16 = 34; EricBoersma: 66.67 becomes 66."""
    thirds, sixes = Counts(10, 20, 90), Counts.from_scores([10, 9, 9, 8, 7, 6])

    assert 100 * sixes.promoters // sixes.n - 100 * sixes.detractors // sixes.n == 34
    assert nps_rounded(sixes) == 33
    assert nps_rounded(thirds) == 67


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        (Counts(10, 20, 90), "66.7"),
        (Counts(90, 20, 10), "-66.7"),
        (Counts(0, 1999, 1), "0.1"),  # 0.05 goes away from zero
        (Counts(1, 1999, 0), "-0.1"),
        (Counts(1, 0, 1), "0.0"),
        (Counts(0, 0, 3), "100.0"),
    ],
)
def test_one_decimal_for_tables_and_exports(counts: Counts, shown: str) -> None:
    assert str(nps_to_one_decimal(counts)) == shown


def test_no_answers_have_no_decimals() -> None:
    assert nps_to_one_decimal(Counts()) is None


@pytest.mark.parametrize("n", [7, 30, 99, 150, 333])
def test_whole_shares_would_not_add_up_where_ours_do(n: int) -> None:
    outcomes = list_outcomes(n)
    broken = sum(
        sum(round_away(100 * part / n) for part in (each.detractors, each.passives, each.promoters))
        != 100
        for each in outcomes
    )

    assert 0.165 <= broken / len(outcomes) <= 0.275
    assert all(sum(shares(each) or ()) == 100 for each in outcomes)
