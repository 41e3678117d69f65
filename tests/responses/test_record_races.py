"""Two requests at once, on real connections: one person, one answer, one announcement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from responses.models import Response, ResponseVersion
from responses.recording import record_comment, record_response
from responses.signals import response_recorded
from surveys.models import Invitation
from tests.races import run_at_once
from tests.responses.customers import ask, send_answer

pytestmark = pytest.mark.django_db(transaction=True)


def record(invitation: Invitation, score: int, now: dt.datetime) -> Callable[[], object]:
    return lambda: record_response(invitation, score=score, comment="", language="nl", now=now)


def test_record_response_double_click_is_one_answer_announced_once() -> None:
    invitation = ask()
    now = timezone.now()
    announced: list[int] = []

    def listen(response_pk: int, **_: object) -> None:
        announced.append(response_pk)

    response_recorded.connect(listen)
    try:
        raised = run_at_once(*[record(invitation, 9, now) for _ in range(6)])
    finally:
        response_recorded.disconnect(listen)

    assert raised == []
    assert announced == [Response.objects.get().pk]
    assert ResponseVersion.objects.count() == 0


def test_record_response_different_scores_at_once_leave_one_that_does_not_count() -> None:
    invitation = ask()
    now = timezone.now()

    raised = run_at_once(*[record(invitation, score, now) for score in (0, 3, 6, 9)])

    response = Response.objects.get()
    assert raised == []
    assert (response.status, response.versions.count()) == ("provisional", 3)


def test_record_response_and_comment_at_once_lose_nothing() -> None:
    invitation = ask()
    now = timezone.now()
    record(invitation, 9, now - dt.timedelta(minutes=5))()

    raised = run_at_once(
        lambda: record_comment(invitation, comment="Snel", now=now),
        lambda: record_response(invitation, score=8, comment="Snel", language="nl", now=now),
    )

    response = Response.objects.get()
    assert raised == []
    assert response.comment == "Snel"
    assert [response.score, *response.versions.values_list("score", flat=True)].count(8) == 1


def test_answer_page_two_posts_at_once_are_one_response() -> None:
    invitation = ask()
    statuses: list[int] = []

    raised = run_at_once(
        *[lambda: statuses.append(send_answer(Client(), invitation, score=7).status_code)] * 4
    )

    assert (raised, statuses) == ([], [302] * 4)
    assert Response.objects.get().status == "counted"
