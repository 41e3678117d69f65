"""Promise 1: whatever opens the links of a mail, however often, changes nothing."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from npsapp.outbox import StoredMail, list_names, read_mail
from surveys.models import Campaign, Invitation, Mail
from surveys.sending.compose import compose_test_mail
from surveys.sending.ledger import LEDGERS
from surveys.sending.release import send_lane
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_mail,
    make_organisation,
    make_survey,
    make_user,
)
from tests.responses.customers import send_answer
from tests.snapshots import snapshot_rows

LINK = re.compile(r"https?://[^\s\"'<>]+")
ALWAYS_OPEN = {
    "weekdays": list(range(7)),
    "day_start": dt.time.min,
    "day_end": dt.time.max,
}


@pytest.fixture
def outbox(settings: LazySettings, tmp_path: Path) -> Path:
    settings.OUTBOX_DIR = tmp_path
    settings.EMAIL_BACKEND = "npsapp.outbox.EmailBackend"
    return tmp_path


def send_everything() -> list[StoredMail]:
    """Let the engine send all that is due, and read what arrived."""
    for ledger in LEDGERS:
        send_lane(ledger, now=timezone.now())
    return [mail for name in list_names() if (mail := read_mail(name))]


def find_links(mail: StoredMail) -> list[str]:
    """Every address in the parts and in the headers that mail programs follow."""
    hidden = str(mail.message["List-Unsubscribe"] or "")
    found = LINK.findall(mail.text) + LINK.findall(unescape(mail.html)) + LINK.findall(hidden)
    return sorted({link.rstrip(".,)>") for link in found})


def prepare_mails() -> Campaign:
    """An invitation per language, a reminder, a test mail, a mail in staff's own words."""
    make_organisation(contact_email="hulp@voorbeeld.example")
    campaign = make_campaign(survey=make_survey(), **ALWAYS_OPEN)
    first = make_invitation(campaign=campaign, contact=make_contact(language="nl"))
    make_invitation(campaign=campaign, contact=make_contact(language="en"))
    make_invitation(campaign=campaign, contact=first.contact, sequence=1, first=first)
    subject, text, html = compose_test_mail(campaign, language="nl", user=make_user())
    make_mail(kind=Mail.Kind.TEST, subject=subject, text=text, html=html)
    return campaign


@pytest.mark.django_db(transaction=True)
def test_mail_links_opened_by_a_scanner_change_no_row(client: Client, outbox: Path) -> None:
    prepare_mails()
    mails = send_everything()
    links = sorted({link for mail in mails for link in find_links(mail)})
    before = snapshot_rows()

    statuses = set()
    for link in links:
        parts = urlsplit(link)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        for _ in range(2):
            statuses |= {client.get(path).status_code, client.head(path).status_code}

    assert Invitation.objects.filter(state="sent").count() == 3
    assert Mail.objects.filter(state="sent").count() == 1
    # Eleven numbers, the question, and the way out, per person; and those of the preview.
    assert len([link for link in links if "score=" in link]) == 3 * 11
    assert len([link for link in links if "/u/" in link]) == 2
    assert statuses == {200}
    assert snapshot_rows() == before
    assert not client.cookies


@pytest.mark.django_db(transaction=True)
def test_mail_links_opened_after_an_answer_change_no_row(client: Client, outbox: Path) -> None:
    prepare_mails()
    mails = send_everything()
    for invitation in Invitation.objects.filter(sequence=0):
        send_answer(client, invitation, score=9, comment="Goed")
    paths = [urlsplit(link).path for mail in mails for link in find_links(mail)]
    paths += [path + "done/" for path in paths if path.startswith("/s/") and "preview" not in path]
    before = snapshot_rows()

    assert len(paths) > 40
    for path in paths:
        client.get(path + "?score=2")
        client.head(path + "?change=1")

    assert snapshot_rows() == before


@pytest.mark.django_db(transaction=True)
def test_snapshot_sees_a_row_written_with_the_same_values() -> None:
    campaign = make_campaign()
    before = snapshot_rows()

    Campaign.objects.filter(pk=campaign.pk).update(name=campaign.name)

    changed = {table for table, rows in snapshot_rows().items() if rows != before[table]}
    assert changed == {"surveys_campaign"}
