"""What looks automatic, and above all what does not."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responses.automatic import Sign, judge, judge_change


def after(seconds: float) -> dt.timedelta:
    return dt.timedelta(seconds=seconds)


def judge_post(
    on_page: float | None = 5,
    since_sent: float | None = 7200,
    hidden_field: str = "",
    has_comment: bool = False,
) -> Sign:
    return judge(
        on_page=None if on_page is None else after(on_page),
        since_sent=None if since_sent is None else after(since_sent),
        hidden_field=hidden_field,
        has_comment=has_comment,
    )


@pytest.mark.parametrize("on_page", [0.5, 0.9, 1.5, 2, 3600, 30 * 86400])
def test_judge_person_who_presses_send_at_once_is_a_person(on_page: float) -> None:
    assert judge_post(on_page=on_page) == Sign.NONE


@pytest.mark.parametrize("on_page", [0, 0.1, 0.499, -3])
def test_judge_faster_than_a_click_is_automatic(on_page: float) -> None:
    assert judge_post(on_page=on_page) == Sign.TOO_FAST


def test_judge_without_our_page_is_automatic() -> None:
    assert judge_post(on_page=None) == Sign.NOT_OUR_PAGE


def test_judge_filled_hidden_field_is_automatic_whatever_else() -> None:
    assert judge_post(hidden_field="x", has_comment=True, on_page=60) == Sign.HIDDEN_FIELD


@pytest.mark.parametrize(
    ("since_sent", "on_page", "has_comment", "sign"),
    [
        (2.9, 60, True, Sign.AT_DELIVERY),  # the mail cannot have been read
        (8, 1.5, False, Sign.AT_DELIVERY),
        (8, 1.5, True, Sign.NONE),  # they wrote something
        (8, 3, False, Sign.NONE),  # they took their time
        (20, 1.5, False, Sign.NONE),  # the mail had time to arrive
        (-2, 60, False, Sign.AT_DELIVERY),
    ],
)
def test_judge_at_delivery(
    since_sent: float, on_page: float, has_comment: bool, sign: Sign
) -> None:
    assert judge_post(on_page=on_page, since_sent=since_sent, has_comment=has_comment) == sign


def test_judge_unknown_moment_of_sending_proves_nothing() -> None:
    assert judge_post(since_sent=None, on_page=0.6) == Sign.NONE


@given(on_page=st.floats(0.5, 1e7), since_sent=st.floats(20, 1e8), has_comment=st.booleans())
def test_judge_never_punishes_an_ordinary_visit(
    on_page: float, since_sent: float, has_comment: bool
) -> None:
    assert judge_post(on_page, since_sent, has_comment=has_comment) == Sign.NONE


@pytest.mark.parametrize(
    ("score", "seconds", "sign"),
    [
        (7, 0, Sign.CONTRADICTION),
        (7, 2.9, Sign.CONTRADICTION),
        (7, -2.9, Sign.CONTRADICTION),  # handled in the other order
        (7, 3, Sign.NONE),
        (9, 0, Sign.NONE),  # a double click
    ],
)
def test_judge_change(score: int, seconds: float, sign: Sign) -> None:
    assert judge_change(earlier_score=9, score=score, since_earlier=after(seconds)) == sign
