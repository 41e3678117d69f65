"""The weeks around an event: equal, complete, without its own days, never across a change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.differing import Verdict
from responses.models import Event
from responses.reports.around import find_windows, list_around, select_events
from responses.reports.counting import DaysCounted
from responses.reports.running import RunningTotal
from responses.selection import Selection
from responses.spans import DAY, Span
from surveys.filtering import PropertyFilter
from surveys.models import Survey

DAY_OF_EVENT = dt.date(2026, 6, 10)
LONG_AGO, LATER = dt.date(2026, 1, 1), dt.date(2026, 9, 1)
SELECTION = Selection(zone=ZoneInfo("Europe/Amsterdam"), survey=Survey(slug="s"))


def event(kind: str = "launch", day: dt.date = DAY_OF_EVENT, **fields: object) -> Event:
    return Event(label=kind, kind=kind, first_day=day, **fields)


def count(scores: dict[dt.date, tuple[int, int]]) -> RunningTotal:
    """Detractors and promoters of each day, and one passive on a day long ago."""
    days = {LONG_AGO: (0,) * 8 + (1, 0, 0)}
    days |= {day: (low, *(0,) * 9, high) for day, (low, high) in scores.items()}
    return RunningTotal(DaysCounted(days, scale_min=0))


def test_windows_are_four_weeks_on_each_side_without_the_event() -> None:
    windows = find_windows(Span(DAY_OF_EVENT, DAY_OF_EVENT + 2 * DAY), first=LONG_AGO, today=LATER)

    assert windows == (
        Span(dt.date(2026, 5, 13), dt.date(2026, 6, 9)),
        Span(dt.date(2026, 6, 13), dt.date(2026, 7, 10)),
    )


@pytest.mark.parametrize(("passed", "days"), [(7, None), (8, 7), (14, 7), (15, 14), (100, 28)])
def test_windows_hold_complete_days_and_whole_weeks(passed: int, days: int | None) -> None:
    span = Span(DAY_OF_EVENT, DAY_OF_EVENT)

    windows = find_windows(span, first=LONG_AGO, today=DAY_OF_EVENT + passed * DAY)

    assert (windows[1].days if windows else None) == days


def test_nothing_was_answered_before_the_first_answer() -> None:
    span = Span(DAY_OF_EVENT, DAY_OF_EVENT)

    assert find_windows(span, first=DAY_OF_EVENT - 6 * DAY, today=LATER) is None
    assert find_windows(span, first=None, today=LATER) is None
    windows = find_windows(span, first=DAY_OF_EVENT - 8 * DAY, today=LATER)
    assert windows is not None
    assert windows[0].days == windows[1].days == 7


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_windows_are_always_equal_and_apart(length: int, before: int, after: int) -> None:
    span = Span(DAY_OF_EVENT, DAY_OF_EVENT + length * DAY)
    first, today = span.first - before * DAY, span.last + after * DAY

    windows = find_windows(span, first=first, today=today)

    if windows:
        assert windows[0].days == windows[1].days <= 28
        assert first <= windows[0].first <= windows[0].last < span.first
        assert span.last < windows[1].first <= windows[1].last < today


@pytest.mark.parametrize(
    ("after", "verdict"),
    [((0, 40), Verdict.HIGHER), ((40, 0), Verdict.LOWER), ((20, 20), Verdict.MARGIN)],
)
def test_verdict_is_that_of_the_test_of_two_groups(
    after: tuple[int, int], verdict: Verdict
) -> None:
    days = count({DAY_OF_EVENT - DAY: (20, 20), DAY_OF_EVENT: (9, 0), DAY_OF_EVENT + DAY: after})

    (around,) = list_around([event()], known=[], selection=SELECTION, days=days, today=LATER)

    assert around.before is not None
    assert around.after is not None
    assert (around.before.n, around.after.n) == (40, 40)
    assert around.difference is not None
    assert around.difference.verdict == verdict
    assert around.before.rows_url.endswith("from=2026-05-13&to=2026-06-09&status=counted")


def test_too_few_answers_show_no_difference() -> None:
    days = count({DAY_OF_EVENT - DAY: (20, 20), DAY_OF_EVENT + DAY: (0, 29)})

    (around,) = list_around([event()], known=[], selection=SELECTION, days=days, today=LATER)

    assert around.difference is not None
    assert around.shown_difference is None


def test_event_of_a_week_is_held_against_what_came_before_it() -> None:
    strike = event("outage", last_day=DAY_OF_EVENT + 6 * DAY)
    days = count(
        {DAY_OF_EVENT - DAY: (0, 40), DAY_OF_EVENT: (40, 0), strike.span.last + DAY: (0, 40)}
    )

    (around,) = list_around([strike], known=[], selection=SELECTION, days=days, today=LATER)

    assert around.shown_during is not None
    assert around.shown_during.verdict == Verdict.LOWER
    assert around.shown_difference is not None
    assert around.shown_difference.verdict == Verdict.MARGIN


def test_change_of_the_survey_is_never_tested_across() -> None:
    days = count({DAY_OF_EVENT - DAY: (20, 20), DAY_OF_EVENT + DAY: (0, 40)})
    change = event("survey_change", DAY_OF_EVENT + 20 * DAY)
    events = [event(), event("survey_change")]

    near, itself = list_around(
        events, known=[*events, change], selection=SELECTION, days=days, today=LATER
    )
    (alone,) = list_around([event()], known=[change], selection=SELECTION, days=days, today=LATER)

    for around in (near, itself, alone):
        assert around.is_across_change
        assert around.difference is None


def test_events_in_the_same_weeks_are_named() -> None:
    days = count({DAY_OF_EVENT: (1, 1)})
    events = [event(), event("price", DAY_OF_EVENT + 28 * DAY), event("other", LATER - 9 * DAY)]

    found = list_around(events, known=events, selection=SELECTION, days=days, today=LATER)

    assert [around.others for around in found] == [(2,), (1,), ()]
    assert [around.number for around in found] == [1, 2, 3]


def test_only_events_on_the_drawn_days_and_of_the_chosen_part_are_shown() -> None:
    drawn = Span(DAY_OF_EVENT, DAY_OF_EVENT + 30 * DAY)
    all_of_them = event(pk=1)
    north = event(segment="region=North", pk=2)
    before = event("price", DAY_OF_EVENT - 3 * DAY, pk=3)
    reaching_in = event("outage", DAY_OF_EVENT - 3 * DAY, last_day=DAY_OF_EVENT, pk=4)
    events = [all_of_them, north, before, reaching_in]
    of_south = Selection(
        zone=SELECTION.zone,
        survey=SELECTION.survey,
        filters=(PropertyFilter("region", ("South",)),),
    )

    assert select_events(events, SELECTION, drawn) == [reaching_in, all_of_them, north]
    assert select_events(events, of_south, drawn) == [reaching_in, all_of_them]
