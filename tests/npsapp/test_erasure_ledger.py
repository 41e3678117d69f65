"""The ledger of erasures: what stands in it, and whom a replay takes for the same person."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.erasing.erase import erase
from npsapp.erasing.ledger import LedgerClosed, append, find_file, merge, read
from npsapp.erasing.replay import replay
from npsapp.retention.running import retain
from surveys.models import Contact, ImportBatch, Suppression
from surveys.sending.restored import REPLAY
from surveys.sending.watch import note_alive
from tests.factories import make_contact, make_organisation
from tests.npsapp.test_retention import make_closed_case, set_retention

pytestmark = pytest.mark.django_db
ADDRESS = "weg@klanten.example"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path


def erase_now(person: Contact) -> None:
    erase(person.email, person, user=None, now=timezone.now())


def bring_back(**fields: Any) -> Contact:
    """The row as an older backup holds it."""
    person = make_contact(**fields)
    long_ago = timezone.now() - dt.timedelta(days=10)
    Contact.objects.filter(pk=person.pk).update(created_at=long_ago, updated_at=long_ago)
    return person


def test_ledger_holds_nothing_to_read(data_dir: Path) -> None:
    erase_now(make_contact(email=ADDRESS, external_id="K-77", first_name="Wilma"))

    text = find_file().read_text()

    assert [entry.kind for entry in read()] == ["address", "external", "contact"]
    assert not any(trace in text for trace in (ADDRESS, "K-77", "Wilma"))
    assert Suppression.objects.get().address_hash in text


def test_person_without_an_address_is_known_by_the_external_id() -> None:
    erase_now(make_contact(email="", external_id="K-78"))
    bring_back(email="", external_id="K-78")

    done = replay(since=None, now=timezone.now())

    assert done.people == 1
    assert Contact.objects.count() == 0


def test_somebody_who_came_back_of_their_own_stays() -> None:
    erase_now(make_contact(email=ADDRESS))
    Suppression.objects.all().delete()
    make_contact(email=ADDRESS)

    done = replay(since=timezone.now() + dt.timedelta(hours=2), now=timezone.now())

    assert (done.people, done.suppressed) == (0, 0)
    assert Contact.objects.filter(email=ADDRESS).exists()
    assert Suppression.objects.count() == 0


def test_other_peoples_rows_stay_and_a_second_replay_does_nothing() -> None:
    erase_now(make_contact(email=ADDRESS))
    bring_back(email=ADDRESS)
    bring_back(email="ander@klanten.example")

    first = replay(since=None, now=timezone.now())
    second = replay(since=None, now=timezone.now())

    assert (first.people, second.people) == (1, 0)
    assert Contact.objects.get().email == "ander@klanten.example"
    assert len(read()) == 2


def test_address_in_a_preview_is_found_without_a_contact() -> None:
    erase(ADDRESS, None, user=None, now=timezone.now())
    ImportBatch.objects.create(
        kind="contacts", state="previewed", file_name="k.csv", content=f"a;{ADDRESS};b".encode()
    )

    done = replay(since=None, now=timezone.now())

    assert done.traces == 1
    assert ImportBatch.objects.count() == 0


def test_file_being_imported_keeps_sending_held() -> None:
    erase_now(make_contact(email=ADDRESS))
    bring_back(email=ADDRESS)
    ImportBatch.objects.create(
        kind="contacts", state="queued", file_name="k.csv", content=ADDRESS.encode()
    )
    note_alive(REPLAY, now=timezone.now())

    done = replay(since=None, now=timezone.now())

    assert done.failed == 1
    assert "could not be erased yet" in str(done)
    assert Contact.objects.filter(email=ADDRESS).exists()


def test_lines_of_another_key_are_told_and_left(settings: Any) -> None:
    erase_now(make_contact(email=ADDRESS))
    settings.SUPPRESSION_KEY = "another key"
    bring_back(email=ADDRESS)

    done = replay(since=None, now=timezone.now())

    assert (done.entries, done.people, done.of_other_keys) == (0, 0, 2)
    assert "another SUPPRESSION_KEY" in str(done)


def test_line_cut_off_by_a_full_disk_costs_itself_only(data_dir: Path) -> None:
    erase_now(make_contact(email=ADDRESS))
    whole = read()
    find_file().write_text(find_file().read_text()[:-30])

    append(whole[:1])

    assert read() == [whole[0], whole[0]]


def test_merging_twice_adds_nothing(data_dir: Path) -> None:
    erase_now(make_contact(email=ADDRESS))
    other = data_dir / "other.log"
    other.write_text(find_file().read_text())
    find_file().unlink()

    assert (merge(other), merge(other)) == (2, 0)


def test_nothing_is_erased_when_it_cannot_be_noted(
    data_dir: Path, settings: Any, manager_client: Client
) -> None:
    settings.ERASURES_FILE = str(data_dir)  # a folder
    person = make_contact(email=ADDRESS)

    page = manager_client.post(reverse("contact_erase", args=[person.pk]), {"understood": "yes"})

    assert page.status_code == 422
    assert "The list of erasures cannot be written" in page.content.decode()
    assert Contact.objects.filter(email=ADDRESS).exists()
    with pytest.raises(LedgerClosed):
        erase_now(person)


def test_retention_writes_no_line() -> None:
    """Whoever set too few months by mistake can still bring people back from a backup."""
    make_organisation()
    now = timezone.now()
    set_retention(now)
    make_closed_case(now - dt.timedelta(days=3 * 365))

    retain(now=now)

    assert Contact.objects.count() == 0
    assert read() == []
