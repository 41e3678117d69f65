"""The dashboard's delivery gap and touchpoints, with the worked pairs of the statistics."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from npsapp.models import User
from npsapp.pages.panels.delivery import rows_of_delivery, show_delivery
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.reading import read_frame
from responses.forms.selection import DashboardForm
from surveys.models import Survey, get_organisation
from tests.factories import (
    make_campaign,
    make_contact,
    make_organisation,
    make_property,
    make_survey,
)
from tests.responses.deliveries import DAY, deliver, make_surveys, say

pytestmark = pytest.mark.django_db

# Both from R, t.test(paired = TRUE); rows before, columns after, detractor to promoter.
WITHIN = ((10, 6, 4), (3, 20, 12), (2, 7, 36))
LOSS = ((12, 2, 1), (8, 18, 4), (9, 14, 32))


def read(client: Client, survey: Survey, query: str = "") -> str:
    response = client.get(f"/?survey={survey.slug}{query}")
    assert response.status_code == 200
    body = response.content.decode()
    found = re.search(r'<section class="card stack" id="delivery".*?</section>', body, re.DOTALL)
    body = re.sub(r"<svg\b.*?</svg>", " ", found.group() if found else "", flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def frame_of(survey: Survey, user: User | None, query: str = "") -> Frame:
    organisation, now = get_organisation(), timezone.now()
    data = {"survey": survey.slug, **dict(each.split("=") for each in query.split("&") if each)}
    form = DashboardForm(data, organisation=organisation, now=now)
    assert form.is_valid()
    return read_frame(form, survey, user=user, organisation=organisation, now=now)


@pytest.fixture
def after() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam")
    return make_surveys()[1]


def test_gap_within_the_margin_worked_in_r(viewer_client: Client, after: Survey) -> None:
    deliver(after, WITHIN, timezone.now())

    words = read(viewer_client, after)

    assert words.startswith("Delivery gap +12 from −2 to +26 100 pairs Within the margin:")
    assert "100 of the 100 who answered after it had answered before (100.0 %)." in words
    assert "Down 12 12.0 % Same category 66 66.0 % Up 22 22.0 %" in words
    assert "9 customers fell from promoter" in words
    assert "From +25 before to +37 after: +12" in words


def test_share_of_pairs_is_of_those_who_answered_after(
    viewer_client: Client, after: Survey
) -> None:
    now, before = timezone.now(), after.pre_survey
    assert before is not None
    deliver(after, WITHIN, now)
    for survey, alone, at in ((before, 50, now - DAY), (after, 25, now)):
        for _ in range(alone):
            say(survey, make_contact(), 9, at)

    words = read(viewer_client, after)

    assert "100 of the 125 who answered after it had answered before (80.0 %)." in words


def test_gap_that_is_a_loss_worked_in_r(viewer_client: Client, after: Survey) -> None:
    deliver(after, LOSS, timezone.now())

    words = read(viewer_client, after)

    assert words.startswith("Delivery gap −32 from")
    assert "The same customers are really less willing to recommend you after" in words
    assert "23 customers fell from promoter" in words


def test_gap_of_few_changes_is_tested_exactly(viewer_client: Client, after: Survey) -> None:
    """Eleven changes down by one and none up: 2 / 2**11 by the sign-flip test."""
    deliver(after, ((0, 0, 0), (0, 0, 0), (0, 11, 29)), timezone.now())

    assert "Tested exactly (every change with either sign)" in read(viewer_client, after)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (((0, 0, 0), (0, 0, 0), (0, 9, 31)), "No verdict: only 9 customers changed category"),
        (((0, 0, 0), (0, 20, 0), (0, 0, 20)), "Nobody changed category"),
        (((0, 0, 0), (0, 0, 0), (0, 12, 10)), "No verdict: fewer than 30 pairs."),
    ],
)
def test_gap_without_ground_gets_no_verdict(
    viewer_client: Client, after: Survey, table: Any, words: str
) -> None:
    deliver(after, table, timezone.now())

    found = read(viewer_client, after)

    assert words in found
    assert "really" not in found


def test_four_pairs_are_counted_and_not_measured(viewer_client: Client, after: Survey) -> None:
    deliver(after, ((0, 0, 0), (0, 0, 0), (1, 1, 2)), timezone.now())

    assert "4 customers answered before and after. Too few for a gap" in read(viewer_client, after)


def test_answers_without_pairs_say_so_and_still_show_all(
    viewer_client: Client, after: Survey
) -> None:
    now, before = timezone.now(), after.pre_survey
    assert before is not None
    for number in range(40):
        say(before, make_contact(), 10, now - DAY)
        say(after, make_contact(), 3 if number % 2 else 10, now)

    words = read(viewer_client, after)

    assert "Nobody in this selection answered both" in words
    assert "From +100 before to 0 after: −100" in words
    assert "These are not the same people" in words


def test_gap_is_shown_for_no_two_scales(viewer_client: Client, after: Survey) -> None:
    deliver(after, WITHIN, timezone.now())
    other = make_survey(scale_min=1)
    Survey.objects.filter(pk=after.pk).update(pre_survey=other)

    page = viewer_client.get(f"/?survey={after.slug}").content.decode()

    assert "was asked on another scale" in page
    assert 'id="delivery"' not in page


def test_segment_takes_thirty_pairs_and_is_marked_among_all(after: Survey, viewer: User) -> None:
    make_property(key="land", label="Land", is_segment=True)
    now = timezone.now()
    deliver(after, ((0, 0, 0), (0, 0, 0), (20, 10, 10)), now, properties={"land": "Nederland"})
    deliver(after, ((5, 6, 4), (4, 6, 4), (1, 1, 5)), now, properties={"land": "België"})
    deliver(after, ((0, 0, 0), (0, 0, 0), (29, 0, 0)), now, properties={"land": "Polen"})

    panel = show_delivery(frame_of(after, viewer))

    rows = [(each["value"], each["gap"].n, each["is_marked"]) for each in panel["segments"]]
    assert rows == [("Nederland", 40, True), ("België", 36, False)]
    assert (panel["delivery"].by.small, panel["delivery"].by.pairs_in_small) == (1, 29)


def test_segment_of_the_page_narrows_pairs_and_both_surveys(after: Survey, viewer: User) -> None:
    make_property(key="land", label="Land", is_segment=True)
    now = timezone.now()
    deliver(after, ((0, 0, 0), (0, 0, 0), (5, 0, 5)), now, properties={"land": "Nederland"})
    deliver(after, ((0, 0, 0), (0, 0, 0), (0, 0, 7)), now, properties={"land": "België"})

    panel = show_delivery(frame_of(after, viewer, "property.land=Nederland"))

    delivery = panel["delivery"]
    assert (delivery.pairs, delivery.before.n, delivery.after.n) == (10, 10, 10)


def test_gap_is_divided_by_the_property_of_the_page(after: Survey, viewer: User) -> None:
    for key in ("land", "soort"):
        make_property(key=key, label=key.title(), is_segment=True)
    kind = {"land": "Polen", "soort": "Vast"}
    deliver(after, ((0, 0, 0), (0, 0, 0), (1, 1, 4)), timezone.now(), properties=kind)

    panel = show_delivery(frame_of(after, viewer, "property.soort=Vast"))

    assert panel["property"] == "Soort"


def test_other_survey_is_shown_as_this_one(after: Survey, viewer: User) -> None:
    deliver(after, WITHIN, timezone.now())
    before = after.pre_survey
    assert before is not None
    options = "period=quarter&channel=import&grain=week"

    panel = show_delivery(frame_of(after, viewer, options))

    urls = [url for each, url, _drawn in panel["touchpoints"] if each.survey == before]
    assert urls == [f"/?survey={before.slug}&channel=import&period=quarter&grain=week"]


def test_first_survey_leads_to_the_gap(viewer_client: Client, after: Survey) -> None:
    deliver(after, WITHIN, timezone.now())
    before = after.pre_survey
    assert before is not None

    page = viewer_client.get(f"/?survey={before.slug}").content.decode()

    assert "the delivery gap</a>" in page
    assert 'id="delivery"' not in page


def test_touchpoints_stand_in_the_order_of_the_customer(after: Survey, viewer: User) -> None:
    deliver(after, WITHIN, timezone.now())
    relation = make_survey(name="Relatie", scale_min=1)
    say(relation, make_contact(), 9, timezone.now())

    panel = show_delivery(frame_of(after, viewer))

    kinds = [(each.survey.touchpoint, each.n) for each, _url, _drawn in panel["touchpoints"]]
    assert kinds == [("relationship", 1), ("pre_delivery", 100), ("post_delivery", 100)]
    assert panel["has_two_scales"]


def test_shared_page_has_no_links_and_no_other_surveys(after: Survey) -> None:
    deliver(after, WITHIN, timezone.now())
    frame = frame_of(after, None)
    frame = replace(frame, selection=replace(frame.selection, is_linked=False))

    panel = show_delivery(frame)

    assert "touchpoints" not in panel
    assert [cell["url"] for row in panel["flow"] for cell in row["cells"]] == [""] * 9
    assert not {"pairs_url", "after_url", "fell_url"} & set(panel)


def test_rows_of_the_panel_are_the_flow(after: Survey, viewer: User) -> None:
    deliver(after, WITHIN, timezone.now())

    header, rows = rows_of_delivery(show_delivery(frame_of(after, viewer)))

    assert len(header) == 3
    assert [row[2] for row in rows] == [10, 6, 4, 3, 20, 12, 2, 7, 36]


def test_panel_asks_the_database_four_things(
    after: Survey, viewer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    deliver(after, WITHIN, timezone.now(), properties={"land": "Nederland"})
    frame = frame_of(after, viewer)

    # Scores of all surveys, whether the property has bands, the pairs that are tallied, newer ones.
    with django_assert_num_queries(4):
        show_delivery(frame)


def test_list_behind_a_number_shows_those_people(agent_client: Client, after: Survey) -> None:
    now = timezone.now() - dt.timedelta(minutes=1)
    deliver(after, ((0, 0, 0), (0, 0, 0), (2, 1, 1)), now, comment="Te laat bezorgd")

    page = agent_client.get(f"/responses/pairs/?survey={after.slug}&step=fell").content.decode()

    assert page.count("Proefpersoon") == 3
    assert "Fell from promoter" in page


def test_list_shows_viewers_no_addresses(viewer_client: Client, after: Survey) -> None:
    now, before = timezone.now(), after.pre_survey
    assert before is not None
    contact = make_contact(first_name="", last_name="wie@klanten.example")
    for each, score, at in ((before, 10, now - DAY), (after, 3, now)):
        say(each, contact, score, at, occasion="wie@klanten.example")

    page = viewer_client.get(f"/responses/pairs/?survey={after.slug}").content.decode()

    assert "Nameless" in page
    assert "klanten.example" not in page


@pytest.mark.parametrize("query", ["", "?survey=missing", "?survey={slug}&step=sideways"])
def test_list_of_nothing_known_is_refused(viewer_client: Client, after: Survey, query: str) -> None:
    response = viewer_client.get(f"/responses/pairs/{query.format(slug=after.slug)}")

    assert response.status_code == 422


def test_list_of_a_survey_without_one_before_it_is_refused(
    viewer_client: Client, after: Survey
) -> None:
    before = after.pre_survey
    assert before is not None

    assert viewer_client.get(f"/responses/pairs/?survey={before.slug}").status_code == 422


def test_score_of_zero_after_the_delivery_is_shown(viewer_client: Client, after: Survey) -> None:
    even = ((0, 0, 0), (0, 0, 0), (15, 5, 15))  # from promoters only to as many of each
    deliver(after, even, timezone.now() - dt.timedelta(minutes=1))

    page = viewer_client.get(f"/?survey={after.slug}&period=all")

    assert page.status_code == 200
    assert page.context["panels"]["delivery"]["after"] == 0


def test_campaign_is_named_where_nobody_is_known(manager_client: Client, after: Survey) -> None:
    campaign = make_campaign(survey=after, name="Najaar jan@winkel.example", state="running")
    query = f"survey={after.slug}&campaign={campaign.pk}&period=all"

    for address in (f"/dashboard/shares/?{query}", f"/responses/pairs/?{query}"):
        assert manager_client.get(address).status_code == 200
    compared = manager_client.get(f"/compare/?a.survey={after.slug}&a.campaign={campaign.pk}")
    assert compared.status_code == 200
    assert "jan@winkel.example" in manager_client.get(f"/?{query}").content.decode()
