from __future__ import annotations

import pytest

from surveys.importing.headers import (
    Field,
    count_known,
    match_header,
    match_headers,
    property_key,
)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("E-mail", Field.EMAIL),
        ("e-mailadres", Field.EMAIL),
        ("EMAIL_ADDRESS", Field.EMAIL),
        ("Klantnummer", Field.EXTERNAL_ID),
        ("Debiteur-nr.", Field.EXTERNAL_ID),
        ("customer id", Field.EXTERNAL_ID),
        ("Naam", Field.NAME),
        ("Voornaam", Field.FIRST_NAME),
        ("Tussenvoegsel(s)", Field.SKIP),
        ("Tussenvoegsel", Field.INFIX),
        ("Achternaam", Field.LAST_NAME),
        ("  Last   Name ", Field.LAST_NAME),
        ("Taal", Field.LANGUAGE),
        ("Bedrijfsnaam", Field.ACCOUNT),
        ("Organización", Field.SKIP),
        ("Regio", Field.SKIP),
        ("", Field.SKIP),
    ],
)
def test_header_is_matched_in_dutch_and_english(name: str, field: Field) -> None:
    assert match_header(name) == field


def test_field_is_proposed_once_and_unknown_columns_are_left_out() -> None:
    assert match_headers(["E-mail", "email", "Regio"]) == [Field.EMAIL, Field.SKIP, Field.SKIP]


def test_column_that_became_a_property_before_is_proposed_as_one() -> None:
    assert match_headers(["Regio"], known_properties=frozenset({"regio"})) == [Field.PROPERTY]


def test_known_columns_are_counted_once_per_field() -> None:
    assert count_known(["email", "e-mail", "naam", "kleur"]) == 2


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("How-Many-Workshops", "how_many_workshops"),
        ("Categorie (klant)", "categorie_klant"),
        ("Présence à l'événement", "presence_a_l_evenement"),
        ("地域", ""),
        ("x" * 80, "x" * 60),
    ],
)
def test_property_key_is_plain(name: str, key: str) -> None:
    assert property_key(name) == key
