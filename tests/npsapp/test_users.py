"""Inviting, changing, and keeping out."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from closeloop.models import Member
from npsapp.models import User
from npsapp.people.accounts import LastAdmin, change_user, deactivate_user
from npsapp.people.links import INVITE, make_password_url
from surveys.models import Mail, Sender
from surveys.sending.ledger import MAILS
from surveys.sending.release import send_lane
from tests.factories import (
    make_follow_up,
    make_organisation,
    make_sender,
    make_survey,
    make_user,
)
from tests.races import run_at_once
from tests.snapshots import snapshot_rows

PASSWORD = "paard batterij nietje"


@pytest.fixture
def notices(db: None) -> Sender:
    make_organisation(name="De Proef")
    return make_sender(lane=Sender.Lane.TRANSACTIONAL)


def invite(client: Client, **changes: str) -> int:
    fields = {
        "name": "Nel Nieuw",
        "email": "Nel@Winkel.example",
        "role": "agent",
        "language": "nl",
    }
    return client.post(reverse("user_invite"), fields | changes).status_code


def find_link(mail: Mail) -> str:
    found = re.search(r"http://\S+/password/invite/\S+|http://\S+/password/reset/\S+", mail.text)
    assert found is not None
    return urlsplit(found[0]).path


def test_invited_person_chooses_a_password_and_is_in(
    admin_client: Client, admin: User, client: Client, notices: Sender
) -> None:
    assert invite(admin_client) == 302

    person, mail = User.objects.get(email="nel@winkel.example"), Mail.objects.get()
    assert (person.role, person.has_usable_password()) == ("agent", False)
    assert (mail.kind, mail.to_email, mail.created_by) == ("account", person.email, admin)
    assert "Abel Beheer" in mail.text
    assert find_link(mail) in mail.html

    response = client.post(find_link(mail), {"new_password": PASSWORD, "again": PASSWORD})

    assert response.headers["Location"] == reverse("dashboard")
    assert client.get(reverse("follow_ups")).status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_link_works_once_and_a_look_at_it_does_nothing(
    admin_client: Client, client: Client, notices: Sender
) -> None:
    invite(admin_client)
    path = find_link(Mail.objects.get())
    before = snapshot_rows()

    assert client.get(path).status_code == 200
    assert snapshot_rows() == before
    client.post(path, {"new_password": PASSWORD, "again": PASSWORD})
    again = Client().post(path, {"new_password": PASSWORD + "!", "again": PASSWORD + "!"})

    assert again.status_code == 404
    assert User.objects.get(email="nel@winkel.example").check_password(PASSWORD)


@pytest.mark.django_db
def test_link_dies_of_age_and_with_the_person(client: Client) -> None:
    person = make_user(password=PASSWORD)
    now = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
    with time_machine.travel(now, tick=False):
        path = urlsplit(make_password_url(person, INVITE)).path
    with time_machine.travel(now + dt.timedelta(days=6), tick=False):
        assert client.get(path).status_code == 200
        assert client.get(path.replace("/invite/", "/reset/")).status_code == 404
        assert client.get(path.replace("/invite/", "/setup/")).status_code == 404
        User.objects.update(is_active=False)
        assert client.get(path).status_code == 404
        User.objects.update(is_active=True)
    with time_machine.travel(now + dt.timedelta(days=8), tick=False):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "abel@WINKEL.example"}, "Somebody with this address is a user already."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"role": "king"}, "Select a valid choice."),
    ],
)
def test_invitation_says_what_is_wrong(
    admin_client: Client, notices: Sender, changes: dict[str, str], words: str
) -> None:
    make_user(email="abel@winkel.example")
    before = User.objects.count()
    fields = {"name": "N", "email": "n@winkel.example", "role": "agent", "language": "nl"}

    response = admin_client.post(reverse("user_invite"), fields | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert (User.objects.count(), Mail.objects.count()) == (before, 0)


def test_nobody_is_invited_while_no_mail_can_leave(admin_client: Client) -> None:
    assert invite(admin_client) == 422

    assert not User.objects.filter(email="nel@winkel.example").exists()


def test_invitation_is_sent_again_until_it_was_used(admin_client: Client, notices: Sender) -> None:
    invite(admin_client)
    person = User.objects.get(email="nel@winkel.example")

    admin_client.post(reverse("user_invite_again", args=[person.pk]))
    assert Mail.objects.count() == 2
    person.set_password(PASSWORD)
    person.save()
    admin_client.post(reverse("user_invite_again", args=[person.pk]))

    assert Mail.objects.count() == 2


def test_role_and_name_are_changed(admin_client: Client) -> None:
    person = make_user(role="viewer")

    fields = {"name": "Other", "role": "manager", "language": "nl"}
    response = admin_client.post(reverse("user", args=[person.pk]), fields)

    person.refresh_from_db()
    assert response.headers["Location"] == reverse("users")
    assert (person.name, person.role, person.language) == ("Other", "manager", "nl")


def test_own_role_stays(admin_client: Client, admin: User) -> None:
    make_user(role="admin")

    admin_client.post(
        reverse("user", args=[admin.pk]), {"name": "Me", "role": "viewer", "language": "en"}
    )
    admin_client.post(reverse("user_deactivate", args=[admin.pk]))

    admin.refresh_from_db()
    assert (admin.name, admin.role, admin.is_active) == ("Me", "admin", True)


@pytest.mark.django_db
def test_last_admin_who_can_log_in_stays() -> None:
    admin = make_user(role="admin")
    make_user(role="admin", password=None)
    make_user(role="admin", is_active=False)

    with pytest.raises(LastAdmin):
        deactivate_user(admin)
    with pytest.raises(LastAdmin):
        change_user(admin, name="A", role="manager", language="en")

    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_leave_one() -> None:
    admins = [make_user(role="admin") for _ in range(2)]
    refused = []

    def remove(admin: User) -> None:
        try:
            deactivate_user(admin)
        except LastAdmin:
            refused.append(admin)

    assert run_at_once(*(partial(remove, admin) for admin in admins)) == []

    assert len(refused) == 1
    assert User.objects.admins().count() == 1


def test_deactivated_person_is_out_and_stays_out_with_an_old_session(
    admin_client: Client, client: Client
) -> None:
    person = make_user(role="agent")
    make_survey()
    make_follow_up(owner=person)
    client.force_login(person)

    response = admin_client.post(reverse("user_deactivate", args=[person.pk]), follow=True)
    assert client.get(reverse("follow_ups")).status_code == 302
    assert "1 open follow-up still belongs to" in response.content.decode()

    admin_client.post(reverse("user_reactivate", args=[person.pk]))
    person.refresh_from_db()
    assert person.is_active
    assert client.get(reverse("follow_ups")).status_code == 302
    assert admin_client.get(reverse("users")).status_code == 200


def test_list_shows_who_is_in_which_state(admin_client: Client, admin: User) -> None:
    make_user(name="Ina Actief", last_login=timezone.now())
    make_user(name="Ivo Invite", password=None)
    make_user(name="Otto Out", is_active=False)

    page = admin_client.get(reverse("users")).content.decode()

    for words in ("Ina Actief", "Active", "Ivo Invite", "Invited", "Otto Out", "Deactivated"):
        assert words in page


def test_user_that_is_not_there(admin_client: Client) -> None:
    for name in ("user", "user_deactivate", "user_reactivate", "user_invite_again"):
        assert admin_client.post(reverse(name, args=[4711])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_manager_cannot_read_the_admins_link_in_the_outbox(tmp_path: Path) -> None:
    make_organisation()
    make_sender(lane=Sender.Lane.TRANSACTIONAL)
    admin, manager = make_user(role="admin"), make_user(role="manager")
    files = override_settings(
        OUTBOX_DIR=tmp_path / "outbox", EMAIL_BACKEND="npsapp.outbox.EmailBackend"
    )
    with files:
        as_admin, as_manager = Client(), Client()
        as_admin.force_login(admin)
        as_manager.force_login(manager)
        invite(as_admin)
        send_lane(MAILS, now=timezone.now())
        (name,) = [path.name for path in (tmp_path / "outbox").iterdir()]

        assert as_admin.get(reverse("outbox_mail", args=[name])).status_code == 200
        assert name in as_admin.get(reverse("outbox")).content.decode()
        assert as_manager.get(reverse("outbox_mail", args=[name])).status_code == 404
        assert as_manager.get(reverse("outbox_html", args=[name])).status_code == 404
        assert name not in as_manager.get(reverse("outbox")).content.decode()


@pytest.mark.parametrize(("duty", "on_duty"), [({"on_duty": "on"}, True), ({}, False)])
def test_invited_agent_goes_on_duty_when_that_is_asked(
    admin_client: Client, notices: Sender, duty: dict[str, str], on_duty: bool
) -> None:
    invite(admin_client, **duty)

    page = admin_client.get(reverse("users")).content.decode()
    assert Member.objects.on_duty().exists() is on_duty
    assert ("New answers go to Nel Nieuw once they are put on duty" in page) is not on_duty


def test_viewer_cannot_be_put_on_duty(admin_client: Client, notices: Sender) -> None:
    assert invite(admin_client, role="viewer", on_duty="on") == 422
    assert not User.objects.filter(name="Nel Nieuw").exists()
