"""The panels of the dashboard as files."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from npsapp.pages.dashboard import DRAWN, ROWS
from surveys.models import Property, Survey
from tests.factories import make_organisation, make_survey
from tests.npsapp.test_dashboard import fill, links

pytestmark = pytest.mark.django_db
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def survey() -> Survey:
    make_organisation(name="Papier & Zn", time_zone="Europe/Amsterdam")
    Property.objects.create(key="region", label="Region", is_segment=True)
    survey = make_survey(name="Na levering", slug="levering")
    for month, scores in ((4, [3] * 6 + [10] * 2), (5, [7] * 2 + [10] * 6)):
        moment = dt.datetime(2026, month, 5, 12, tzinfo=dt.UTC)
        fill(survey, scores, answered_at=moment, properties={"region": "=Noord"})
    return survey


def read_csv(client: Client, panel: str, query: str = "") -> list[str]:
    response = client.get(f"/dashboard/{panel}.csv?period=all&{query}")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return response.content.decode("utf-8").splitlines()


def test_trend_as_csv_for_dutch_excel(viewer_client: Client, survey: Survey) -> None:
    lines = read_csv(viewer_client, "trend")

    # 6 detractors and 2 promoters of 8; adjusted Wald (Rocks 2016).
    assert lines[0] == "\ufeffmonth;nps;low;high;answers"
    assert lines[1].startswith("2026-04;-50;-8")
    assert lines[2].startswith("2026-05;75;")
    assert "." not in lines[1]


def test_csv_for_other_programs_has_points_and_no_bom(
    viewer_client: Client, survey: Survey
) -> None:
    lines = read_csv(viewer_client, "split", "style=plain")

    assert lines == [
        "category,lowest,highest,answers,percent",
        "detractor,0,6,6,37.5",
        "passive,7,8,2,12.5",
        "promoter,9,10,8,50",
    ]


def test_csv_runs_nothing_in_a_spreadsheet(viewer_client: Client, survey: Survey) -> None:
    lines = read_csv(viewer_client, "segments")

    assert lines[1].startswith("'=Noord;6;2;8;12,5;")


@pytest.mark.parametrize("panel", sorted(ROWS))
def test_every_table_is_linked_and_answers(
    viewer_client: Client, survey: Survey, panel: str
) -> None:
    address = f"/dashboard/{panel}.csv?survey=levering&period=all"

    assert address in links(viewer_client, "?period=all")
    assert viewer_client.get(address).status_code == 200


@pytest.mark.parametrize("panel", sorted(DRAWN))
def test_drawing_stands_alone_and_is_harmless(
    viewer_client: Client, survey: Survey, panel: str
) -> None:
    response = viewer_client.get(f"/dashboard/{panel}.svg?period=all")

    root = ET.fromstring(response.content)  # noqa: S314 - what is tested
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    names = {name for each in root.iter() for name in each.attrib}
    words = " ".join(root.itertext())
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert root.get("width") == "960"
    assert not tags & {"a", "script", "foreignObject", "image", "use"}
    assert not {name for name in names if "href" in name or name.startswith("on")}
    assert "Papier & Zn · Na levering" in words
    assert "var(" not in words
    assert "light-dark" not in words
    assert "%" not in "".join(each.get("width", "") for each in root.iter())


def test_drawing_names_its_filters(viewer_client: Client, survey: Survey) -> None:
    response = viewer_client.get("/dashboard/split.svg?period=all&property.region=%3DNoord")

    assert "Region: =Noord" in response.content.decode()
    assert "Detractors 0–6: 6 (37.5 %)" in response.content.decode()


@pytest.mark.parametrize("address", ["nothing.csv", "nothing.svg", "headline.svg", "cards.csv"])
def test_unknown_file_is_missing(viewer_client: Client, survey: Survey, address: str) -> None:
    assert viewer_client.get(f"/dashboard/{address}").status_code == 404


def test_too_few_answers_make_no_file(viewer_client: Client, survey: Survey) -> None:
    address = "/dashboard/split.csv?from=2026-06-01&to=2026-06-30"

    assert viewer_client.get(address).status_code == 404


def test_file_of_a_wrong_address_says_what_is_wrong(viewer_client: Client, survey: Survey) -> None:
    response = viewer_client.get("/dashboard/split.csv?from=yesterday")

    assert response.status_code == 422
    assert "Enter a valid date" in response.content.decode()
