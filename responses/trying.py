"""Answers of colleagues to their own test mails: real in the queue, and part of no number.

They have a status of their own, no invitation and no contact, and `Response.objects` does not
know them.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from npsapp.models import User
from responses.models import Response
from responses.signals import response_recorded
from surveys.models import Campaign, Survey


def find_test_answer(survey: Survey, tester: User) -> Response | None:
    found = Response.everything.tests().select_related("survey")
    return found.filter(survey=survey, tester=tester).first()


def record_test(
    campaign: Campaign,
    *,
    tester: User,
    score: int,
    comment: str,
    language: str,
    now: dt.datetime,
) -> Response:
    """Write or change what a colleague answered to their test mail; one per survey and colleague.

    Raises ValueError for a score that the survey does not have.
    """
    survey = campaign.survey
    if score not in survey.scores:
        raise ValueError(f"{score} is not on the scale of {survey}")
    with transaction.atomic():
        # The tester's row is the lock: a double click queues up behind it.
        User.objects.select_for_update(no_key=True).get(pk=tester.pk)
        response = find_test_answer(survey, tester)
        if response is None:
            response = Response(
                survey=survey,
                tester=tester,
                status=Response.Status.TEST,
                channel=Response.Channel.MAIL,
                answered_at=now,
            )
        elif (response.score, response.comment) == (score, comment):
            return response
        else:
            response.changed_at = now
        response.scale_min = survey.scale_min
        response.score, response.comment, response.language = score, comment, language
        response.save()
        pk = response.pk
        transaction.on_commit(
            lambda: response_recorded.send(sender=Response, response_pk=pk), robust=True
        )
    response.refresh_from_db(fields=["category"])
    return response
