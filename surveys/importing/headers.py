"""Which column holds what: Dutch and English names as companies write them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum


class Field(StrEnum):
    """What a column of a contacts file can be used for."""

    EMAIL = "email"
    EXTERNAL_ID = "external_id"
    NAME = "name"
    FIRST_NAME = "first_name"
    INFIX = "infix"
    LAST_NAME = "last_name"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    ACCOUNT = "account"
    PROPERTY = "property"
    SEGMENT = "segment"  # a property by which results are compared
    SKIP = ""


# Compared after `simplify`: lower case, no accents, no punctuation, one blank between words.
_NAMES: dict[Field, str] = {
    Field.EMAIL: "email, e mail, mail, e mailadres, emailadres, e mail adres, email adres, "
    "mailadres, email address, e mail address, mail address, emailaddress, contact email, "
    "customer email, klant email, primary email",
    Field.EXTERNAL_ID: "external id, externalid, externe id, extern id, extern nummer, id, "
    "klantnummer, klant nummer, klantnr, klant nr, klantid, klant id, klantcode, "
    "relatienummer, relatie nummer, relatienr, relatie nr, relatiecode, relatie id, "
    "debiteurnummer, debiteurennummer, debiteur nummer, debiteurnr, debiteur nr, "
    "customer id, customerid, customer number, customer no, customer nr, customer code, "
    "client id, client number, contact id, contactid, contactnummer, person id, user id, "
    "userid, crm id, lidnummer, member id, member number",
    Field.NAME: "name, naam, full name, fullname, volledige naam, naam contactpersoon, "
    "contactpersoon, contact person, contact, contact name, contactnaam, klantnaam, "
    "customer name, klant, customer, display name",
    Field.FIRST_NAME: "first name, firstname, given name, givenname, forename, voornaam, "
    "roepnaam, voor naam, voornamen",
    Field.INFIX: "tussenvoegsel, tussenvoegsels, tussen voegsel, voorvoegsel, voorvoegsels, "
    "infix, name prefix, surname prefix, last name prefix, tv",
    Field.LAST_NAME: "last name, lastname, surname, family name, familyname, achternaam, "
    "familienaam, achter naam",
    Field.LANGUAGE: "language, lang, taal, taalcode, taal code, language code, locale, "
    "voorkeurstaal, preferred language",
    Field.TIME_ZONE: "time zone, timezone, tijdzone, tijd zone, tz, iana time zone",
    Field.ACCOUNT: "account, account name, accountnaam, company, company name, companyname, "
    "organisation, organization, organisation name, organization name, employer, bedrijf, "
    "bedrijfsnaam, bedrijf naam, organisatie, organisatienaam, firma, firmanaam, onderneming, "
    "werkgever, instelling",
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in re.split(r",\s*", names)}


def simplify(name: str) -> str:
    """Return a column's name without case, accents and punctuation, to compare it by."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", plain))


def property_key(name: str) -> str:
    """Return the key under which a column is kept: lower case, words joined by underscores."""
    plain = simplify(name).encode("ascii", "ignore").decode()
    return "_".join(plain.split())[:60].rstrip("_")


def match_header(name: str) -> Field:
    """Return the field that a column's name speaks of; SKIP for a name we do not know."""
    return _FIELDS.get(simplify(name), Field.SKIP)


def match_headers(
    names: Sequence[str], *, known_properties: frozenset[str] = frozenset()
) -> list[Field]:
    """Propose a use for every column: each field once, a property that is declared, or none."""
    proposal: list[Field] = []
    for name in names:
        found = match_header(name)
        if found in proposal:
            found = Field.SKIP
        if not found and property_key(name) in known_properties:
            found = Field.PROPERTY
        proposal.append(found)
    return proposal


def count_known(names: Sequence[str]) -> int:
    """Return how many columns of a contacts file are recognised, each field counted once."""
    return len({match_header(name) for name in names} - {Field.SKIP})
