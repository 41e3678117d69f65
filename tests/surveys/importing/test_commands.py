"""manage.py import_contacts and create_survey."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from surveys.models import Contact, ImportBatch, Property, Survey

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "klanten.csv"
    path.write_bytes(
        "e-mail;naam;klantgroep\na@klanten.example;José;Goud\ngeen;Bas;\n".encode("cp1252")
    )
    return path


def test_import_contacts_reports_and_imports_the_good_rows(file: Path) -> None:
    said = run("import_contacts", str(file), "--property", "Klantgroep")

    assert "Read as Windows-1252, separated by semicolon." in said
    assert "  klantgroep -> property" in said
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 1 refused." in said
    assert "  e-mail: “geen” is not an e-mail address. (line 3)" in said
    assert Contact.objects.get().properties == {"klantgroep": "Goud"}
    assert ImportBatch.objects.get().summary["new"] == 1


def test_import_contacts_again_says_unchanged_and_keeps_one_batch(file: Path) -> None:
    run("import_contacts", str(file))

    said = run("import_contacts", str(file))

    assert "2 rows: 0 new, 0 changed, 1 unchanged, 1 refused." in said
    assert ImportBatch.objects.count() == 1


def test_import_contacts_dry_run_writes_nothing(file: Path) -> None:
    said = run("import_contacts", str(file), "--dry-run", "--segment", "klantgroep")

    assert said.endswith("Dry run: nothing was written.\n")
    assert not Contact.objects.exists()
    assert not Property.objects.exists()
    assert not ImportBatch.objects.exists()


def test_import_contacts_writes_the_refused_rows(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "problems.csv"

    run("import_contacts", str(file), "--problems", str(out))

    assert out.read_text("utf-8-sig").splitlines() == [
        "e-mail;naam;klantgroep;Line;Reason",
        "geen;Bas;;3;e-mail: “geen” is not an e-mail address.",
    ]


def test_import_contacts_ends_with_1_when_no_row_is_usable(tmp_path: Path) -> None:
    path = tmp_path / "leeg.csv"
    path.write_text("email\ngeen\n")

    with pytest.raises(CommandError) as caught:
        run("import_contacts", str(path))

    assert caught.value.returncode == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"email\n\0\n"])
def test_import_contacts_ends_with_2_for_a_file_it_cannot_read(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bestand.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError) as caught:
        run("import_contacts", str(path))

    assert caught.value.returncode == 2


def test_import_contacts_names_the_columns_when_one_is_missing(file: Path) -> None:
    with pytest.raises(CommandError, match="Columns: e-mail, naam, klantgroep"):
        run("import_contacts", str(file), "--property", "regio")


def test_create_survey_makes_what_was_asked() -> None:
    said = run(
        "create_survey", "winkel", "--company", "Voorbeeld", "--scale-min", "1", "--language", "en"
    )

    survey = Survey.objects.get(slug="winkel")
    assert (survey.company, survey.name, survey.scale_min) == ("Voorbeeld", "Voorbeeld", 1)
    assert survey.languages == ["en"]
    assert "scale 1-10" in said


@pytest.mark.parametrize("slug", ["winkel", "geen slug"])
def test_create_survey_refuses_a_name_that_is_taken_or_none(slug: str) -> None:
    run("create_survey", "winkel", "--company", "Voorbeeld")

    with pytest.raises(CommandError, match="slug"):
        run("create_survey", slug, "--company", "Ander")

    assert Survey.objects.count() == 1
