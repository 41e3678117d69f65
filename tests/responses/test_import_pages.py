"""Bringing past answers in by upload: columns, preview, worker, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from responses.models import Response
from responses.tasks import import_answers_file, import_files
from surveys.importing.running import find_waiting
from surveys.models import ImportBatch, Survey
from tests.factories import make_contact, make_survey

FILE = Path(__file__).parent.parent / "data" / "past_answers.csv"
SIMPLE = (
    b"score;date;reason;email\n9;2025-01-31;Top;a@klanten.example\n11;2025-02-01;;\n;2025-02-01;;\n"
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey() -> Survey:
    return make_survey()


def upload(client: Client, survey: Survey, content: bytes = SIMPLE) -> Any:
    file = SimpleUploadedFile("past.csv", content)
    return client.post(reverse("response_import"), {"survey": survey.pk, "file": file})


def batch_url() -> str:
    return ImportBatch.objects.latest("pk").get_absolute_url()


def columns(*uses: str, **more: str) -> dict[str, str]:
    return {f"column_{index}": use for index, use in enumerate(uses)} | more


PROPOSED = columns("score", "date", "comment", "email")


def confirm(client: Client, uses: dict[str, str] = PROPOSED) -> Any:
    client.post(batch_url(), uses | {"action": "confirm"})
    for pk in find_waiting("responses"):
        import_answers_file(pk)
    return client.get(batch_url())


def test_upload_is_previewed_and_names_the_bad_rows(manager_client: Client, survey: Survey) -> None:
    make_contact(email="a@klanten.example")

    upload(manager_client, survey)
    response = manager_client.get(batch_url())

    assert [field.value() for field, _ in response.context["columns"]] == [
        "score", "date", "comment", "email",
    ]  # fmt: skip
    assert [problem.line for problem in response.context["problems"]] == [3, 4]
    assert (response.context["linked"], response.context["named"]) == (1, 1)
    assert not Response.objects.exists()


def test_confirmed_file_is_imported_by_the_worker(manager_client: Client, survey: Survey) -> None:
    person = make_contact(email="a@klanten.example")
    upload(manager_client, survey)

    page = confirm(manager_client).content.decode()

    answer = Response.objects.get()
    assert (answer.score, answer.contact, answer.channel) == (9, person, "import")
    assert "1 answer imported" in page
    assert ImportBatch.objects.get().content is None
    problems = manager_client.get(f"{batch_url()}problems.csv").content.decode("utf-8-sig")
    assert problems.splitlines()[0] == "score;date;reason;email;Line;Reason"
    assert len(problems.splitlines()) == 3


def test_import_waits_for_the_worker_and_shows_it(manager_client: Client, survey: Survey) -> None:
    upload(manager_client, survey)

    page = manager_client.post(batch_url(), PROPOSED | {"action": "confirm"}, follow=True)

    assert "Waiting for the worker" in page.content.decode()
    assert import_files() == "1 files waiting"


def test_dutch_file_is_matched_by_hand(manager_client: Client, survey: Survey) -> None:
    upload(manager_client, survey, FILE.read_bytes())
    header = [field.label for field, _ in manager_client.get(batch_url()).context["columns"]]
    wanted = {
        "cijfer": "score", "beantwoord_op": "date", "reden": "comment", "e-mail": "email",
        "bezoek": "occasion", "antwoord_id": "id", "klantgroep": "property",
    }  # fmt: skip
    chosen = columns(*(wanted.get(name, "") for name in header))

    manager_client.post(batch_url(), chosen | {"action": "match"})
    report = manager_client.get(batch_url()).context["report"]
    confirm(manager_client, chosen)

    assert Response.objects.count() == report.new > 5
    assert Response.objects.exclude(external_id="").exists()


def test_undo_takes_out_exactly_these_answers(manager_client: Client, survey: Survey) -> None:
    kept = Response.objects.create(
        survey=survey, scale_min=0, score=3, channel="import", answered_at=timezone.now()
    )
    upload(manager_client, survey)
    confirm(manager_client)

    page = manager_client.post(f"{batch_url()}undo/", follow=True).content.decode()
    again = manager_client.post(f"{batch_url()}undo/", follow=True).content.decode()

    assert list(Response.objects.all()) == [kept]
    assert "1 answer removed." in page
    assert "was undone before" in again


def test_same_file_without_ids_is_refused(manager_client: Client, survey: Survey) -> None:
    upload(manager_client, survey)
    confirm(manager_client)
    upload(manager_client, survey)

    page = manager_client.get(batch_url()).content.decode()

    assert "they would count twice" in page
    assert 'value="confirm"' not in page


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        (("", "date", "", ""), "Choose the column with the score."),
        (("score", "", "", ""), "Choose the column with the date"),
        (("score", "score", "date", ""), "Two columns are matched with “Score”."),
    ],
)
def test_columns_that_make_no_sense_are_refused(
    manager_client: Client, survey: Survey, uses: tuple[str, ...], sentence: str
) -> None:
    upload(manager_client, survey)

    response = manager_client.post(batch_url(), columns(*uses, action="match"))

    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_one_day_stands_in_for_missing_dates(manager_client: Client, survey: Survey) -> None:
    upload(manager_client, survey, b"score;reason\n8;Goed\n")
    assert "Choose below which column" in manager_client.get(batch_url()).content.decode()
    chosen = columns("score", "comment", day="2025-03-01")

    manager_client.post(batch_url(), chosen | {"action": "match"})
    confirm(manager_client, chosen)

    assert Response.objects.get().answered_at.date().isoformat() == "2025-03-01"


def test_unreadable_file_is_refused_with_a_sentence(manager_client: Client, survey: Survey) -> None:
    response = upload(manager_client, survey, b"PK\x03\x04rest")

    assert response.status_code == 422
    assert "This is a spreadsheet" in response.content.decode()


def test_file_can_be_thrown_away(manager_client: Client, survey: Survey) -> None:
    upload(manager_client, survey)

    manager_client.post(batch_url(), {"action": "discard"})

    assert not ImportBatch.objects.exists()


def test_page_without_a_survey_leads_to_one(manager_client: Client) -> None:
    page = manager_client.get(reverse("response_import")).content.decode()

    assert reverse("survey_new") in page


def test_batches_of_contacts_are_no_business_of_these_pages(manager_client: Client) -> None:
    batch = ImportBatch.objects.create(kind="contacts", file_name="c", sha256="", content=b"email")

    assert manager_client.get(reverse("response_batch", args=[batch.pk])).status_code == 404
