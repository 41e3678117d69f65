"""The moments of a window: evenly spaced, inside the slots, under the daily limit (I2, I3, I8)."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from surveys.planning.calendar import Hours, Slot, open_slots
from surveys.planning.schedule import Batch, spread
from tests.properties import cases

ZONES = ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
OFFICE = Hours(ZoneInfo("Europe/Amsterdam"), frozenset(range(5)), dt.time(9), dt.time(17))


def list_slots(hours: Hours, first: dt.date, days: int, now: dt.datetime) -> list[Slot]:
    last = first + dt.timedelta(days=days - 1)
    return list(open_slots(hours, first=first, last=last, not_before=now))


@cases(200)
@given(
    count=st.integers(0, 400),
    zone=st.sampled_from(ZONES),
    first=st.dates(dt.date(2026, 9, 1), dt.date(2027, 5, 1)),
    days=st.integers(1, 40),
    opens=st.integers(0, 22),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    limit=st.one_of(st.none(), st.integers(1, 30)),
    late=st.integers(0, 72 * 3600),
)
def test_moments_keep_every_rule(
    count: int,
    zone: str,
    first: dt.date,
    days: int,
    opens: int,
    weekdays: frozenset[int],
    limit: int | None,
    late: int,
) -> None:
    hours = Hours(ZoneInfo(zone), weekdays, dt.time(opens), dt.time(opens, 45))
    now = dt.datetime.combine(first, dt.time.min, dt.UTC) + dt.timedelta(seconds=late)
    slots = list_slots(hours, first, days, now)
    limits = None if limit is None else {slot.day: limit for slot in slots}

    batches = spread({0: count}, slots, limits=limits)

    moments = [moment for batch in batches for moment in batch.moments()]
    assert len(moments) == (min(count, limit * len(slots)) if limit else count * bool(slots))
    assert moments == sorted(set(moments))
    assert all(moment >= now for moment in moments)
    for batch in batches:
        assert limit is None or batch.mails <= limit
        assert all(batch.slot.start <= moment < batch.slot.end for moment in batch.moments())


@given(mails=st.integers(1, 3000), seconds=st.integers(60, 90_000))
def test_gaps_within_a_day_are_equal(mails: int, seconds: int) -> None:
    start = dt.datetime(2026, 10, 1, 7, tzinfo=dt.UTC)
    batch = Batch(Slot(start.date(), start, start + dt.timedelta(seconds=seconds)), mails)

    moments = list(batch.moments())

    gaps = {two - one for one, two in pairwise(moments)}
    assert len(gaps) <= 1
    assert moments[0] == start
    assert batch.slot.end - moments[-1] >= batch.step


def test_single_mail_leaves_at_once() -> None:
    now = dt.datetime(2026, 10, 1, 12, 34, 56, tzinfo=dt.UTC)
    slots = list_slots(OFFICE, dt.date(2026, 10, 1), 30, now)

    (batch,) = spread({0: 1}, slots)

    assert list(batch.moments()) == [now]


def test_each_day_has_its_own_limit() -> None:
    now = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
    slots = list_slots(OFFICE, dt.date(2026, 10, 1), 2, now)

    batches = spread({0: 20}, slots, limits={dt.date(2026, 10, 1): 3, dt.date(2026, 10, 2): 10})

    assert [batch.mails for batch in batches] == [3, 10]


def test_nothing_is_planned_in_a_window_without_open_time() -> None:
    assert spread({0: 5}, []) == []
