"""What a change is made of: the worked number, and that the parts always make the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.mixing import divide_change
from responses.scoring import Counts, nps
from tests.properties import cases

counts = st.builds(Counts, *[st.integers(0, 60)] * 3)
groups = st.dictionaries(st.sampled_from("abcd"), counts, min_size=1)


def total(groups: dict[str, Counts]) -> float | None:
    return nps(sum(groups.values(), Counts()))


def test_change_of_pickup_and_delivery_is_mostly_another_mix() -> None:
    """Statistics, 7.5: pickup 30 to 50 % of answers, 72 to 70; delivery 70 to 50 %, 58 to 60."""
    before = {"pickup": Counts(42, 0, 258), "delivery": Counts(147, 0, 553)}
    after = {"pickup": Counts(75, 0, 425), "delivery": Counts(100, 0, 400)}

    found = divide_change(before, after)

    assert found is not None
    assert [total(before), total(after)] == pytest.approx([62.2, 65.0])
    assert [found.mix, found.within] == pytest.approx([2.4, 0.4])
    assert found.shown == (Decimal("2.8"), Decimal("2.4"), Decimal("0.4"))


def test_group_that_is_new_is_all_mix() -> None:
    found = divide_change(
        {"old": Counts(5, 0, 5)}, {"old": Counts(5, 0, 5), "new": Counts(0, 0, 10)}
    )

    assert found is not None
    assert [found.mix, found.within] == pytest.approx([50.0, 0.0])


def test_nothing_can_be_divided_without_answers_before() -> None:
    assert divide_change({"a": Counts()}, {"a": Counts(1, 1, 1)}) is None
    assert divide_change({"a": Counts(1, 1, 1)}, {}) is None


def test_shown_parts_add_up_where_rounding_each_would_not() -> None:
    # 1.667 and -18.333 make -16.667: rounded one by one 1.7 and -18.3 would make -16.6.
    before = {"a": Counts(1, 0, 3), "b": Counts(1, 0, 3)}
    found = divide_change(before, {"a": Counts(1, 0, 4), "b": Counts(2, 0, 2)})

    assert found is not None
    assert found.shown == (Decimal("-16.7"), Decimal("1.7"), Decimal("-18.4"))


@cases(200)
@given(groups, groups)
def test_mix_and_within_make_up_the_change(
    before: dict[str, Counts], after: dict[str, Counts]
) -> None:
    found = divide_change(before, after)
    old, new = total(before), total(after)

    if old is None or new is None:
        assert found is None
    else:
        assert found is not None
        assert found.change == pytest.approx(new - old, abs=1e-9)
        assert found.shown[1] + found.shown[2] == found.shown[0]


@cases(200)
@given(groups, groups)
def test_going_back_turns_every_sign(before: dict[str, Counts], after: dict[str, Counts]) -> None:
    there, back = divide_change(before, after), divide_change(after, before)

    if there is None or back is None:
        assert there == back
    else:
        assert back.mix == pytest.approx(-there.mix, abs=1e-9)
        assert back.within == pytest.approx(-there.within, abs=1e-9)
