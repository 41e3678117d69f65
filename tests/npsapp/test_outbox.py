"""The local outbox: written whole or not at all, read safely."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from npsapp.outbox import list_names, read_mail
from surveys.models import Campaign
from surveys.sending.intent import Handover, attached
from surveys.sending.ledger import INVITATIONS, MAILS
from surveys.sending.release import send_lane
from tests.factories import make_campaign, make_contact, make_invitation, make_mail

Outbox = Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Outbox]:
    with override_settings(
        OUTBOX_DIR=tmp_path / "outbox", EMAIL_BACKEND="npsapp.outbox.EmailBackend"
    ):
        yield tmp_path / "outbox"


def write(folder: Outbox, *, number: int = 1, headers: str = "", body: str = "Hallo\n") -> str:
    folder.mkdir(exist_ok=True)
    name = f"20261013T12000000000{number}-0000000{number}.eml"
    text = f"Subject: Mail {number}\nTo: x{number}@klanten.example\n{headers}\n{body}"
    (folder / name).write_text(text)
    return name


@pytest.mark.django_db(transaction=True)
def test_engine_writes_one_file_per_mail(folder: Outbox) -> None:
    campaign = make_campaign(weekdays=list(range(7)))
    make_invitation(campaign=campaign, contact=make_contact(email="fenna@klanten.example"))

    done = send_lane(INVITATIONS, now=timezone.now())

    mail = read_mail(list_names()[0])
    assert done.counts == {"sent": 1}
    assert mail is not None
    assert "fenna@klanten.example" in mail.to
    assert "?score=10" in mail.html
    assert timezone.now() - mail.written_at < dt.timedelta(minutes=1)
    # Nothing half-written stays behind.
    assert [path.name for path in folder.iterdir()] == list_names()


@pytest.mark.django_db(transaction=True)
def test_refused_intent_writes_no_file(folder: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = make_invitation(campaign=make_campaign(weekdays=list(range(7))))

    def pause_first(message: EmailMessage) -> Handover | None:
        Campaign.objects.update(state="paused")
        return attached(message)

    monkeypatch.setattr("npsapp.outbox.attached", pause_first)

    done = send_lane(INVITATIONS, now=timezone.now())

    invitation.refresh_from_db()
    assert done.counts == {"withdrawn": 1}
    assert list(folder.iterdir()) == []
    assert invitation.state == "scheduled"


@pytest.mark.django_db(transaction=True)
def test_folder_that_cannot_be_written_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    mail = make_mail()

    with override_settings(
        OUTBOX_DIR=tmp_path / "file", EMAIL_BACKEND="npsapp.outbox.EmailBackend"
    ):
        send_lane(MAILS, now=timezone.now())

    mail.refresh_from_db()
    mail.sender.refresh_from_db()
    assert mail.state == "scheduled"
    assert mail.sender.held_reason.startswith("FileExistsError")


@pytest.mark.django_db
def test_list_shows_newest_first(folder: Outbox, manager_client: Client) -> None:
    for number in (1, 3, 2):
        write(folder, number=number)

    page = manager_client.get("/outbox/").content.decode()

    assert page.index("Mail 3") < page.index("Mail 2") < page.index("Mail 1")
    assert "x3@klanten.example" in page


@pytest.mark.django_db
def test_list_is_empty_before_the_first_mail(folder: Outbox, manager_client: Client) -> None:
    assert "No mail yet" in manager_client.get("/outbox/").content.decode()


@pytest.mark.django_db
def test_list_says_when_mail_leaves_for_real(folder: Outbox, manager_client: Client) -> None:
    with override_settings(EMAIL_BACKEND="surveys.sending.smtp.EmailBackend"):
        page = manager_client.get("/outbox/").content.decode()

    assert "Mail leaves for real" in page


@pytest.mark.django_db
def test_mail_shows_headers_and_text(folder: Outbox, manager_client: Client) -> None:
    name = write(
        folder, headers="X-Test: <b>bold</b>\n", body="Kijk op http://localhost:8000/s/1/\n"
    )

    page = manager_client.get(f"/outbox/{name}/").content.decode()

    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert '<a href="http://localhost:8000/s/1/" rel="nofollow">' in page
    assert "<iframe" not in page


@pytest.mark.django_db
def test_html_part_stands_in_a_frame_of_its_own(folder: Outbox, manager_client: Client) -> None:
    html = "<html><head></head><body><script>alert(1)</script><a href='/'>x</a></body></html>"
    name = write(folder, headers="Content-Type: text/html\n", body=html)

    page = manager_client.get(f"/outbox/{name}/").content.decode()
    part = manager_client.get(f"/outbox/{name}/html/")

    policy = part.headers["Content-Security-Policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert part.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in part.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "nothing.eml",
        "..%2Fsecret.eml",
        "..%2F..%2Fetc%2Fpasswd",
        ".20261013T120000000001-00000001.eml",
    ],
)
@pytest.mark.parametrize("part", ["", "html/"])
def test_other_names_are_not_there(
    folder: Outbox, manager_client: Client, name: str, part: str
) -> None:
    write(folder)
    (folder.parent / "secret.eml").write_text("Subject: secret\n\nx")
    (folder / ".20261013T120000000001-00000001.eml").write_text("Subject: draft\n\nx")

    assert manager_client.get(f"/outbox/{name}/{part}").status_code == 404


@pytest.mark.django_db
def test_html_of_a_mail_without_any_is_not_there(folder: Outbox, manager_client: Client) -> None:
    name = write(folder)

    assert manager_client.get(f"/outbox/{name}/html/").status_code == 404


@pytest.mark.django_db
def test_outbox_is_not_for_agents(folder: Outbox, agent_client: Client) -> None:
    name = write(folder)

    paths = ["/outbox/", f"/outbox/{name}/", f"/outbox/{name}/html/"]

    assert [agent_client.get(path).status_code for path in paths] == [403, 403, 403]
