"""The panels of the dashboard as files."""

from __future__ import annotations

import csv
import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from npsapp.pages.panels import asking
from npsapp.pages.panels.catalogue import DRAWN, ROWS
from responses.differing import Verdict
from responses.models import Benchmark, Category, Event, Response
from surveys.models import Property, Survey
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_property,
    make_survey,
)
from tests.npsapp.test_dashboard import fill, links

pytestmark = pytest.mark.django_db
# What programs call them; readers get words.
CODES = {*Category.values, *Verdict}
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
    lines = read_csv(viewer_client, "trend", "grain=month")

    # 6 detractors and 2 promoters of 8; adjusted Wald (Rocks 2016).
    assert lines[0].startswith("\ufeffMonth;First day;Last day;NPS;From;To;n;Detractors;")
    assert lines[1] == "April 2026;2026-04-01;2026-04-30;-50,0;-86,9;14,2;8;6;0;2"
    assert lines[2].startswith("May 2026;2026-05-01;2026-05-31;75,0;")


def test_csv_for_other_programs_has_points_and_no_bom(
    viewer_client: Client, survey: Survey
) -> None:
    lines = read_csv(viewer_client, "split", "style=plain")

    assert lines == [
        'Category,Lowest,Highest,Answers,"Share, %"',
        "Detractors,0,6,6,37.5",
        "Passives,7,8,2,12.5",
        "Promoters,9,10,8,50.0",
    ]


def test_csv_runs_nothing_in_a_spreadsheet(viewer_client: Client, survey: Survey) -> None:
    lines = read_csv(viewer_client, "segments")

    assert lines[1].startswith("'=Noord;16;6;2;8;12,5;")


@pytest.fixture
def everything(survey: Survey) -> str:
    """What each panel needs to have a table; the address that asks for all of them."""
    make_property(key="omzet", label="Omzet", kind="money")
    Response.objects.update(properties={"region": "=Noord", "omzet": "100"})
    fill(make_survey(name="Voor levering", touchpoint="pre_delivery"), [9] * 8)
    asked = make_contact(properties={"region": "=Noord"})
    campaign = make_campaign(survey=survey, state="running")
    make_invitation(campaign=campaign, contact=asked, state="sent", sent_at=timezone.now())
    shown = Benchmark.objects.create(
        name="Papierhandel", year=2024, figure=12, source="Jaarverslag 2024"
    )
    return f"?survey=levering&period=all&benchmark={shown.pk}"


@pytest.mark.parametrize("panel", sorted(ROWS))
def test_every_table_is_linked_and_answers(
    viewer_client: Client, everything: str, panel: str
) -> None:
    address = f"/dashboard/{panel}.csv{everything}"

    header, *rows = csv.reader(read_csv(viewer_client, panel, everything[1:]), delimiter=";")

    assert address in links(viewer_client, everything)
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    assert not {cell for row in rows for cell in row} & CODES


def test_rows_without_a_year_before_are_as_wide_as_the_header(
    viewer_client: Client, survey: Survey
) -> None:
    lines = read_csv(viewer_client, "trend", "grain=month&overlay=year")

    header, *rows = csv.reader(lines, delimiter=";")
    assert header[-2:] == ["NPS a year earlier", "n a year earlier"]
    assert {len(row) for row in rows} == {12}


def test_verdicts_stand_in_words_in_a_file(viewer_client: Client, survey: Survey) -> None:
    moment = dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC)
    fill(survey, [3] * 40, answered_at=moment, properties={"region": "Zuid"})
    fill(survey, [10] * 40, answered_at=moment, properties={"region": "Oost"})

    cells = {row.split(";")[0]: row.split(";") for row in read_csv(viewer_client, "segments")}

    assert (cells["Zuid"][-1], cells["Oost"][-1]) == ("Really lower", "Really higher")
    assert all(len(cell.partition(",")[2]) == 1 for cell in cells["Zuid"][5:11])


@pytest.mark.parametrize("panel", ["value", "missing"])
def test_file_of_what_is_counted_on_demand_holds_figures(
    viewer_client: Client, everything: str, monkeypatch: pytest.MonkeyPatch, panel: str
) -> None:
    monkeypatch.setattr(asking, "COUNTED_AT_ONCE", 5)

    assert len(read_csv(viewer_client, panel, everything[1:])) > 1


