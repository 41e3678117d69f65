"""The one way an answer is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from responses.models import Category, Response, ResponseVersion
from responses.recording import Closed, record_comment, record_response
from responses.signals import response_recorded
from surveys.models import Invitation
from tests.factories import make_contact, make_invitation
from tests.responses.customers import ask

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 3, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def announced() -> Iterator[list[int]]:
    pks: list[int] = []

    def listen(sender: Any, response_pk: int, **_: Any) -> None:
        pks.append(response_pk)

    response_recorded.connect(listen)
    yield pks
    response_recorded.disconnect(listen)


def record(invitation: Invitation, score: int = 9, comment: str = "", **fields: Any) -> Response:
    fields.setdefault("now", NOW)
    return record_response(invitation, score=score, comment=comment, language="nl", **fields)


def test_record_response_keeps_who_said_what_when() -> None:
    contact = make_contact(properties={"segment": "Gold"})
    invitation = ask(contact=contact, occasion="order 7")

    response = record(invitation, 9, "Snel")

    response.refresh_from_db()
    assert (response.score, response.comment, response.category) == (9, "Snel", Category.PROMOTER)
    assert (response.contact, response.survey) == (contact, invitation.campaign.survey)
    assert (response.properties, response.occasion) == ({"segment": "Gold"}, "order 7")
    assert (response.answered_at, response.changed_at) == (NOW, None)
    assert (response.status, response.channel, response.language) == ("counted", "mail", "nl")


def test_record_response_marks_the_invitation_answered() -> None:
    invitation = ask()

    record(invitation)

    invitation.refresh_from_db()
    assert invitation.answered_at == NOW


def test_record_response_has_its_category_in_memory_after_a_change() -> None:
    invitation = ask()
    record(invitation, 9)

    response = record(invitation, 3, now=NOW + HOUR)

    assert response.category == Category.DETRACTOR


def test_record_response_of_a_reminder_is_the_answer_to_the_first() -> None:
    first = ask()
    reminder = make_invitation(
        campaign=first.campaign, contact=first.contact, sequence=1, first=first, state="sent"
    )

    record(first, 9)
    record(reminder, 7, now=NOW + HOUR)

    assert Response.objects.get().score == 7
    assert Response.objects.get().invitation == first


def test_record_response_keeps_the_earlier_answer_as_a_version() -> None:
    invitation = ask()
    record(invitation, 9, "Goed")

    response = record(invitation, 4, "Toch niet", now=NOW + HOUR)

    version = ResponseVersion.objects.get()
    assert (version.score, version.comment) == (9, "Goed")
    assert (version.answered_at, version.replaced_at) == (NOW, NOW + HOUR)
    assert (response.answered_at, response.changed_at) == (NOW, NOW + HOUR)


def test_record_response_twice_the_same_changes_nothing(
    announced: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    invitation = ask()
    with django_capture_on_commit_callbacks(execute=True):
        record(invitation, 9, "Goed")

    with django_capture_on_commit_callbacks(execute=True):
        response = record(invitation, 9, "Goed", now=NOW + MINUTE)

    assert response.changed_at is None
    assert response.versions.count() == 0
    assert announced == [response.pk]


def test_record_response_snapshot_outlives_the_contact() -> None:
    contact = make_contact(properties={"segment": "Gold"})
    invitation = ask(contact=contact)
    record(invitation, 9)
    contact.properties = {"segment": "Silver"}
    contact.save()

    response = record(invitation, 8, now=NOW + HOUR)

    response.refresh_from_db()
    assert response.properties == {"segment": "Gold"}


@pytest.mark.parametrize("score", [-1, 11])
def test_record_response_off_the_scale_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="scale"):
        record(ask(), score)

    assert not Response.objects.exists()


def test_record_response_zero_on_a_scale_from_one_is_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        record(ask(survey_scale_min=1), 0)


def test_record_response_until_the_window_ends() -> None:
    invitation = ask()
    record(invitation, 9)

    response = record(invitation, 8, now=NOW + 24 * HOUR - MINUTE)

    assert response.score == 8


def test_record_response_after_the_window_is_closed() -> None:
    invitation = ask()
    record(invitation, 9)

    with pytest.raises(Closed):
        record(invitation, 8, now=NOW + 24 * HOUR)

    assert Response.objects.get().score == 9


def test_record_response_window_runs_from_the_first_answer() -> None:
    invitation = ask()
    record(invitation, 9)
    record(invitation, 8, now=NOW + 20 * HOUR)

    with pytest.raises(Closed):
        record(invitation, 7, now=NOW + 25 * HOUR)


def test_record_response_announces_after_the_commit(
    announced: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        response = record(ask())
        before = list(announced)

    assert callbacks
    assert (before, announced) == ([], [response.pk])


def test_record_response_survives_a_listener_that_fails(
    django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("listener")

    response_recorded.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record(ask())
    finally:
        response_recorded.disconnect(fail)

    assert Response.objects.count() == 1


def test_record_response_automatic_is_provisional_and_silent(
    announced: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    invitation = ask()

    with django_capture_on_commit_callbacks(execute=True):
        response = record(invitation, 0, automatic_reason="too_fast")

    invitation.refresh_from_db()
    assert (response.status, response.status_reason) == ("provisional", "too_fast")
    assert (invitation.answered_at, announced) == (None, [])


def test_record_response_of_a_person_confirms_what_looked_automatic(
    announced: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    invitation = ask()
    record(invitation, 0, automatic_reason="at_delivery")
    later = NOW + 72 * HOUR

    with django_capture_on_commit_callbacks(execute=True):
        response = record(invitation, 9, "Prima", now=later)

    invitation.refresh_from_db()
    assert (response.status, response.status_reason, response.score) == ("counted", "", 9)
    assert (response.answered_at, response.changed_at) == (later, None)
    assert (invitation.answered_at, announced) == (later, [response.pk])
    assert response.versions.get().automatic_reason == "at_delivery"


def test_record_response_automatic_never_replaces_one_that_counts() -> None:
    invitation = ask()
    record(invitation, 9, "Goed")

    response = record(invitation, 0, now=NOW + HOUR, automatic_reason="hidden_field")

    response.refresh_from_db()
    assert (response.status, response.score, response.comment) == ("counted", 9, "Goed")
    version = response.versions.get()
    assert (version.score, version.automatic_reason) == (0, "hidden_field")


def test_record_response_contradiction_leaves_neither_counted() -> None:
    invitation = ask()
    record(invitation, 9)

    response = record(invitation, 2, now=NOW + dt.timedelta(seconds=1))

    assert (response.status, response.status_reason) == ("provisional", "contradiction")
    assert response.versions.get().score == 9


def test_record_response_settles_a_mail_in_doubt() -> None:
    invitation = ask(state="unknown", sent_at=None, intent_at=NOW - HOUR, unknown_since=NOW - HOUR)

    record(invitation)

    invitation.refresh_from_db()
    assert (invitation.state, invitation.resolution) == ("sent", "evidence")
    assert invitation.answered_at == NOW


def test_record_comment_adds_words_without_a_version() -> None:
    invitation = ask()
    record(invitation, 9)

    response = record_comment(invitation, comment="Goed geholpen", now=NOW + MINUTE)

    assert (response.score, response.comment) == (9, "Goed geholpen")
    assert response.changed_at == NOW + MINUTE
    assert response.versions.count() == 0


def test_record_comment_empty_leaves_the_words_that_stand() -> None:
    invitation = ask()
    record(invitation, 9, "Goed geholpen")

    response = record_comment(invitation, comment="", may_contact=False, now=NOW + MINUTE)

    assert (response.comment, response.may_contact) == ("Goed geholpen", False)


def test_record_comment_confirms_what_looked_automatic() -> None:
    invitation = ask()
    record(invitation, 9, automatic_reason="too_fast")

    response = record_comment(invitation, comment="Ik ben het zelf", now=NOW + MINUTE)

    assert response.status == "counted"


def test_record_comment_after_the_window_is_closed() -> None:
    invitation = ask()
    record(invitation, 9)

    with pytest.raises(Closed):
        record_comment(invitation, comment="Te laat", now=NOW + 24 * HOUR)


def test_record_comment_without_an_answer_is_refused() -> None:
    with pytest.raises(Response.DoesNotExist):
        record_comment(ask(), comment="Los", now=timezone.now())
