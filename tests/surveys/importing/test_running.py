"""Importing in the worker: progress, a worker that dies, a file as large as we take."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from surveys.importing import batches, contacts
from surveys.importing.batches import open_batch, queue_contacts, run_contacts
from surveys.importing.running import MOST_ATTEMPTS, find_waiting
from surveys.importing.undoing import CannotUndo, undo_contacts
from surveys.models import Account, Contact, ImportBatch
from surveys.tasks import import_files
from tests.factories import make_contact, make_invitation, make_response

FILE = b"email;naam;bedrijf\na@klanten.example;Anna Een;Bouw\nb@klanten.example;Bas Twee;Bouw\n"

State = ImportBatch.State


def make_batch(content: bytes = FILE, *, queued: bool = True) -> ImportBatch:
    batch = open_batch(content, "klanten.csv", user=None, now=timezone.now(), was_seen=True)
    if queued:
        assert queue_contacts(batch, user=None)
    batch.refresh_from_db()
    return batch


def bring_in(content: bytes = FILE) -> ImportBatch:
    batch = make_batch(content)
    assert run_contacts(batch.pk, now=timezone.now())
    batch.refresh_from_db()
    return batch


def many_rows(number: int) -> bytes:
    lines = ["email;voornaam;achternaam;klantnummer;regio;bedrijf"]
    lines += [
        f"klant{i}@klanten.example;Fenna;Proef {i};K-{i};Regio {i % 12};Bedrijf {i % 500}"
        for i in range(number)
    ]
    return "\n".join(lines).encode()


@pytest.mark.django_db
def test_queued_file_is_found_by_the_sweep_and_imported_once() -> None:
    batch = make_batch()

    assert find_waiting("contacts") == [batch.pk]
    assert import_files() == "1 files waiting"
    assert run_contacts(batch.pk, now=timezone.now()) is True
    assert run_contacts(batch.pk, now=timezone.now()) is False
    assert Contact.objects.count() == 2
    assert find_waiting("contacts") == []


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_transaction_is_open(
    monkeypatch: pytest.MonkeyPatch, manager_client: Client
) -> None:
    batch = make_batch(many_rows(300))
    monkeypatch.setattr(contacts, "BATCH", 100)
    monkeypatch.setattr("surveys.importing.running._TELL_EVERY_SECONDS", 0)
    seen: list[tuple[int, int]] = []
    write = contacts.readdress_invitations

    def look(pks: list[int]) -> None:
        from django.db import connection

        with connection.copy().cursor() as cursor:
            cursor.execute("SELECT rows_done, rows_total FROM surveys_importbatch")
            seen.append(cursor.fetchone())
            cursor.execute("SELECT count(*) FROM surveys_contact")
            assert cursor.fetchone() == (0,)
        write(pks)

    monkeypatch.setattr(contacts, "readdress_invitations", look)
    run_contacts(batch.pk, now=timezone.now())

    assert seen == [(150, 300), (200, 300), (250, 300)]
    batch.refresh_from_db()
    assert (batch.rows_done, batch.rows_total, batch.state) == (300, 300, "imported")


@pytest.mark.django_db(transaction=True)
def test_worker_that_dies_leaves_nothing_and_another_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = make_batch()

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(contacts, "readdress_invitations", die)
        with pytest.raises(SystemExit):
            run_contacts(batch.pk, now=timezone.now())
    assert not Contact.objects.exists()
    assert find_waiting("contacts") == []  # its lease still runs

    ImportBatch.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert find_waiting("contacts") == [batch.pk]
    assert run_contacts(batch.pk, now=timezone.now())

    batch.refresh_from_db()
    assert (Contact.objects.count(), batch.summary["new"], batch.state) == (2, 2, "imported")


@pytest.mark.django_db(transaction=True)
def test_worker_that_was_taken_for_dead_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from surveys.importing.running import ClaimLost

    batch = make_batch()

    def lose(*_: Any) -> None:
        from django.db import connection

        with connection.copy().cursor() as cursor:
            cursor.execute("UPDATE surveys_importbatch SET claim_token = gen_random_uuid()")

    with monkeypatch.context() as patch:
        patch.setattr(contacts, "readdress_invitations", lose)
        with pytest.raises(ClaimLost):
            run_contacts(batch.pk, now=timezone.now())

    assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_file_that_fails_again_and_again_is_given_up(
    monkeypatch: pytest.MonkeyPatch, manager_client: Client
) -> None:
    batch = make_batch()

    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("no room on the disk")

    with monkeypatch.context() as patch:
        patch.setattr(batches, "import_contacts", fail)
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(OperationalError):
                run_contacts(batch.pk, now=timezone.now())
    assert run_contacts(batch.pk, now=timezone.now()) is False

    batch.refresh_from_db()
    assert (batch.state, find_waiting("contacts")) == (State.FAILED, [])
    assert "could not be imported" in manager_client.get(batch.get_absolute_url()).content.decode()
    manager_client.post(batch.get_absolute_url())
    batch.refresh_from_db()
    assert batch.state == State.PREVIEWED


@pytest.mark.django_db
def test_page_shows_progress_and_asks_again(manager_client: Client) -> None:
    batch = make_batch()
    ImportBatch.objects.update(state="importing", rows_done=50, rows_total=200)

    page = manager_client.get(batch.get_absolute_url()).content.decode()
    part = manager_client.get(batch.get_absolute_url(), headers={"HX-Request": "true"})

    assert "50 of 200 rows done" in page
    assert 'http-equiv="refresh"' in page
    assert 'hx-trigger="load delay:2s"' in part.content.decode()
    assert "<html" not in part.content.decode()


@pytest.mark.django_db
def test_page_is_loaded_anew_when_the_import_is_done(manager_client: Client) -> None:
    batch = bring_in()

    part = manager_client.get(batch.get_absolute_url(), headers={"HX-Request": "true"})

    assert part.headers["HX-Refresh"] == "true"
    assert "2 contacts imported" in manager_client.get(batch.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_undo_removes_whom_the_import_added() -> None:
    before = make_contact(email="a@klanten.example", first_name="Anne", last_name="Nul")
    batch = bring_in()

    undo = undo_contacts(batch, now=timezone.now())

    assert (undo.removed, undo.kept) == (1, 0)
    assert list(Contact.objects.all()) == [before]
    assert Account.objects.get().contacts.get() == before  # changed ones stay as they are


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["invitation", "response", "edited"])
def test_undo_keeps_whom_something_was_built_on(what: str) -> None:
    batch = bring_in()
    person = Contact.objects.get(email="a@klanten.example")
    if what == "invitation":
        make_invitation(contact=person)
    elif what == "response":
        make_response(contact=person, channel="import")
    else:
        person.first_name = "Annemiek"
        person.save()

    undo = undo_contacts(batch, now=timezone.now())

    assert (undo.removed, undo.kept) == (1, 1)
    assert list(Contact.objects.filter(import_batch=batch)) == [person]


@pytest.mark.django_db
def test_undo_by_the_page_says_what_became_of_it(manager_client: Client) -> None:
    batch = bring_in()
    assert "Remove 2 contacts" in manager_client.get(batch.get_absolute_url()).content.decode()

    page = manager_client.post(f"{batch.get_absolute_url()}undo/", follow=True).content.decode()

    assert "2 contacts removed." in page
    assert "Undone on" in page
    assert not Contact.objects.exists()
    assert not Account.objects.exists()
    with pytest.raises(CannotUndo):
        undo_contacts(batch, now=timezone.now())


@pytest.mark.django_db
def test_undone_file_can_be_imported_again() -> None:
    undo_contacts(bring_in(), now=timezone.now())

    bring_in()

    assert Contact.objects.count() == 2


@pytest.mark.django_db
def test_hundred_thousand_rows_take_less_than_a_minute_and_little_memory() -> None:
    content = many_rows(100_000)
    batch = make_batch(content)
    began = time.monotonic()

    run_contacts(batch.pk, now=timezone.now())

    took = time.monotonic() - began
    assert Contact.objects.count() == 100_000
    assert took < 60, took


@pytest.mark.django_db
def test_memory_of_an_import_is_that_of_its_file() -> None:
    def peak(number: int) -> int:
        batch = make_batch(many_rows(number))
        tracemalloc.start()
        run_contacts(batch.pk, now=timezone.now())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    per_row = (peak(12_000) - peak(6_000)) / 6_000

    assert per_row < 2_500  # so that 100,000 rows stay below 250 MB
