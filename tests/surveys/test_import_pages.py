"""Bringing contacts in by upload: preview, columns, confirm, refused rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from surveys.importing.batches import change_uses, confirm_batch, discard_batch
from surveys.importing.headers import Field
from surveys.importing.running import find_waiting
from surveys.models import Contact, ImportBatch, Property
from surveys.tasks import import_contacts_file
from tests.factories import make_contact

FILE = (
    "Klantnummer;Naam;E-mail;Regio\n"
    "K-1;Fenna van der Proef;fenna@klanten.example;Noord\n"
    "K-2;José Testér;jose@klanten.example;Zuid\n"
    "K-3;Bas;geen adres;=1+1\n"
)


def upload(client: Client, content: str | bytes = FILE, name: str = "klanten.csv") -> Any:
    content = content.encode() if isinstance(content, str) else content
    return client.post(reverse("contact_import"), {"file": SimpleUploadedFile(name, content)})


def columns(*uses: str, **more: str) -> dict[str, str]:
    return {f"column_{index}": use for index, use in enumerate(uses)} | more


QUERIES = 10
AS_PROPOSED = columns("external_id", "name", "email", "")


def confirm(client: Client, uses: dict[str, str] = AS_PROPOSED) -> Any:
    """Press Import, and let the worker do its work."""
    client.post(batch_url(), uses | {"action": "confirm"})
    for pk in find_waiting("contacts"):
        import_contacts_file(pk)
    return client.get(batch_url())


def batch_url() -> str:
    return ImportBatch.objects.latest("pk").get_absolute_url()


def test_upload_leads_to_a_preview_and_writes_no_contact(manager_client: Client) -> None:
    response = upload(manager_client)

    batch = ImportBatch.objects.get()
    assert response.status_code == 302
    assert response.url == reverse("import_batch", args=[batch.pk])
    assert (batch.state, batch.file_name) == ("previewed", "klanten.csv")
    assert not Contact.objects.exists()


def test_preview_shows_counts_columns_rows_and_problems(manager_client: Client) -> None:
    make_contact(external_id="K-2", email="jose@klanten.example", first_name="José", last_name="T")
    upload(manager_client)

    response = manager_client.get(batch_url())

    report = response.context["report"]
    assert (report.new, report.changed, report.unchanged, report.refused) == (1, 1, 0, 1)
    assert [column.field.value() for column in response.context["columns"]] == [
        "external_id",
        "name",
        "email",
        "",
    ]
    assert [column.samples[0] for column in response.context["columns"]] == [
        "K-1",
        "Fenna van der Proef",
        "fenna@klanten.example",
        "Noord",
    ]
    assert [(p.line, p.column) for p in response.context["problems"]] == [(4, "E-mail")]
    assert response.context["accents"] == "K-2 · José Testér · jose@klanten.example · Zuid"
    assert "“geen adres” is not an e-mail address." in response.content.decode()


def test_preview_names_what_is_left_out_and_guesses_its_type(manager_client: Client) -> None:
    upload(manager_client, "E-mail;Omzet;Plaats\nfenna@klanten.example;€ 12,50;Zwolle\n")

    page = manager_client.get(batch_url()).content.decode()

    assert "2 columns are left out: Omzet, Plaats." in page
    link = f"{reverse('property_new')}?label=Omzet&amp;kind=money&amp;next="
    assert page.count("Looks like a value of the type") == 1
    assert link in page


def test_guessed_type_is_declared_and_leads_back(manager_client: Client) -> None:
    upload(manager_client, "E-mail;Omzet\nfenna@klanten.example;€ 12,50\n")
    query = {"label": "Omzet", "kind": "money", "next": batch_url()}
    form = manager_client.get(reverse("property_new"), query).context["form"]
    assert (form["label"].value(), form["kind"].value()) == ("Omzet", "money")

    response = manager_client.post(reverse("property_new"), query)
    manager_client.post(batch_url(), columns("email", "property", action="match"))

    page = manager_client.get(batch_url())
    assert response.headers["Location"] == batch_url()
    assert page.context["people"][0].properties == {"omzet": "12.5"}
    assert "Looks like a value" not in page.content.decode()


def test_preview_by_get_writes_nothing(manager_client: Client) -> None:
    upload(manager_client)
    before = list(ImportBatch.objects.values_list("pk", "state", "summary"))

    manager_client.get(batch_url())
    manager_client.head(batch_url())
    manager_client.get(reverse("import_problems", args=[ImportBatch.objects.get().pk]))

    assert list(ImportBatch.objects.values_list("pk", "state", "summary")) == before
    assert not Contact.objects.exists()


def test_confirm_imports_the_good_rows_and_forgets_the_file(
    manager_client: Client, manager: Any
) -> None:
    upload(manager_client)

    response = confirm(manager_client)

    batch = ImportBatch.objects.get()
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"K-1", "K-2"}
    assert (batch.state, batch.content, batch.created_by) == ("imported", None, manager)
    assert batch.summary["new"] == 2
    assert "2 contacts imported" in response.content.decode()


def test_second_click_on_confirm_changes_nothing(manager_client: Client) -> None:
    upload(manager_client)
    confirm(manager_client)
    Contact.objects.all().delete()

    response = manager_client.post(batch_url(), AS_PROPOSED | {"action": "confirm"})

    assert response.status_code == 200
    assert not Contact.objects.exists()


def test_columns_may_be_matched_otherwise(manager_client: Client) -> None:
    upload(manager_client)

    manager_client.post(
        batch_url(), columns("external_id", "last_name", "email", "segment", action="match")
    )
    response = manager_client.get(batch_url())

    assert response.context["people"][0].last_name == "Fenna van der Proef"
    assert response.context["people"][0].properties == {"regio": "Noord"}
    assert not Property.objects.exists()


def test_columns_changed_at_the_last_moment_are_previewed_first(manager_client: Client) -> None:
    upload(manager_client)
    chosen = columns("external_id", "name", "email", "property", action="confirm")

    first = manager_client.post(batch_url(), chosen, follow=True)
    assert "Look once more" in first.content.decode()
    assert not Contact.objects.exists()
    confirm(manager_client, chosen)

    assert Contact.objects.get(external_id="K-1").properties == {"regio": "Noord"}
    assert Property.objects.get().label == "Regio"


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        (("email", "name", "email", ""), "Two columns are matched with “E-mail”."),
        (("", "name", "", ""), "Choose the column with the e-mail address"),
    ],
)
def test_columns_that_make_no_sense_are_refused(
    manager_client: Client, uses: tuple[str, ...], sentence: str
) -> None:
    upload(manager_client)

    response = manager_client.post(batch_url(), columns(*uses, action="confirm"))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Contact.objects.exists()


def test_segments_are_limited(manager_client: Client) -> None:
    for number in range(5):
        Property.objects.create(key=f"p{number}", label="P", is_segment=True)
    upload(manager_client)

    response = manager_client.post(
        batch_url(), columns("external_id", "name", "email", "segment", action="match")
    )

    assert response.status_code == 422
    assert "There can be 5 segments; this would make 6." in response.content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "This is a spreadsheet, not a CSV file."),
        (b"a@klanten.example;Anna\nb@klanten.example;Bas\n", "looks like a person"),
        (b"email\nx\0y\n", "NUL characters"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_a_sentence(
    manager_client: Client, content: bytes, sentence: str
) -> None:
    response = upload(manager_client, content)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_upload_without_a_file_is_refused(manager_client: Client) -> None:
    response = manager_client.post(reverse("contact_import"))

    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_same_file_again_says_when_it_was_imported(manager_client: Client) -> None:
    upload(manager_client)
    confirm(manager_client)
    earlier = ImportBatch.objects.get()
    upload(manager_client)

    page = manager_client.get(batch_url()).content.decode()

    assert earlier.get_absolute_url() in page
    assert "Importing it again would change nothing." in page
    assert 'value="confirm"' not in page


def test_file_can_be_thrown_away(manager_client: Client) -> None:
    upload(manager_client)

    response = manager_client.post(batch_url(), {"action": "discard"})

    assert response["Location"] == reverse("contact_import")
    assert not ImportBatch.objects.exists()


def test_forgotten_preview_is_thrown_away_at_the_next_upload(manager_client: Client) -> None:
    upload(manager_client)
    old = ImportBatch.objects.get()
    ImportBatch.objects.update(created_at=timezone.now() - dt.timedelta(days=2))

    upload(manager_client)

    assert not ImportBatch.objects.filter(pk=old.pk).exists()
    assert ImportBatch.objects.count() == 1


@pytest.mark.parametrize("confirmed", [False, True])
def test_refused_rows_are_downloaded_with_line_and_reason(
    manager_client: Client, confirmed: bool
) -> None:
    upload(manager_client)
    if confirmed:
        confirm(manager_client)

    response = manager_client.get(reverse("import_problems", args=[ImportBatch.objects.get().pk]))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response.content.decode("utf-8-sig").splitlines() == [
        "Klantnummer;Naam;E-mail;Regio;Line;Reason",
        "K-3;Bas;geen adres;'=1+1;4;E-mail: “geen adres” is not an e-mail address.",
    ]
    assert response.content.startswith(b"\xef\xbb\xbf")


def test_refused_rows_once_mended_are_imported_without_the_apostrophe(
    manager_client: Client,
) -> None:
    upload(manager_client)
    pk = ImportBatch.objects.get().pk
    refused = manager_client.get(reverse("import_problems", args=[pk])).content

    upload(manager_client, refused.replace(b"geen adres;", b"bas@klanten.example;"))
    chosen = columns("external_id", "name", "email", "property", "", "", action="confirm")
    manager_client.post(batch_url(), chosen)
    confirm(manager_client, chosen)

    assert Contact.objects.get().properties == {"regio": "=1+1"}


def test_markup_in_a_file_is_shown_as_text(manager_client: Client) -> None:
    upload(manager_client, "email;naam;<b>kop</b>\na@klanten.example;<script>x</script>;<i>\n")

    page = manager_client.get(batch_url()).content.decode()

    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    assert "<b>kop" not in page


def test_imports_of_responses_are_no_business_of_these_pages(manager_client: Client) -> None:
    batch = ImportBatch.objects.create(kind="responses", state="imported", file_name="r", sha256="")

    assert manager_client.get(reverse("import_batch", args=[batch.pk])).status_code == 404
    assert "r</a>" not in manager_client.get(reverse("contact_import")).content.decode()


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_import_is_for_managers(role: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(f"{role}_client")
    batch = ImportBatch.objects.create(kind="contacts", file_name="c", sha256="", content=b"email")

    assert client.get(reverse("contact_import")).status_code == 403
    assert upload(client).status_code == 403
    assert client.get(batch.get_absolute_url()).status_code == 403
    assert client.post(batch.get_absolute_url(), {"action": "discard"}).status_code == 403
    assert client.get(reverse("import_problems", args=[batch.pk])).status_code == 403
    assert ImportBatch.objects.count() == 1


def test_stranger_is_sent_to_the_login(client: Client, db: None) -> None:
    assert client.get(reverse("contact_import"))["Location"].startswith(reverse("login"))


def test_import_page_costs_the_same_for_many_batches(
    manager_client: Client, manager: Any, django_assert_num_queries: Any
) -> None:
    def make_batches(number: int) -> None:
        for _ in range(number):
            ImportBatch.objects.create(
                kind="contacts", file_name="c", sha256="", created_by=manager, state="imported",
                imported_at=timezone.now(), summary={"new": 1, "changed": 0, "refused": 0},
            )  # fmt: skip

    make_batches(1)
    with django_assert_num_queries(QUERIES):
        manager_client.get(reverse("contact_import"))
    make_batches(2)
    with django_assert_num_queries(QUERIES):
        manager_client.get(reverse("contact_import"))


# Two tabs at once


def test_columns_changed_after_the_import_leave_it_alone(manager_client: Client) -> None:
    upload(manager_client)
    seen_by_other_tab = ImportBatch.objects.get()
    confirm(manager_client)

    change_uses(
        seen_by_other_tab, [Field.SKIP, Field.SKIP, Field.EMAIL, Field.SKIP], now=timezone.now()
    )

    assert ImportBatch.objects.get().summary["new"] == 2
    assert manager_client.get(batch_url()).status_code == 200


def test_import_of_columns_that_were_not_seen_is_refused(manager_client: Client) -> None:
    upload(manager_client)
    seen = ImportBatch.objects.get()
    change_uses(seen, [Field.SKIP, Field.SKIP, Field.EMAIL, Field.SKIP], now=timezone.now())

    assert confirm_batch(seen, user=None, now=timezone.now()) is False
    assert not Contact.objects.exists()


def test_import_of_a_file_thrown_away_meanwhile_does_nothing(manager_client: Client) -> None:
    upload(manager_client)
    seen = ImportBatch.objects.get()
    discard_batch(seen)

    assert confirm_batch(seen, user=None, now=timezone.now()) is False
    change_uses(seen, [Field.SKIP, Field.SKIP, Field.EMAIL, Field.SKIP], now=timezone.now())
    assert not ImportBatch.objects.exists()
