"""Guessing passwords is slow, for everybody alike, and never a lock-out for ever."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.test.utils import override_settings
from django.urls import reverse

from npsapp.models import Attempts
from npsapp.throttle import LOGIN, Limit, find_address, forgive, knock
from tests.factories import make_user
from tests.races import run_at_once

NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def guess(client: Client, email: str, password: str = "wrong") -> int:
    return client.post(reverse("login"), {"username": email, "password": password}).status_code


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["fenna@winkel.example", "niemand@winkel.example"])
def test_sixth_guess_waits_whether_the_account_exists_or_not(client: Client, email: str) -> None:
    make_user(email="fenna@winkel.example")

    statuses = [guess(client, email) for _ in range(6)]

    assert statuses == [422, 422, 422, 422, 422, 429]
    assert len(Attempts.objects.all()) == 2


@pytest.mark.django_db
def test_right_password_waits_too_and_then_opens(client: Client) -> None:
    make_user(email="fenna@winkel.example")
    with time_machine.travel(NOW, tick=False):
        for _ in range(5):
            guess(client, "fenna@winkel.example")
        response = client.post(
            reverse("login"), {"username": "Fenna@winkel.example", "password": "a long password"}
        )
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"
    assert "Try again in 1 minute." in response.content.decode()

    with time_machine.travel(NOW + MINUTE, tick=False):
        assert guess(client, "fenna@winkel.example", "a long password") == 302

    assert not Attempts.objects.filter(count__gt=0, closed_until__isnull=False).exists()


@pytest.mark.django_db
def test_pause_grows_to_a_quarter_of_an_hour_and_no_further() -> None:
    now, waits = NOW, []
    for _ in range(20):
        wait = knock(LOGIN, account="fenna@winkel.example", address="192.0.2.1", now=now)
        if wait:
            waits.append(wait)
            now += wait
            knock(LOGIN, account="fenna@winkel.example", address="192.0.2.1", now=now)

    assert waits[:4] == [MINUTE / 2, MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert max(waits) == waits[-1] == 15 * MINUTE


@pytest.mark.django_db
def test_hour_of_silence_is_a_fresh_start() -> None:
    for _ in range(5):
        knock(LOGIN, account="fenna", address="192.0.2.1", now=NOW)

    later = NOW + dt.timedelta(minutes=61)
    answers = [knock(LOGIN, account="fenna", address="192.0.2.1", now=later) for _ in range(5)]

    assert answers == [None] * 5


@pytest.mark.django_db
def test_one_address_may_not_try_many_accounts() -> None:
    limit = LOGIN.per_address.free
    answers = [
        knock(LOGIN, account=f"person{number}", address="192.0.2.1", now=NOW)
        for number in range(limit + 1)
    ]

    assert answers == [None] * limit + [MINUTE / 2]
    assert knock(LOGIN, account="person0", address="192.0.2.2", now=NOW) is None


@pytest.mark.django_db
def test_office_that_logs_in_is_not_slowed_down() -> None:
    for number in range(2 * LOGIN.per_address.free):
        who = {"account": f"person{number}", "address": "192.0.2.1"}
        assert knock(LOGIN, **who, now=NOW) is None
        forgive(LOGIN, **who)


@pytest.mark.django_db
def test_rows_hold_neither_account_nor_address_and_go_after_a_day() -> None:
    knock(LOGIN, account="fenna@winkel.example", address="192.0.2.1", now=NOW)
    keys = " ".join(Attempts.objects.values_list("key", flat=True))
    assert "fenna" not in keys
    assert "192.0.2" not in keys

    knock(LOGIN, account="other", address="192.0.2.9", now=NOW + dt.timedelta(days=2))

    assert Attempts.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_all_count() -> None:
    let_through = []

    def try_once() -> None:
        if knock(LOGIN, account="fenna", address="192.0.2.1", now=NOW) is None:
            let_through.append(1)

    assert run_at_once(*[try_once] * 10) == []

    assert len(let_through) == LOGIN.per_account.free


@pytest.mark.parametrize(
    ("behind_proxy", "peer", "forwarded", "address"),
    [
        (False, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (True, "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (True, "10.0.0.1", "", "10.0.0.1"),
        (False, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (False, "", "", ""),
    ],
)
def test_address_is_what_nobody_can_make_up(
    rf: RequestFactory, behind_proxy: bool, peer: str, forwarded: str, address: str
) -> None:
    request = rf.get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})

    with override_settings(BEHIND_PROXY=behind_proxy):
        assert find_address(request) == address


def test_limit_counts_from_the_first_that_is_not_free() -> None:
    limit = Limit(2, first_pause=MINUTE, longest_pause=3 * MINUTE)

    pauses = [limit.pause_after(count) for count in (1, 2, 3, 4, 99)]

    assert pauses == [None, MINUTE, 2 * MINUTE, 3 * MINUTE, 3 * MINUTE]
