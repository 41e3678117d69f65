"""The preview of a file: made by a worker, kept, and told when no worker is there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from responses.models import Response
from responses.tasks import import_answers_file
from surveys.importing import batches
from surveys.importing.running import find_waiting
from surveys.models import Contact, ImportBatch
from surveys.sending.watch import WORKER, note_alive
from surveys.tasks import import_contacts_file, import_files
from tests.factories import make_contact, make_property, make_survey

pytestmark = pytest.mark.django_db

TYPED = (
    "email;omzet;sinds\n"
    "a@klanten.example;1.234,56;31-12-2020\n"
    "b@klanten.example;1.500;1-2-2021\n"
    "c@klanten.example;veel;2022-01-01\n"
    "d@klanten.example;;ooit\n"
    "e@klanten.example;;\n"
)
QUERIES = 11


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is too large to be looked at at once."""
    monkeypatch.setattr(batches, "LOOKED_AT_AT_ONCE", 0)


def upload(client: Client, content: str = TYPED) -> ImportBatch:
    file = SimpleUploadedFile("klanten.csv", content.encode())
    client.post(reverse("contact_import"), {"file": file})
    return ImportBatch.objects.latest("pk")


def test_large_file_waits_for_the_worker_who_makes_the_preview(
    large: None, manager_client: Client
) -> None:
    batch = upload(manager_client)

    waiting = manager_client.get(batch.get_absolute_url()).content.decode()
    assert batch.state == "uploaded"
    assert "Is being looked at." in waiting
    assert find_waiting("contacts") == [batch.pk]

    assert import_contacts_file(batch.pk) == "done"
    assert import_contacts_file(batch.pk) == "nothing to do"

    page = manager_client.get(batch.get_absolute_url())
    assert page.context["report"].rows == 5
    assert import_files() == "0 files waiting"
    assert not Contact.objects.exists()


def test_page_that_asks_for_progress_is_reloaded_once_there_is_a_preview(
    large: None, manager_client: Client
) -> None:
    batch = upload(manager_client)
    htmx = {"HTTP_HX_REQUEST": "true"}

    asked: Any = manager_client.get(batch.get_absolute_url(), **htmx)  # type: ignore[arg-type]
    import_contacts_file(batch.pk)
    again: Any = manager_client.get(batch.get_absolute_url(), **htmx)  # type: ignore[arg-type]

    assert "Waiting for the worker" in asked.content.decode()
    assert "<html" not in asked.content.decode()
    assert again.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("age", "sentence"),
    [
        (None, "No worker was ever heard of."),
        (dt.timedelta(minutes=5), "The worker was last heard of on"),
        (dt.timedelta(seconds=5), ""),
    ],
)
def test_page_says_when_no_worker_is_there(
    large: None, manager_client: Client, age: dt.timedelta | None, sentence: str
) -> None:
    batch = upload(manager_client)
    if age is not None:
        note_alive(WORKER, now=timezone.now() - age)

    page = manager_client.get(batch.get_absolute_url()).content.decode()

    assert sentence in page
    assert ("manage.py doctor" in page) is bool(sentence)


def test_file_that_waits_can_be_thrown_away(large: None, manager_client: Client) -> None:
    batch = upload(manager_client)

    manager_client.post(batch.get_absolute_url(), {"action": "discard"})

    assert not ImportBatch.objects.exists()


def test_columns_chosen_anew_are_looked_at_anew(large: None, manager_client: Client) -> None:
    batch = upload(manager_client)
    import_contacts_file(batch.pk)

    uses = {"column_0": "email", "column_1": "property", "column_2": "", "action": "match"}
    manager_client.post(batch.get_absolute_url(), uses)
    batch.refresh_from_db()
    assert (batch.state, batch.preview) == ("uploaded", None)

    import_contacts_file(batch.pk)
    page = manager_client.get(batch.get_absolute_url())
    assert page.context["people"][0].properties == {"omzet": "1.234,56"}


def test_preview_that_is_shown_reads_no_file(
    manager_client: Client, django_assert_num_queries: Any
) -> None:
    batch = upload(manager_client)

    with django_assert_num_queries(QUERIES):
        manager_client.get(batch.get_absolute_url())
    many = upload(manager_client, TYPED + "x@klanten.example;;\n" * 40)
    with django_assert_num_queries(QUERIES):
        manager_client.get(many.get_absolute_url())


def test_values_are_read_by_the_type_of_their_property(manager_client: Client) -> None:
    make_property(key="omzet", kind="money")
    make_property(key="sinds", kind="date")
    known = make_contact(email="c@klanten.example", properties={"omzet": "10"})

    batch = upload(manager_client)
    page = manager_client.get(batch.get_absolute_url())

    assert [(each.line, each.column) for each in page.context["problems"]] == [
        (4, "omzet"),
        (5, "sinds"),
    ]
    assert "“veel” is not a number. Write it as 1234,56" in page.content.decode()
    assert "refused as a whole" in page.content.decode()

    uses = {f"column_{n}": use for n, use in enumerate(["email", "property", "property"])}
    manager_client.post(batch.get_absolute_url(), uses | {"action": "confirm"})
    import_contacts_file(batch.pk)

    found = dict(Contact.objects.values_list("email", "properties"))
    assert found["a@klanten.example"] == {"omzet": "1234.56", "sinds": "2020-12-31"}
    assert found["b@klanten.example"] == {"omzet": "1500", "sinds": "2021-02-01"}
    assert found[known.email] == {"omzet": "10"}
    assert "d@klanten.example" not in found
    problems = manager_client.get(reverse("import_problems", args=[batch.pk])).content.decode()
    assert "c@klanten.example;veel;2022-01-01;4;omzet: “veel” is not a number." in problems


def test_past_answers_too_wait_for_the_worker_and_are_read_by_type(
    large: None, manager_client: Client
) -> None:
    make_property(key="omzet", kind="number")
    content = b"score;date;omzet\n9;2025-01-31;1.234,50\n3;2025-02-01;veel\n"
    file = SimpleUploadedFile("antwoorden.csv", content)
    manager_client.post(reverse("response_import"), {"survey": make_survey().pk, "file": file})
    batch = ImportBatch.objects.get()
    assert batch.state == "uploaded"

    assert import_answers_file(batch.pk) == "done"
    page = manager_client.get(batch.get_absolute_url())
    assert (page.context["report"].new, page.context["report"].not_counted) == (1, 1)

    uses = {f"column_{n}": use for n, use in enumerate(["score", "date", "property"])}
    manager_client.post(batch.get_absolute_url(), uses | {"action": "confirm"})
    import_answers_file(batch.pk)

    assert Response.objects.get().properties == {"omzet": "1234.5"}


def test_file_of_a_preview_is_gone_once_it_is_imported(manager_client: Client) -> None:
    batch = upload(manager_client)
    uses = {f"column_{n}": use for n, use in enumerate(["email", "", ""])}
    manager_client.post(batch.get_absolute_url(), uses | {"action": "confirm"})
    import_contacts_file(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.content, batch.preview) == ("imported", None, None)
