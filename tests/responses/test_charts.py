"""Geometry: shares side by side, counts on one base line, a score on its scale."""

from __future__ import annotations

from decimal import Decimal

from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from responses.charts import place_whisker, slice_bar, stand_bars
from responses.scoring import Counts, apportion, interval, nps


def number(length: str) -> float:
    return float(length.removesuffix("%"))


def test_slices_lie_side_by_side_with_labels_in_the_middle() -> None:
    slices = slice_bar([Decimal("21.0"), Decimal("27.0"), Decimal("52.0")])

    assert [part.x for part in slices] == ["0.000%", "21.000%", "48.000%"]
    assert [part.middle for part in slices] == ["10.500%", "34.500%", "74.000%"]


def test_slice_too_narrow_for_its_label_says_so() -> None:
    slices = slice_bar([Decimal("15.9"), Decimal("16.0"), Decimal("68.1")])

    assert [part.has_room for part in slices] == [False, True, True]


def test_bars_stand_on_the_base_line_and_the_largest_fills_the_room() -> None:
    drawing = stand_bars([0, 5, 10], height=100, head=20, foot=30)

    assert [bar.height for bar in drawing.bars] == ["0.0", "25.0", "50.0"]
    assert [bar.y for bar in drawing.bars] == ["70.0", "45.0", "20.0"]
    assert drawing.base == "70.0"


def test_one_among_thousands_is_still_seen() -> None:
    drawing = stand_bars([1, 5000])

    assert drawing.bars[0].height == "2.0"


def test_bars_without_any_answer_have_no_height() -> None:
    drawing = stand_bars([0, 0])

    assert {bar.height for bar in drawing.bars} == {"0.0"}
    assert stand_bars([]).bars == []


def test_whisker_has_zero_in_the_middle() -> None:
    whisker = place_whisker(0.0, (-50.0, 100.0))

    assert (whisker.low, whisker.point, whisker.high) == ("25.000%", "50.000%", "100.000%")


@given(st.lists(st.integers(0, 10_000), min_size=3, max_size=3).filter(any))
def test_slices_fill_the_bar_exactly(counts: list[int]) -> None:
    shares = apportion(counts)

    assert shares is not None
    slices = slice_bar(shares)
    assert sum(Decimal(part.width.removesuffix("%")) for part in slices) == 100
    last = slices[-1]
    assert number(last.x) + number(last.width) == 100


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=11))
def test_bars_stay_within_the_drawing_and_keep_their_order(counts: list[int]) -> None:
    drawing = stand_bars(counts)

    for bar in drawing.bars:
        assert float(bar.y) + float(bar.height) <= float(drawing.base) + 0.11
        assert float(bar.label_y) >= 0
        assert number(bar.x) + number(bar.width) <= 100
    pairs = sorted(zip(counts, drawing.bars, strict=True), key=lambda pair: pair[0])
    by_count = [float(bar.height) for _, bar in pairs]
    assert by_count == sorted(by_count)


@given(st.builds(Counts, st.integers(0, 99), st.integers(0, 99), st.integers(1, 99)))
def test_whisker_holds_its_point(counts: Counts) -> None:
    raw, found = nps(counts), interval(counts)

    assert raw is not None
    assert found is not None
    whisker = place_whisker(raw, found)
    assert 0 <= number(whisker.low) <= number(whisker.point) <= number(whisker.high) <= 100


def test_coordinates_keep_their_dot_for_a_dutch_reader() -> None:
    whisker = place_whisker(12.5, (0.5, 20.25))

    drawn = render_to_string("components/charts/whisker.html", {"whisker": whisker})

    assert 'cx="56.250%"' in drawn
    assert " style=" not in drawn
