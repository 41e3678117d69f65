"""The first admin: by the link on the console and no other way."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from io import StringIO
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from npsapp.management.commands.up import describe_setup
from npsapp.models import User
from npsapp.people.accounts import create_first_admin
from npsapp.people.links import DeadLink, make_setup_url
from tests.factories import make_user
from tests.races import run_at_once
from tests.snapshots import snapshot_rows


def path_of(url: str) -> str:
    return urlsplit(url).path


def fill(**changes: str) -> dict[str, str]:
    return {
        "name": "Ada Eerste",
        "email": "Ada@Winkel.example",
        "language": "nl",
        "new_password": "paard batterij nietje",
        "again": "paard batterij nietje",
    } | changes


@pytest.mark.django_db
def test_command_prints_a_link_that_makes_the_first_admin(client: Client) -> None:
    out = StringIO()
    call_command("setup_link", stdout=out)
    path = path_of(out.getvalue().strip())

    response = client.post(path, fill())

    admin = User.objects.get()
    assert (admin.email, admin.role, admin.language) == ("ada@winkel.example", "admin", "nl")
    assert admin.check_password("paard batterij nietje")
    assert response.headers["Location"] == reverse("first_steps")
    assert client.get(reverse("first_steps")).status_code == 200


@pytest.mark.django_db
def test_looking_at_the_form_makes_nobody(client: Client) -> None:
    path = path_of(make_setup_url())
    before = snapshot_rows()

    response = client.get(path)
    client.head(path)

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert snapshot_rows() == before


@pytest.mark.django_db
def test_link_is_dead_once_somebody_can_log_in(client: Client) -> None:
    path = path_of(make_setup_url())
    make_user(role="viewer")

    assert client.get(path).status_code == 404
    assert client.post(path, fill()).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_link_is_dead_after_a_day_and_when_made_up(client: Client) -> None:
    now = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
    with time_machine.travel(now, tick=False):
        path = path_of(make_setup_url())
    with time_machine.travel(now + dt.timedelta(hours=23), tick=False):
        assert client.get(path).status_code == 200
    with time_machine.travel(now + dt.timedelta(hours=25), tick=False):
        assert client.get(path).status_code == 404

    forged = path[:-3] + ("aa/" if path[-3:] != "aa/" else "bb/")
    assert client.post(forged, fill()).status_code == 404
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"again": "something else"}, "The two passwords are not the same."),
        ({"new_password": "short", "again": "short"}, "too short"),
        (
            {"new_password": "ada@winkel.example", "again": "ada@winkel.example"},
            "too similar to the e-mail",
        ),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_form_says_what_is_wrong(client: Client, changes: dict[str, str], words: str) -> None:
    response = client.post(path_of(make_setup_url()), fill(**changes))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_make_one_admin() -> None:
    token = path_of(make_setup_url()).split("/")[2]
    made, refused = [], []

    def create(number: int) -> None:
        try:
            made.append(
                create_first_admin(
                    token,
                    email=f"a{number}@winkel.example",
                    name="A",
                    language="en",
                    password="paard batterij nietje",
                )
            )
        except DeadLink:
            refused.append(number)

    assert run_at_once(partial(create, 1), partial(create, 2)) == []

    assert (len(made), len(refused), User.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_console_and_login_page_tell_where_the_way_in_is(client: Client) -> None:
    said = describe_setup()
    assert re.search(r"http://localhost:\d+/setup/\S+/ \)$", said)
    assert "manage.py setup_link" in client.get(reverse("login")).content.decode()

    make_user()

    assert describe_setup() == ""
    assert "setup_link" not in client.get(reverse("login")).content.decode()
    with pytest.raises(CommandError, match="Somebody can log in already"):
        call_command("setup_link")
