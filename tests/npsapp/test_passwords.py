"""Forgotten and changed passwords, and one's own profile."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse

from npsapp.models import Attempts, User
from npsapp.pages import passwords
from surveys.models import Mail, Sender
from tests.factories import make_organisation, make_sender, make_user
from tests.npsapp.test_users import PASSWORD, find_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "SHORTEST_ANSWER_SECONDS", 0.0)


@pytest.fixture
def notices() -> Sender:
    make_organisation(name="De Proef")
    return make_sender(lane=Sender.Lane.TRANSACTIONAL)


def ask(client: Client, email: str) -> tuple[int, str]:
    response = client.post(reverse("password_forgotten"), {"email": email})
    return response.status_code, response.headers["Location"]


def test_forgotten_password_is_chosen_anew_by_a_link(
    client: Client, quick: None, notices: Sender
) -> None:
    person = make_user(email="fenna@winkel.example", language="nl")

    assert ask(client, "FENNA@winkel.example") == (302, reverse("password_asked"))
    mail = Mail.objects.get()
    client.post(find_link(mail), {"new_password": PASSWORD, "again": PASSWORD})

    person.refresh_from_db()
    assert (mail.kind, mail.to_email) == ("account", "fenna@winkel.example")
    assert person.check_password(PASSWORD)
    assert client.get(reverse("dashboard")).status_code == 200


def test_answer_is_the_same_for_an_address_that_nobody_has(
    client: Client, quick: None, notices: Sender
) -> None:
    make_user(email="fenna@winkel.example")
    make_user(email="weg@winkel.example", is_active=False)

    answers = {ask(client, f"{name}@winkel.example") for name in ("fenna", "weg", "niemand")}

    assert answers == {(302, reverse("password_asked"))}
    assert [mail.to_email for mail in Mail.objects.all()] == ["fenna@winkel.example"]


def test_answer_takes_the_same_time_either_way(client: Client, notices: Sender) -> None:
    make_user(email="fenna@winkel.example")
    took = []

    for name in ("fenna", "niemand"):
        started = time.monotonic()
        ask(client, f"{name}@winkel.example")
        took.append(time.monotonic() - started)

    assert min(took) >= passwords.SHORTEST_ANSWER_SECONDS
    assert abs(took[0] - took[1]) < 0.1


def test_nobodys_mailbox_is_flooded(client: Client, quick: None, notices: Sender) -> None:
    make_user(email="fenna@winkel.example")

    answers = {ask(client, "fenna@winkel.example") for _ in range(6)}

    assert answers == {(302, reverse("password_asked"))}
    assert Mail.objects.count() == 3


def test_without_a_sender_everybody_is_told(client: Client, quick: None) -> None:
    make_user(email="fenna@winkel.example")

    page = client.get(reverse("password_forgotten")).content.decode()

    assert "This installation cannot send mail yet." in page
    assert ask(client, "fenna@winkel.example") == (302, reverse("password_asked"))
    assert not Mail.objects.exists()


def test_new_password_ends_every_session_and_opens_the_door_again(
    client: Client, quick: None, notices: Sender
) -> None:
    person = make_user(email="fenna@winkel.example")
    elsewhere = Client()
    elsewhere.force_login(person)
    for _ in range(6):
        client.post(reverse("login"), {"username": person.email, "password": "wrong"})
    ask(client, person.email)

    client.post(find_link(Mail.objects.get()), {"new_password": PASSWORD, "again": PASSWORD})

    assert elsewhere.get(reverse("dashboard")).status_code == 302
    logged_in = Client().post(reverse("login"), {"username": person.email, "password": PASSWORD})
    assert logged_in.status_code == 302


@pytest.mark.parametrize(
    ("password", "words"),
    [("short", "too short"), ("fenna@winkel.example", "too similar"), ("password1234", "common")],
)
def test_weak_password_is_refused(
    client: Client, quick: None, notices: Sender, password: str, words: str
) -> None:
    make_user(email="fenna@winkel.example")
    ask(client, "fenna@winkel.example")
    path = find_link(Mail.objects.get())

    response = client.post(path, {"new_password": password, "again": password})

    assert response.status_code == 422
    assert words in response.content.decode()


def change(client: Client, **changes: str) -> int:
    fields = {
        "current_password": "a long password",
        "new_password": PASSWORD,
        "again": PASSWORD,
    } | changes
    return client.post(reverse("profile_password"), fields).status_code


def test_changed_password_ends_the_other_sessions_only(client: Client) -> None:
    person = make_user()
    elsewhere = Client()
    client.force_login(person)
    elsewhere.force_login(person)

    assert change(client) == 302

    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert client.get(reverse("profile")).status_code == 200
    assert elsewhere.get(reverse("profile")).status_code == 302


def test_password_is_not_changed_without_the_present_one(client: Client) -> None:
    person = make_user()
    client.force_login(person)

    statuses = [change(client, current_password=f"guess {number}") for number in range(6)]

    person.refresh_from_db()
    assert statuses == [422] * 5 + [429]
    assert change(client) == 429
    assert person.check_password("a long password")


def test_own_name_and_language_are_changed(client: Client) -> None:
    person = make_user(role="viewer")
    client.force_login(person)

    client.post(reverse("profile"), {"name": "Other", "language": "nl", "role": "admin"})

    person.refresh_from_db()
    assert (person.name, person.language, person.role) == ("Other", "nl", "viewer")


def test_profile_says_what_is_wrong(viewer_client: Client, viewer: User) -> None:
    response = viewer_client.post(reverse("profile"), {"name": "", "language": "nl"})

    viewer.refresh_from_db()
    assert response.status_code == 422
    assert viewer.name == "Vera Voorbeeld"
    assert not Attempts.objects.exists()
