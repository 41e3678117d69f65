"""The list of answers as a file: fixed columns, nothing a reader may not see, no formulas."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_property,
    make_response,
    make_survey,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 7, 3, 22, 30, tzinfo=dt.UTC)
COLUMNS = [
    "id",
    "survey",
    "campaign",
    "answered_at",
    "score",
    "category",
    "comment",
    "status",
    "status_reason",
    "channel",
    "language",
    "may_contact",
    "occasion",
    "external_id",
    "name",
    "account",
    "email",
    "tags",
]


def download(client: Client, query: str = "") -> bytes:
    response = client.get(f"/responses/export/{query}")
    assert response.status_code == 200
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response.streaming_content)


def read(client: Client, query: str = "", *, delimiter: str = ";") -> list[dict[str, str]]:
    text = download(client, query).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_file_holds_every_column_of_an_answer(agent_client: Client) -> None:
    make_organisation(time_zone="Europe/Amsterdam")
    make_property(key="land")
    survey = make_survey(slug="levering")
    contact = make_contact(
        email="fenna@klanten.example",
        external_id="K7",
        last_name="Fluitketel",
        account=make_account(name="De Vlieger"),
    )
    campaign = make_campaign(survey=survey, name="Zomer")
    invitation = make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW)
    response = make_response(
        invitation=invitation,
        score=9,
        comment='Snel; en "netjes"\nbezorgd',
        language="nl",
        may_contact=False,
        answered_at=NOW,
        properties={"land": "België"},
    )

    (row,) = read(agent_client)

    assert list(row) == [*COLUMNS, "prop.land"]
    assert row == {
        "id": str(response.pk),
        "survey": "levering",
        "campaign": "Zomer",
        "answered_at": "2026-07-04 00:30:00",
        "score": "9",
        "category": "promoter",
        "comment": 'Snel; en "netjes"\nbezorgd',
        "status": "counted",
        "status_reason": "",
        "channel": "mail",
        "language": "nl",
        "may_contact": "no",
        "occasion": "",
        "external_id": "K7",
        "name": "Fenna Fluitketel",
        "account": "De Vlieger",
        "email": "fenna@klanten.example",
        "tags": "",
        "prop.land": "België",
    }


def test_viewer_gets_no_address(viewer_client: Client) -> None:
    make_property(key="land")
    make_property(key="tweede-adres")
    contact = make_contact(email="fenna@klanten.example")
    properties = {"land": "België", "tweede-adres": "thuis@klanten.example"}
    make_response(channel="import", contact=contact, properties=properties)

    (row,) = read(viewer_client)

    assert (row["email"], row["prop.land"]) == ("", "België")
    assert row["prop.tweede-adres"] == ""
    assert b"@" not in download(viewer_client)


def test_viewer_gets_no_address_by_another_column(
    viewer_client: Client, agent_client: Client
) -> None:
    address = "fenna@klanten.example"
    contact = make_contact(
        email=address,
        external_id="K7",
        first_name="",
        last_name=address,
        account=make_account(name=f"Thuis van {address}"),
    )
    campaign = make_campaign(name=f"Proef {address}")
    invitation = make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW)
    make_response(invitation=invitation, occasion=f"Bestelling {address}")
    columns = ("campaign", "occasion", "external_id", "name", "account", "email")

    (seen,), (known,) = read(viewer_client), read(agent_client)

    assert [seen[name] for name in columns] == [""] * 6
    assert all(known[name] for name in columns)
    assert b"@" not in download(viewer_client)


@pytest.mark.parametrize("comment", ["=1+1", "+31", "-2", "@SUM(A1)", "\t=1", " =1"])
def test_comment_is_no_formula(viewer_client: Client, comment: str) -> None:
    make_response(comment=comment)

    assert read(viewer_client)[0]["comment"] == f"'{comment}"


@pytest.mark.parametrize(
    ("style", "start", "delimiter"),
    [
        ("", b"\xef\xbb\xbfid;", ";"),
        ("semicolon", b"\xef\xbb\xbfid;", ";"),
        ("comma", b"\xef\xbb\xbfid,", ","),
        ("plain", b"id,", ","),
    ],
)
def test_file_is_made_for_the_program_that_opens_it(
    viewer_client: Client, style: str, start: bytes, delimiter: str
) -> None:
    make_response(score=4)

    assert download(viewer_client, f"?style={style}").startswith(start)
    assert read(viewer_client, f"?style={style}", delimiter=delimiter)[0]["score"] == "4"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 4),
        ("?status=counted", 3),
        ("?survey=levering", 2),
        ("?q=LAAT", 1),
        ("?category=detractor", 1),
        ("?segment=land%3DBelgi%C3%AB", 1),
        ("?property.land=Belgi%C3%AB", 1),
        ("?property.land=Belgi%C3%AB&property.land=Polen", 2),
        ("?property.land=Belgi%C3%AB&property.omzet.from=1.000,50", 0),
    ],
)
def test_file_has_the_rows_of_the_list(viewer_client: Client, query: str, expected: int) -> None:
    survey = make_survey(slug="levering")
    make_response(survey=survey, score=2, comment="Te laat")
    make_property(key="land")
    make_property(key="omzet", kind="number")
    make_response(survey=survey, properties={"land": "België", "omzet": "1000"})
    make_response(score=8, properties={"land": "Polen"})
    make_response(score=8, status="excluded")

    rows = read(viewer_client, query)
    page = viewer_client.get(f"/responses/{query}").context["page"]

    assert len(rows) == expected
    assert [int(row["id"]) for row in rows] == [response.pk for response in page]


def test_list_leads_to_the_file_with_its_filters(viewer_client: Client) -> None:
    make_response(score=9, comment="Te laat")

    page = viewer_client.get("/responses/?category=promoter&q=laat").content.decode()

    form = page.split('action="/responses/export/"', 1)[1].split("</form>", 1)[0]
    assert '<input type="hidden" name="category" value="promoter">' in form
    assert '<input type="hidden" name="q" value="laat">' in form


def test_export_reads_in_portions_and_not_row_by_row(
    viewer_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for rows in (1, 2):
        for _ in range(rows):
            make_response(contact=make_contact(account=make_account()), channel="import")
        # Session, user, organisation twice (middleware and page), how many there are, the
        # properties that are declared, the rows, and their tags.
        with django_assert_num_queries(8):
            download(viewer_client)


def test_columns_are_those_of_declared_properties_whatever_the_rows_hold(
    viewer_client: Client,
) -> None:
    make_property(key="land")
    make_property(key="omzet", kind="money")
    make_response(score=9, properties={"land": "België", "nobody declared": "x"})
    make_response(score=2, properties={"omzet": "1000"})

    columns = list(read(viewer_client)[0])
    promoters = list(read(viewer_client, "?category=promoter")[0])

    assert columns == promoters == [*COLUMNS, "prop.land", "prop.omzet"]


def test_wrong_filter_is_shown_and_not_downloaded(viewer_client: Client) -> None:
    response = viewer_client.get("/responses/export/?style=pdf")

    assert response.status_code == 422
    assert response["Content-Type"].startswith("text/html")


def test_export_cannot_be_posted(viewer_client: Client) -> None:
    assert viewer_client.post("/responses/export/").status_code == 405
