"""Two selections side by side: what is shown, and when a difference may be called one."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Survey
from tests.factories import (
    make_campaign,
    make_organisation,
    make_property,
    make_response,
    make_survey,
)

pytestmark = pytest.mark.django_db
MAY = dt.datetime(2026, 5, 5, 12, tzinfo=dt.UTC)
JUNE = dt.datetime(2026, 6, 5, 12, tzinfo=dt.UTC)
MAY_DAYS = {"from": "2026-05-01", "to": "2026-05-31"}
JUNE_DAYS = {"from": "2026-06-01", "to": "2026-06-30"}


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam")
    return make_survey(name="Na levering", slug="levering")


def fill(survey: Survey, counts: tuple[int, int, int], **fields: Any) -> None:
    for score, n in zip((3, 7, 10), counts, strict=True):
        for _ in range(n):
            make_response(survey=survey, score=score, channel="import", **fields)


def ask(client: Client, a: dict[str, str], b: dict[str, str] | None = None) -> str:
    data = {f"a.{name}": value for name, value in a.items()}
    data |= {f"b.{name}": value for name, value in (b or {}).items()}
    response = client.get("/compare/", data)
    assert response.status_code == 200
    return response.content.decode()


def words(page: str) -> str:
    body = page.split("<main", 1)[1]
    body = re.sub(r"<(title|desc)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_difference_worked_with_its_interval(viewer_client: Client, survey: Survey) -> None:
    """20/30/50 against 10/20/90: raw +36.7, from +17.1 to +54.7 (measuringu.com)."""
    fill(survey, (20, 30, 50), answered_at=MAY)
    fill(survey, (10, 20, 90), answered_at=JUNE)

    found = words(ask(viewer_client, MAY_DAYS, JUNE_DAYS))

    assert "B against A +37 points from +17 to +55 B is really higher than A." in found
    assert "NPS +30 from +14 to +44 n = 100" in found
    assert "NPS +67 from +54 to +76 n = 120" in found
    assert "Response rate: no invitations were sent in these days." in found


def test_swapping_turns_the_sign(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (20, 30, 50), answered_at=MAY)
    fill(survey, (10, 20, 90), answered_at=JUNE)
    page = ask(viewer_client, MAY_DAYS, JUNE_DAYS)

    (swap,) = re.findall(r'href="([^"]+)">Swap A and B', page)

    swapped = words(viewer_client.get(html.unescape(swap)).content.decode())
    assert "B against A −37 points from −55 to −17 B is really lower than A." in swapped


def test_part_is_held_against_the_rest(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (20, 30, 50), answered_at=MAY)
    fill(survey, (10, 20, 90), answered_at=JUNE)

    found = words(ask(viewer_client, {"survey": "levering"}, JUNE_DAYS))

    assert "+37 points from +17 to +55" in found
    assert "B lies inside A: they share 120 answers. So B is held against the rest of A." in found


def test_selections_that_overlap_are_not_tested(viewer_client: Client, survey: Survey) -> None:
    for month in (4, 5, 6):
        fill(survey, (5, 5, 20), answered_at=MAY.replace(month=month))

    found = words(
        ask(
            viewer_client,
            {"from": "2026-04-01", "to": "2026-05-31"},
            {"from": "2026-05-01", "to": "2026-06-30"},
        )
    )

    assert "A and B share 30 answers, so their difference is not tested" in found
    assert "points" not in found


def test_same_selection_twice_says_so(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (5, 5, 20), answered_at=MAY)

    assert "A and B are the same 30 answers." in words(ask(viewer_client, MAY_DAYS, MAY_DAYS))


def test_scores_of_two_scales_do_not_compare(viewer_client: Client, survey: Survey) -> None:
    other = make_survey(slug="tien", scale_min=1)
    fill(survey, (5, 5, 20), answered_at=MAY)
    fill(other, (5, 5, 20), answered_at=MAY)

    found = words(ask(viewer_client, {"survey": "levering"}, {"survey": "tien"}))

    assert "there is no difference to show" in found
    assert found.count("n = 30") == 2


def test_fewer_than_thirty_answers_get_no_verdict(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (29, 0, 0), answered_at=MAY)
    fill(survey, (0, 0, 200), answered_at=JUNE)

    found = words(ask(viewer_client, MAY_DAYS, JUNE_DAYS))

    assert "No verdict: it takes 30 answers on each side." in found
    assert "really higher" not in found


def test_side_without_answers_and_one_with_a_few(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (1, 1, 2), answered_at=MAY)

    found = words(ask(viewer_client, MAY_DAYS, JUNE_DAYS))

    assert "4 answers . Too few for a score" in found
    assert "No answers in this selection." in found
    assert "at least one of the two has no score" in found


def test_sides_have_properties_of_their_own(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, (10, 10, 20), answered_at=MAY, properties={"land": "Nederland"})
    fill(survey, (20, 10, 5), answered_at=MAY, properties={"land": "België"})

    page = ask(viewer_client, {"property.land": "Nederland"}, {"property.land": "België"})

    assert "n = 40" in words(page)
    assert "n = 35" in words(page)
    assert 'name="a.property.land" value="Nederland" id="id_a_property_land_1" checked' in page
    rows = f"{reverse('responses')}?survey=levering&amp;period=all&amp;property.land=Belgi%C3%AB"
    assert rows in page


def test_first_side_alone_offers_what_to_compare_with(
    viewer_client: Client, survey: Survey
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    other = make_survey(name="Relatie")
    fill(survey, (1, 1, 3), answered_at=MAY, properties={"land": "Nederland"})
    fill(survey, (1, 1, 1), answered_at=MAY, properties={"land": "België"})
    fill(other, (1, 1, 3), answered_at=MAY)

    page = ask(viewer_client, {"survey": "levering"} | MAY_DAYS)

    found = words(page)
    assert "The same days a year ago" in found
    assert "As many days, just before these" in found
    assert "Another survey: Relatie" in found
    assert "Two groups: Land · Nederland · België" in found
    last_year = html.unescape(re.findall(r'href="(/compare/[^"]+)"', page)[0])
    assert "a.from=2025-05-02&a.to=2025-06-01" in last_year
    assert "B against A" in words(viewer_client.get(last_year).content.decode())


def test_nothing_answered_yet_is_told(viewer_client: Client) -> None:
    assert "Nothing to compare yet" in words(ask(viewer_client, {}))


@pytest.mark.parametrize(
    "query", ["a.survey=missing", "b.survey=missing", "a.from=2026-02-30", "b.segment=land"]
)
def test_selection_that_is_none_is_refused(
    viewer_client: Client, survey: Survey, query: str
) -> None:
    assert viewer_client.get(f"/compare/?{query}").status_code == 422


def test_dashboard_leads_to_the_comparison(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (1, 1, 3), answered_at=MAY)

    page = viewer_client.get("/?survey=levering&from=2026-05-01&to=2026-05-31").content.decode()

    assert "/compare/?a.survey=levering&amp;a.from=2026-05-01&amp;a.to=2026-05-31" in page


def test_other_survey_leaves_a_campaign_out_and_keeps_the_rest(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, (2, 2, 6), answered_at=MAY)
    other = make_survey(name="Voor levering", slug="voor")
    fill(other, (1, 1, 8), answered_at=MAY)
    campaign = make_campaign(survey=survey, state="running")

    asked = {"survey": "voor", "campaign": str(campaign.pk), **MAY_DAYS}
    page = words(ask(viewer_client, {"survey": "levering", **MAY_DAYS}, asked))

    assert "The chosen campaign asks another survey than “Voor levering”: left out here." in page
    assert "Voor levering · May 2026" in page


def test_preset_chosen_in_the_place_of_days_counts(viewer_client: Client, survey: Survey) -> None:
    fill(survey, (2, 2, 6), answered_at=MAY)
    fill(survey, (2, 2, 8), answered_at=JUNE)
    days = {"survey": "levering", **MAY_DAYS}

    chosen = words(ask(viewer_client, days, {**days, "period": "all", "shown": "custom"}))
    typed = words(ask(viewer_client, days, {**days, "period": "all", "shown": "all"}))

    assert "all time" in chosen.split("B Na levering")[1]
    assert "n = 22" in chosen
    assert "n = 22" not in typed
    assert "May 2026" in typed


def test_another_survey_comes_beside_the_selection_one_came_with(
    viewer_client: Client, survey: Survey
) -> None:
    fill(survey, (2, 2, 6), answered_at=MAY)
    fill(make_survey(name="Voor levering", slug="voor"), (1, 1, 8), answered_at=MAY)

    page = html.unescape(ask(viewer_client, {"survey": "levering", **MAY_DAYS}))

    other = re.search(r'href="([^"]*)">\s*Another survey: Voor levering', page)
    before = re.search(r'href="([^"]*)">\s*As many days, just before', page)
    assert other is not None
    assert other[1].startswith("/compare/?a.survey=levering&")
    assert before is not None
    assert before[1].endswith("&of=b")
