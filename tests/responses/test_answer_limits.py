"""How often one link sends a form, and how many dead links one address opens; nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from npsapp.models import Attempts
from npsapp.throttle import Quota, memory, spend_a_look
from responses.models import Response
from surveys.models import Suppression
from surveys.views.guarding import FORMS, UNKNOWN_LINKS
from tests.responses.customers import (
    answer_path,
    ask,
    done_path,
    send_answer,
    text_of,
    unsubscribe_path,
)
from tests.snapshots import snapshot_rows

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 2, 12, 10, tzinfo=dt.UTC)
BAD = "/s/nonsense/"


def open_bad_links(client: Client, number: int, **meta: str) -> list[int]:
    return [client.get(BAD, **meta).status_code for _ in range(number)]  # type: ignore[arg-type]


def test_person_who_changes_their_mind_often_is_not_stopped(client: Client) -> None:
    invitation = ask()

    for score in (9, 3, 8, 10, 0, 7, 6):
        assert send_answer(client, invitation, score=score).status_code == 302
        done = done_path(invitation)
        assert send_answer(client, invitation, path=done, comment=f"{score}").status_code == 302

    assert Response.objects.get().score == 6


def test_link_that_sends_without_end_is_asked_to_wait_until_the_hour(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(NOW, tick=False):
        for number in range(FORMS.most):
            send_answer(client, invitation, score=number % 11)
        refused = send_answer(client, invitation, score=5)
        on_the_other_page = send_answer(client, invitation, path=done_path(invitation))

    assert (refused.status_code, on_the_other_page.status_code) == (429, 429)
    assert refused.headers["Retry-After"] == str(50 * 60)
    assert "Een ogenblik geduld" in text_of(refused)
    assert "Ga na 14:00 terug" in text_of(refused)
    assert Response.objects.get().score == (FORMS.most - 1) % 11


def test_link_that_waited_sends_again_and_was_never_closed_for_reading(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(NOW, tick=False):
        for _ in range(FORMS.most + 1):
            send_answer(client, invitation, score=2)
        assert client.get(answer_path(invitation)).status_code == 200

    with time_machine.travel(NOW + dt.timedelta(minutes=51), tick=False):
        assert send_answer(client, invitation, score=9).status_code == 302

    assert Response.objects.get().score == 9


def test_customers_behind_one_address_do_not_stop_each_other(client: Client) -> None:
    many = [ask() for _ in range(FORMS.most + UNKNOWN_LINKS.most + 1)]

    statuses = {send_answer(client, invitation, score=8).status_code for invitation in many}

    assert statuses == {302}


def test_dead_links_from_one_address_are_asked_to_wait_a_minute(client: Client) -> None:
    with time_machine.travel(NOW + dt.timedelta(seconds=15), tick=False):
        statuses = open_bad_links(client, UNKNOWN_LINKS.most)
        refused = client.get(reverse("unsubscribe", args=["nonsense"]))

    assert set(statuses) == {404}
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "45"
    assert refused.headers["Cache-Control"] == "no-store"
    assert "Een minuut geduld" in text_of(refused)
    assert "Please wait a minute" in text_of(refused)


def test_dead_links_keep_no_working_link_of_that_address_out(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        open_bad_links(client, UNKNOWN_LINKS.most + 1)

        assert client.get(answer_path(ask())).status_code == 200
        assert send_answer(client, ask(), score=8).status_code == 302
        assert open_bad_links(client, 1, REMOTE_ADDR="192.0.2.7") == [404]


def test_header_that_anybody_can_write_gives_no_new_address(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        for number in range(UNKNOWN_LINKS.most):
            open_bad_links(client, 1, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")

        assert open_bad_links(client, 1, HTTP_X_FORWARDED_FOR="203.0.113.1") == [429]
        with override_settings(BEHIND_PROXY=True):
            assert open_bad_links(client, 1, HTTP_X_FORWARDED_FOR="203.0.113.1") == [404]


def test_unsubscribing_is_never_refused(client: Client) -> None:
    path = unsubscribe_path(ask())

    statuses = {client.post(path).status_code for _ in range(FORMS.most + 5)}

    assert statuses == {200}
    assert Suppression.objects.count() == 1


def test_answer_is_kept_when_it_cannot_be_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise DatabaseError

    monkeypatch.setattr("npsapp.throttle._count", fail)

    assert send_answer(client, ask(), score=8).status_code == 302


def test_counts_of_yesterday_are_forgotten(client: Client) -> None:
    invitation = ask()
    with time_machine.travel(NOW, tick=False):
        for _ in range(2):
            send_answer(client, invitation, score=8)
    with time_machine.travel(NOW + dt.timedelta(days=2), tick=False):
        send_answer(client, invitation, score=8)

    assert [row.count for row in Attempts.objects.all()] == [1]


def test_dead_links_are_counted_without_a_word_to_the_database(client: Client) -> None:
    before = snapshot_rows()

    with time_machine.travel(NOW, tick=False), CaptureQueriesContext(connection) as captured:
        statuses = open_bad_links(client, UNKNOWN_LINKS.most + 1)

    assert statuses[-2:] == [404, 429]
    assert snapshot_rows() == before
    assert [query["sql"] for query in captured if "attempts" in query["sql"].lower()] == []


def test_next_minute_begins_anew_and_memory_does_not_grow(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        open_bad_links(client, UNKNOWN_LINKS.most + 1)
    with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
        assert open_bad_links(client, 1, REMOTE_ADDR="192.0.2.7") == [404]
        assert open_bad_links(client, 1) == [404]

    assert memory.counts[UNKNOWN_LINKS.name] == {"192.0.2.7": 1, "127.0.0.1": 1}


def test_more_addresses_than_can_be_counted_are_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(memory), "MOST", 2)
    quota = Quota("few", 1, dt.timedelta(minutes=1))

    waits = [spend_a_look(quota, who, now=NOW) is None for who in ("a", "b", "c", "c", "a")]

    assert waits == [True, True, True, True, False]
