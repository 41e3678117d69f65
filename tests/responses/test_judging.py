"""What a manager decides about an answer: accept, exclude, restore."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from npsapp.models import User
from responses.judging import accept_response, exclude_response, restore_response
from responses.models import Response
from responses.recording import record_response
from responses.signals import response_recorded
from tests.factories import make_response
from tests.responses.customers import ask

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 3, 10, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=3)


@pytest.fixture
def announced() -> Iterator[list[int]]:
    pks: list[int] = []

    def listen(response_pk: int, **_: Any) -> None:
        pks.append(response_pk)

    response_recorded.connect(listen)
    yield pks
    response_recorded.disconnect(listen)


@pytest.fixture
def provisional() -> Response:
    return record_response(
        ask(), score=0, comment="", language="nl", now=NOW, automatic_reason="too_fast"
    )


def test_accept_response_counts_and_announces(
    provisional: Response,
    manager: User,
    announced: list[int],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        accept_response(provisional, user=manager, now=LATER)

    provisional.refresh_from_db()
    assert (provisional.status, provisional.status_by) == ("counted", manager)
    assert (provisional.status_at, provisional.answered_at) == (LATER, NOW)
    assert announced == [provisional.pk]


def test_accept_response_marks_the_invitation_answered(
    provisional: Response, manager: User
) -> None:
    accept_response(provisional, user=manager, now=LATER)

    assert provisional.invitation
    provisional.invitation.refresh_from_db()
    assert provisional.invitation.answered_at == NOW


def test_accept_response_of_an_excluded_one_changes_nothing(manager: User) -> None:
    excluded = exclude_response(make_response(), user=manager, reason="Test", now=NOW)

    accept_response(excluded, user=manager, now=LATER)

    excluded.refresh_from_db()
    assert (excluded.status, excluded.status_at) == ("excluded", NOW)


def test_accept_response_survives_a_contradiction_that_follows(
    provisional: Response, manager: User
) -> None:
    accept_response(provisional, user=manager, now=NOW)
    assert provisional.invitation

    record_response(
        provisional.invitation,
        score=10,
        comment="",
        language="nl",
        now=NOW + dt.timedelta(seconds=1),
    )

    provisional.refresh_from_db()
    assert (provisional.status, provisional.score) == ("counted", 0)


def test_accept_response_of_one_that_is_gone(manager: User) -> None:
    response = make_response(channel="import")
    Response.objects.filter(pk=response.pk).delete()

    with pytest.raises(Response.DoesNotExist):
        accept_response(response, user=manager, now=NOW)
    with pytest.raises(Response.DoesNotExist):
        exclude_response(response, user=manager, reason="Test", now=NOW)
    assert not restore_response(response, user=manager, now=NOW)


def test_exclude_response_stays_visible_with_its_reason(manager: User) -> None:
    response = make_response(score=2)

    exclude_response(response, user=manager, reason=" Testmail ", now=NOW)

    response.refresh_from_db()
    assert (response.status, response.status_reason) == ("excluded", "Testmail")
    assert (response.status_by, response.status_at) == (manager, NOW)
    assert not Response.objects.counted().exists()


def test_exclude_response_without_a_reason_is_refused(manager: User) -> None:
    response = make_response()

    with pytest.raises(ValueError, match="reason"):
        exclude_response(response, user=manager, reason="  ", now=NOW)

    response.refresh_from_db()
    assert response.status == "counted"


def test_restore_response_counts_again_and_announces(
    manager: User, announced: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    response = exclude_response(make_response(), user=manager, reason="Test", now=NOW)

    with django_capture_on_commit_callbacks(execute=True):
        restore_response(response, user=manager, now=LATER)

    response.refresh_from_db()
    assert (response.status, response.status_reason) == ("counted", "")
    assert announced == [response.pk]


def test_restore_response_of_history_works_without_an_invitation(manager: User) -> None:
    history = make_response(channel=Response.Channel.IMPORT)
    exclude_response(history, user=manager, reason="Dubbel", now=NOW)

    restore_response(history, user=manager, now=LATER)

    history.refresh_from_db()
    assert history.status == "counted"


def test_restore_response_of_a_provisional_one_changes_nothing(
    provisional: Response, manager: User
) -> None:
    restore_response(provisional, user=manager, now=LATER)

    provisional.refresh_from_db()
    assert provisional.status == "provisional"