def test_drawing_of_the_trend_holds_the_published_figures(
    viewer_client: Client, everything: str
) -> None:
    asked = viewer_client.get(f"/dashboard/trend.svg{everything}&grain=month").content.decode()
    plain = viewer_client.get("/dashboard/trend.svg?period=all&grain=month").content.decode()

    assert asked.count('class="benchmark-line"') == 1
    assert "a · Papierhandel 2024: +12" in asked
    assert "benchmark-line" not in plain


def test_without_groups_no_file_is_offered(viewer_client: Client, survey: Survey) -> None:
    Response.objects.update(properties={})

    assert not [each for each in links(viewer_client, "?period=all") if "segments.csv" in each]


def test_shares_in_a_legend_are_spelled_as_the_reader_does(
    manager: User, client: Client, survey: Survey
) -> None:
    manager.language = "nl"
    manager.save()
    client.force_login(manager)

    drawing = client.get("/dashboard/split.svg?period=all").content.decode()

    assert "37,5 %" in drawing


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
    fill(survey, [3] * 4, answered_at=dt.datetime(2026, 6, 5, 12, tzinfo=dt.UTC))

    response = viewer_client.get(address)

    assert response.status_code == 404
    assert "Detractors" not in response.content.decode()


def test_file_of_a_wrong_address_says_what_is_wrong(viewer_client: Client, survey: Survey) -> None:
    response = viewer_client.get("/dashboard/split.csv?from=yesterday")

    assert response.status_code == 422
    assert "Enter a valid date" in response.content.decode()
    assert "Detractors" not in response.content.decode()


def test_drawing_is_whole_whatever_names_hold(viewer_client: Client, survey: Survey) -> None:
    Survey.objects.filter(pk=survey.pk).update(name="Na\x0b levering\uffff")
    Event.objects.create(
        label="Nieuwe\x07 winkel\x1b",
        kind="other",
        first_day=dt.date(2026, 4, 20),
        created_at=timezone.now(),
    )
    make_campaign(survey=survey, name="Ronde\x02 een", first_day=dt.date(2026, 4, 21))
    chosen = "property.region=%3DNoord%0B&property.region=%3DNoord"

    for panel in DRAWN:
        for query in ("", chosen):
            response = viewer_client.get(f"/dashboard/{panel}.svg?period=all&grain=month&{query}")
            if response.status_code == 200:
                ET.fromstring(response.content)  # noqa: S314 - what is tested
    trend = viewer_client.get("/dashboard/trend.svg?period=all&grain=month").content.decode()
    assert "Nieuwe winkel" in trend
    assert "Na levering" in trend


def test_trend_names_the_days_that_are_counted(viewer_client: Client, survey: Survey) -> None:
    days = "period=&from=2026-04-03&to=2026-05-31&grain=month&overlay=year"

    lines = read_csv(viewer_client, "trend", days)

    assert lines[1].startswith("3 to 30 April 2026;2026-04-03;2026-04-30;")
    assert lines[2].startswith("May 2026;2026-05-01;2026-05-31;")


def test_file_of_a_crossing_holds_its_cells(viewer_client: Client, survey: Survey) -> None:
    make_property(key="soort", label="Soort", is_segment=True)
    moment = dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC)
    for soort, scores in (("Nieuw", [10] * 8), ("Oud", [0] * 2)):
        fill(survey, scores, answered_at=moment, properties={"region": "Zuid", "soort": soort})

    lines = read_csv(viewer_client, "segments", "by=region&then=soort&style=plain")

    assert lines[0].startswith("\ufeffRegion,Soort,Answers,") or lines[0].startswith(
        "Region,Soort,"
    )
    zuid = [line for line in lines if line.startswith("Zuid,")]
    # 8 promoters of 8: adjusted Wald leaves +100 its lowest end only.
    assert zuid[0].startswith("Zuid,(all),10,2,0,8,60.0,")
    assert zuid[1].startswith("Zuid,Nieuw,8,0,0,8,100.0,")
    assert zuid[2] == "Zuid,Oud,2,,,,,,,,,,"
