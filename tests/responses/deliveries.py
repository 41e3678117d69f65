"""Customers who were asked before and after their delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from responses.models import Response
from surveys.models import Contact, Survey
from tests.factories import make_contact, make_response, make_survey

DAY = dt.timedelta(days=1)
SCORES = (3, 7, 10)  # of a detractor, a passive, a promoter


def make_surveys(**fields: Any) -> tuple[Survey, Survey]:
    before = make_survey(touchpoint=Survey.Touchpoint.PRE_DELIVERY)
    after = make_survey(
        **{"touchpoint": Survey.Touchpoint.POST_DELIVERY, "pre_survey": before} | fields
    )
    return before, after


def say(
    survey: Survey, contact: Contact | None, score: int, at: dt.datetime, **fields: Any
) -> Response:
    return make_response(
        survey=survey,
        contact=contact,
        score=score,
        answered_at=at,
        **{"channel": "import"} | fields,
    )


def deliver(survey: Survey, table: Sequence[Sequence[int]], at: dt.datetime, **fields: Any) -> None:
    """Let as many customers as the table says answer ten days before `at`, and at it."""
    pre = survey.pre_survey
    assert pre is not None
    for i, row in enumerate(table):
        for j, n in enumerate(row):
            for _ in range(n):
                contact = make_contact()
                say(pre, contact, SCORES[i], at - 10 * DAY, **fields)
                say(survey, contact, SCORES[j], at, **fields)
