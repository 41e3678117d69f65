"""What panels say by name to readers without a login, and to those who see no addresses."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.segments import show_segments
from npsapp.pages.panels.split import show_histogram
from npsapp.pages.panels.trend import show_trend
from npsapp.throttle import memory
from responses.models import Event
from responses.naming import Naming
from responses.spans import Grain
from surveys.models import Survey
from tests.factories import (
    make_campaign,
    make_contact,
    make_invitation,
    make_organisation,
    make_property,
    make_survey,
)
from tests.npsapp.test_dashboard import fill
from tests.npsapp.test_dashboard_headline import read_frame_of
from tests.npsapp.test_sharing import path_of, share

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
QUERY = "survey=levering&period=12m"
SHARED = Naming(with_addresses=False, least=5)


@pytest.fixture
def survey() -> Survey:
    memory.clear()
    make_organisation(time_zone="Europe/Amsterdam")
    make_property(key="region", label="Region", is_segment=True)
    make_property(key="soort", label="Soort", is_segment=True)
    return make_survey(name="Na levering", slug="levering")


@pytest.fixture
def survey_with_addresses(survey: Survey) -> Survey:
    """Every name on the page is somebody's address."""
    for number, name in enumerate(("jan@value.example", "Noord", "Zuid")):
        properties = {"region": name, "soort": f"piet{number}@crossed.example"}
        fill(survey, [9] * 20, properties=properties, answered_at=NOW)
        fill(survey, [3] * 20, properties=properties, answered_at=NOW - dt.timedelta(days=60))
    campaign = make_campaign(survey=survey, name="Aan an@launch.example", state="running")
    for _ in range(6):
        contact = make_contact(properties={"region": "jan@value.example"})
        make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW)
    Event.objects.create(
        label="Klacht van bo@event.example",
        kind="other",
        first_day=NOW.date() - dt.timedelta(days=20),
        segment="region=jan@value.example",
        created_at=NOW,
    )
    return survey


ADDRESSES = ("value.example", "crossed.example", "launch.example", "event.example")


@time_machine.travel(NOW, tick=False)
def test_viewers_read_no_address_in_any_panel_or_file(
    viewer_client: Client, agent_client: Client, survey_with_addresses: Survey
) -> None:
    chosen = f"{QUERY}&by=region&then=soort&property.region=jan%40value.example"
    pages = [
        viewer_client.get(f"/?{QUERY}&by=region&then=soort"),
        *(viewer_client.get(f"/dashboard/{name}.csv?{QUERY}") for name in ("segments", "missing")),
        viewer_client.get(f"/dashboard/trend.svg?{QUERY}"),
    ]

    assert {page.status_code for page in pages} == {200}
    for page in pages:
        for address in ADDRESSES:
            assert address not in page.content.decode()
    assert "Region: –" in viewer_client.get(f"/?{chosen}").content.decode()
    assert "jan@value.example" in agent_client.get(f"/?{QUERY}&by=region").content.decode()


@time_machine.travel(NOW, tick=False)
def test_shared_page_holds_no_address_in_any_label(
    client: Client, manager_client: Client, survey_with_addresses: Survey
) -> None:
    query = f"{QUERY}&by=region&then=soort&property.soort=piet1%40crossed.example"
    for sent in (f"{QUERY}&by=region&then=soort", query):
        body = client.get(path_of(share(manager_client, sent))).content.decode()

        assert "Voor de raad" in body
        for address in ADDRESSES:
            assert address not in body


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"A": 20, "B": 10}, ["A", "B"]),
        # The 2 of C would be the total less the others.
        ({"A": 20, "B": 10, "C": 8, "D": 2}, ["A", "B"]),
        ({"A": 20, "B": 10, "C": 4, "D": 2}, ["A", "B"]),
        ({"A": 20, "B": 10, "C": 2}, []),
        ({"A": 20}, []),
    ],
)
def test_what_is_left_unnamed_on_a_shared_page_cannot_be_subtracted(
    sizes: dict[str, int], named: list[str]
) -> None:
    assert SHARED.choose(list(sizes.items())) == named


def read_shared(survey: Survey, **options: str) -> Frame:
    found: Frame = read_frame_of(survey, None, {"survey": "levering", "period": "all"} | options)
    return found


