"""What an import does to the contacts that are there."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.addresses import hash_address
from surveys.importing.contacts import Report, import_contacts, preview_contacts
from surveys.importing.faults import Fault, UnreadableFile
from surveys.importing.headers import Field, match_headers
from surveys.importing.people import read_contacts_table
from surveys.models import Account, Contact, Property
from tests.factories import make_account, make_contact, make_invitation

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def bring_in(text: str | bytes, uses: list[Field] | None = None, *, dry: bool = False) -> Report:
    table = read_contacts_table(text.encode() if isinstance(text, str) else text)
    act = preview_contacts if dry else import_contacts
    return act(table, uses or match_headers(table.header), now=NOW)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.refused


def faults(report: Report) -> list[tuple[int, str, Fault]]:
    return [(problem.line, problem.column, problem.fault) for problem in report.problems]


def snapshot() -> list[tuple[object, ...]]:
    fields = [field.attname for field in Contact._meta.concrete_fields]
    return list(Contact.objects.order_by("pk").values_list(*fields))


DUTCH = (
    "Klantnummer;Voornaam;Tussenvoegsel;Achternaam;E-mailadres;Bedrijf;Taal;Regio\n"
    "K-1;Fenna;van der;Proef;Fenna@Klanten.example;Voorbeeld Bouw;Nederlands;Noord\n"
    "K-2;Joris;;Testér;joris@klanten.example;voorbeeld bouw;EN;\n"
)


def test_dutch_file_becomes_contacts() -> None:
    report = bring_in(DUTCH)

    assert counts(report) == (2, 0, 0, 0)
    fenna = Contact.objects.get(external_id="K-1")
    assert (fenna.first_name, fenna.last_name) == ("Fenna", "van der Proef")
    assert (fenna.email, fenna.language) == ("fenna@klanten.example", "nl")
    assert fenna.address_hash == hash_address("fenna@klanten.example")
    assert fenna.properties == {}  # unknown columns are left out until somebody chooses them
    assert [account.name for account in Account.objects.all()] == ["Voorbeeld Bouw"]


def test_english_file_with_full_names_becomes_contacts() -> None:
    bring_in("name,email,company\nAlice Sample,alice@klanten.example,Sample Trading\n")

    alice = Contact.objects.get(email="alice@klanten.example")
    assert (alice.first_name, alice.last_name, str(alice.account)) == (
        "Alice",
        "Sample",
        "Sample Trading",
    )


def test_same_file_again_changes_nothing() -> None:
    bring_in(DUTCH)
    before = snapshot()

    report = bring_in(DUTCH)

    assert counts(report) == (0, 0, 2, 0)
    assert snapshot() == before


def test_preview_counts_the_same_and_writes_nothing() -> None:
    make_contact(external_id="K-2", email="oud@klanten.example")

    preview = bring_in(DUTCH, dry=True)

    assert counts(preview) == (1, 1, 0, 0)
    assert (Contact.objects.count(), Account.objects.count()) == (1, 0)
    assert counts(bring_in(DUTCH)) == counts(preview)


def test_person_is_recognised_by_external_id_and_moves_address() -> None:
    contact = make_contact(external_id="K-1", email="oud@klanten.example")
    invitation = make_invitation(contact=contact, state="scheduled")

    report = bring_in("klantnummer;email\nK-1;nieuw@klanten.example\n")

    contact.refresh_from_db()
    invitation.refresh_from_db()
    assert counts(report) == (0, 1, 0, 0)
    assert contact.email == "nieuw@klanten.example"
    assert contact.address_hash == hash_address("nieuw@klanten.example")
    assert invitation.address_hash == contact.address_hash


def test_person_is_recognised_by_address_and_gets_an_external_id() -> None:
    contact = make_contact(email="a@klanten.example")

    bring_in("klantnummer;email\nK-9;A@klanten.example\n")

    contact.refresh_from_db()
    assert contact.external_id == "K-9"
    assert Contact.objects.count() == 1


def test_empty_cells_never_erase() -> None:
    account = make_account(name="Voorbeeld")
    contact = make_contact(
        email="a@klanten.example", language="nl", account=account, properties={"regio": "Noord"}
    )
    before = snapshot()
    uses = [Field.EMAIL, Field.FIRST_NAME, Field.LANGUAGE, Field.ACCOUNT, Field.PROPERTY]

    report = bring_in(f"email;voornaam;taal;bedrijf;regio\n{contact.email};;;;\n", uses)

    assert counts(report) == (0, 0, 1, 0)
    assert snapshot() == before


def test_chosen_column_becomes_a_declared_property() -> None:
    uses = [Field.EMAIL, Field.PROPERTY, Field.SEGMENT]
    contact = make_contact(email="a@klanten.example", properties={"sinds": "2019"})

    bring_in("email;Klant Groep;Regio\na@klanten.example;Goud;Noord\n", uses)

    contact.refresh_from_db()
    assert contact.properties == {"sinds": "2019", "klant_groep": "Goud", "regio": "Noord"}
    assert list(Property.objects.values_list("key", "label", "is_segment")) == [
        ("klant_groep", "Klant Groep", False),
        ("regio", "Regio", True),
    ]


def test_conflict_between_two_contacts_is_refused() -> None:
    make_contact(external_id="K-1", email="een@klanten.example")
    make_contact(external_id="K-2", email="twee@klanten.example")
    before = snapshot()

    report = bring_in("klantnummer;email\nK-1;twee@klanten.example\n")

    assert faults(report) == [(2, "", Fault.CONFLICT)]
    assert report.problems[0].detail == "K-1, een@klanten.example; K-2, twee@klanten.example"
    assert snapshot() == before


def test_address_of_somebody_with_another_external_id_is_refused() -> None:
    make_contact(external_id="K-2", email="twee@klanten.example")

    report = bring_in("klantnummer;email\nK-7;twee@klanten.example\n")

    assert faults(report) == [(2, "", Fault.OTHER_EXTERNAL_ID)]
    assert report.problems[0].detail == "K-2"


@pytest.mark.parametrize(
    ("second", "column"),
    [
        ("K-1;ander@klanten.example", "klantnummer"),
        ("K-2;A@klanten.example", "email"),
    ],
)
def test_second_row_about_the_same_person_names_the_first(second: str, column: str) -> None:
    report = bring_in(f"klantnummer;email\nK-1;a@klanten.example\n{second}\n")

    assert faults(report) == [(3, column, Fault.DOUBLE_ROW)]
    assert report.problems[0].detail == "2"
    assert Contact.objects.count() == 1


def test_two_rows_that_turn_out_to_be_one_contact_are_not_both_taken() -> None:
    make_contact(external_id="K-1", email="a@klanten.example", first_name="Oud")

    report = bring_in(
        "klantnummer;email;voornaam\nK-1;;Een\n;a@klanten.example;Twee\n",
    )

    assert faults(report) == [(3, "", Fault.DOUBLE_ROW)]
    assert Contact.objects.get().first_name == "Een"


def test_people_who_swap_addresses_are_refused_and_stay_as_they_are() -> None:
    make_contact(external_id="K-1", email="een@klanten.example")
    make_contact(external_id="K-2", email="twee@klanten.example")
    before = snapshot()

    report = bring_in("klantnummer;email\nK-1;twee@klanten.example\nK-2;een@klanten.example\n")

    assert report.refused == 2
    assert snapshot() == before


def test_bad_rows_are_named_and_good_ones_are_not_lost() -> None:
    report = bring_in(
        "email;naam;klantnummer\n"
        "a@klanten.example;Anna;\n"
        "geen adres;Bas;\n"
        ";Cor;\n"
        '"d@klanten.example";"Dirk\r\nBcc: x@klanten.example";\n'
        "e@klanten.example;Eva\u202e;\n"
        "f@klanten.example;te;veel;cellen\n"
        'g@klanten.example;"Gert\n'
        f"h@klanten.example;Hans;{'9' * 121}\n"
        "i@klanten.example;Ida;\n"
    )

    assert counts(report) == (2, 0, 0, 7)
    assert faults(report) == [
        (3, "email", Fault.BAD_ADDRESS),
        (4, "", Fault.NO_IDENTITY),
        (5, "naam", Fault.LINE_BREAK),
        (7, "naam", Fault.DIRECTION_CHARACTER),
        (8, "", Fault.TOO_MANY_CELLS),
        (9, "", Fault.UNCLOSED_QUOTE),
        (10, "klantnummer", Fault.CELL_TOO_LONG),
    ]
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Anna", "Ida"}


def test_remark_does_not_cost_the_row() -> None:
    report = bring_in(f"email;taal;voornaam\na@klanten.example;klingonees;{'x' * 90}\n")

    assert counts(report) == (1, 0, 0, 0)
    assert [problem.fault for problem in report.remarks] == [
        Fault.UNKNOWN_LANGUAGE,
        Fault.NAME_CUT,
    ]
    assert Contact.objects.get().first_name == "x" * 80


def test_file_without_a_header_says_so() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_contacts_table(b"a@klanten.example;Anna\nb@klanten.example;Bas\n")

    assert caught.value.fault == Fault.NO_HEADER


def test_people_past_one_batch_are_all_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.importing.contacts.BATCH", 3)
    text = "email;voornaam\n" + "".join(f"p{n}@klanten.example;P{n}\n" for n in range(8))

    first, second = bring_in(text), bring_in(text.replace(";P", ";Q"))

    assert counts(first) == (8, 0, 0, 0)
    assert counts(second) == (0, 8, 0, 0)


def test_address_that_a_row_gives_up_is_free_for_others_whatever_their_order() -> None:
    bring_in("klantnummer;email\nK-1;a@klanten.example\nK-2;b@klanten.example\n")
    moved = "klantnummer;email\n;a@klanten.example\nK-1;b@klanten.example\nK-2;c@klanten.example\n"

    report = bring_in(moved)

    assert counts(report) == (1, 2, 0, 0)
    assert set(Contact.objects.values_list("external_id", "email")) == {
        ("K-1", "b@klanten.example"),
        ("K-2", "c@klanten.example"),
        ("", "a@klanten.example"),
    }
    assert counts(bring_in(moved)) == (0, 0, 3, 0)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "K-1", "K-2", "K-3"]),
        st.sampled_from(["", "a@x.example", "b@x.example", "c@x.example", "geen"]),
        st.text(alphabet='ab;"\n', max_size=4),
    ),
    max_size=6,
)


@given(ROWS, ROWS)
@settings(max_examples=40, deadline=None)
def test_any_two_files_leave_the_database_sound(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]]
) -> None:
    for rows in (first, second):
        text = "klantnummer;email;naam\nK-0;z@x.example;Z\n"
        text += "".join(";".join(row) + "\n" for row in rows)
        preview = bring_in(text, dry=True)
        report = bring_in(text)

        assert counts(report) == counts(preview)
        again = bring_in(text)
        assert (again.new, again.changed) == (0, 0)
    for contact in Contact.objects.all():
        assert contact.address_hash == hash_address(contact.email)
    Contact.objects.all().delete()


def test_mutated_bytes_never_crash_the_import() -> None:
    @given(st.lists(st.tuples(st.integers(0, 180), st.integers(0, 255)), max_size=12))
    @settings(max_examples=80, deadline=None)
    def mutate(changes: list[tuple[int, int]]) -> None:
        content = bytearray(DUTCH.encode())
        for place, value in changes:
            content[place % len(content)] = value
        try:
            report = bring_in(bytes(content))
        except UnreadableFile:
            return
        assert report.rows == len(list(read_contacts_table(bytes(content)).rows()))
        Contact.objects.all().delete()

    mutate()