def test_small_groups_are_unnamed_on_a_shared_page_only(
    viewer_client: Client, survey: Survey
) -> None:
    for name, n in (("Noord", 20), ("Zuid", 10), ("Oost", 4), ("Bakkerij Zilver", 1)):
        fill(survey, [9] * n, properties={"region": name}, answered_at=NOW)

    comparison = show_segments(read_shared(survey))["comparison"]

    assert [group.segment.value for group in comparison.groups] == ["Noord", "Zuid"]
    assert (comparison.smaller_groups, comparison.in_smaller_groups) == (2, 5)
    assert "Bakkerij Zilver" in viewer_client.get("/?period=all").content.decode()


@pytest.mark.parametrize(
    ("without", "named"), [(0, ["A", "B", "C"]), (2, ["A", "B"]), (5, ["A", "B", "C"])]
)
def test_few_without_a_value_cannot_be_subtracted_either(without: int, named: list[str]) -> None:
    """Total less A, B and C would be the scores of these two."""
    sizes = [("A", 20), ("B", 10), ("C", 8)]

    assert SHARED.choose(sizes, without=without) == named


def test_people_without_a_value_are_one_number_with_the_small_groups(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    with time_machine.travel(NOW, tick=False):
        for name, n in (("Noord", 20), ("Zuid", 10), ("Oost", 4), ("", 1)):
            fill(survey, [9] * n, properties={"region": name}, answered_at=NOW)
        body = client.get(path_of(share(manager_client))).content.decode()

    assert "5 more answers have no row here" in body
    assert "smaller group" not in body


def test_breakdown_of_one_group_is_left_out_of_a_shared_page(survey: Survey) -> None:
    fill(survey, [9] * 20, properties={"region": "Noord"}, answered_at=NOW)
    fill(survey, [0] * 2, properties={"region": "Zuid"}, answered_at=NOW)

    assert show_segments(read_shared(survey)) == {}


def test_crossing_of_a_shared_page_has_no_cell_of_few(survey: Survey) -> None:
    for region, soort, n in (
        ("Noord", "Nieuw", 20),
        ("Noord", "Oud", 20),
        ("Zuid", "Nieuw", 15),
        ("Zuid", "Oud", 6),
        ("Oost", "Nieuw", 13),
        ("Oost", "Oud", 1),
    ):
        properties = {"region": region, "soort": soort}
        fill(survey, [9] * n, properties=properties, answered_at=NOW)

    crossing = show_segments(read_shared(survey, by="region", then="soort"))["crossing"]

    assert [line.value for line in crossing.lines] == ["Noord", "Zuid"]
    assert crossing.unseen == 14


def test_trend_of_a_shared_page_has_no_point_of_few(survey: Survey) -> None:
    for month in (3, 4, 7, 8):
        fill(survey, [9] * 6, answered_at=dt.datetime(2026, month, 2, 12, tzinfo=dt.UTC))
        fill(survey, [0] * 2, answered_at=dt.datetime(2026, month, 20, 12, tzinfo=dt.UTC))

    panel = show_trend(read_shared(survey, grain="day", rolling="30"))

    assert panel["series"].grain == Grain.MONTH
    assert [point.n for point in panel["series"].points] == [8, 8, 0, 0, 8, 8]
    assert panel["rolling"] == ""


def test_trend_that_would_tell_of_few_is_left_out_of_a_shared_page(survey: Survey) -> None:
    for month, n in ((1, 8), (4, 8), (7, 2)):
        fill(survey, [9] * n, answered_at=dt.datetime(2026, month, 2, 12, tzinfo=dt.UTC))

    assert show_trend(read_shared(survey)) == {}


def test_histogram_of_a_shared_page_takes_enough_to_compare(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    fill(survey, [9] * 29, answered_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    assert show_histogram(read_shared(survey)) == {}
    with time_machine.travel(NOW, tick=False):
        body = client.get(path_of(share(manager_client))).content.decode()
    assert "histogram-heading" not in body

    fill(survey, [9], answered_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    assert show_histogram(read_shared(survey))["columns"]


def test_file_of_the_trend_counts_no_categories_without_a_score(
    viewer_client: Client, survey: Survey
) -> None:
    for month, scores in ((3, [9] * 8), (4, [9] * 8), (5, [0, 9])):
        fill(survey, scores, answered_at=dt.datetime(2026, month, 2, 12, tzinfo=dt.UTC))
    content = viewer_client.get("/dashboard/trend.csv?period=all&grain=month&style=plain").content

    assert b"May 2026,2026-05-01,2026-05-31,,,,2,,," in content
