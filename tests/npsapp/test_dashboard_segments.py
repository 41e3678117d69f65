"""Segments, customer value and missing voices on the page."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from npsapp.models import User
from npsapp.pages.panels import asking
from npsapp.pages.panels.frame import Frame
from npsapp.pages.panels.headline import show_headline
from npsapp.pages.panels.missing import rows_of_missing, show_missing
from npsapp.pages.panels.reading import read_frame as read_dashboard
from npsapp.pages.panels.segments import rows_of_segments, show_segments
from npsapp.pages.panels.value import rows_of_value, show_value
from responses.forms.selection import DashboardForm
from responses.models import Response
from responses.reports.counting import count_days, count_responses
from responses.reports.headline import summarise
from responses.reports.segments import list_segments
from responses.scoring import DEFAULT_THRESHOLDS
from responses.selection import Period, Selection
from responses.spans import Span
from surveys.models import Invitation, Property, Survey, get_organisation
from tests.factories import (
    make_campaign,
    make_contact,
    make_event,
    make_invitation,
    make_organisation,
    make_property,
    make_survey,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ODD = """O'Brien & "Zn" <b>=100%</b> ✓"""


@pytest.fixture
def survey() -> Survey:
    make_organisation(time_zone="Europe/Amsterdam")
    return make_survey(name="Na levering", slug="levering")


def fill(survey: Survey, scores: list[int], **fields: Any) -> None:
    Response.objects.bulk_create(
        Response(
            survey=survey,
            scale_min=survey.scale_min,
            score=score,
            **{"answered_at": NOW, "channel": "import"} | fields,
        )
        for score in scores
    )


def body_of(client: Client, query: str = "") -> str:
    response = client.get(f"/{query}")
    assert response.status_code == 200
    return response.content.decode()


def section(client: Client, name: str, query: str = "") -> str:
    """The words of one panel on one line; nothing where there is none."""
    found = re.search(
        rf'<section class="card" id="{name}".*?</section>', body_of(client, query), re.DOTALL
    )
    words = re.sub(r"<title>.*?</title>", " ", found[0] if found else "", flags=re.DOTALL)
    table = r"<details>\s*<summary>Show as a table.*?</details>"
    words = re.sub(table, " ", words, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", words)).split())


def links(client: Client, query: str = "") -> list[str]:
    return [
        html.unescape(address)
        for address in re.findall(r'<a [^>]*?href="([^"]+)"', body_of(client, query))
    ]


def read_frame(survey: Survey, user: User | None, **options: str) -> Frame:
    organisation = get_organisation()
    selection = Selection(zone=organisation.zone, survey=survey, is_linked=user is not None)
    tally = count_responses(selection)
    return Frame(
        user=user,
        organisation=organisation,
        now=NOW,
        survey=survey,
        period=Period.ALL,
        selection=selection,
        days=count_days(selection),
        tally=tally,
        headline=summarise(tally),
        answered_at=NOW,
        groups=list_segments(survey),
        properties={each.key: each for each in Property.objects.all()},
        options=options,
        thresholds=DEFAULT_THRESHOLDS,
    )


def test_groups_show_the_difference_to_the_rest_and_its_mark(
    viewer_client: Client, survey: Survey
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, [3] * 10 + [7] * 20 + [10] * 90, properties={"land": "België"})
    fill(survey, [3] * 20 + [7] * 30 + [10] * 50, properties={"land": "Polen"})
    fill(survey, [3] * 3 + [9] * 6, properties={"land": "Malta"})

    words = section(viewer_client, "compare", "?period=all")

    assert "België +67" in words
    assert "+36 +17 to +54 really higher" in words
    assert "really lower" in words
    assert "Malta +33 −26 to +76 too few to compare" in words
    assert "even though 2 groups are looked at together" in words


# In the fiftieth day of a quarter: the one before is held against it up to its fiftieth day.
IN_MAY = dt.datetime(2026, 5, 20, 12, tzinfo=dt.UTC)


def read_quarter(survey: Survey, user: User) -> Frame:
    """Thirty answers in the quarter that runs, and as many in the one before."""
    make_property(key="land", label="Land", is_segment=True)
    for day in (dt.datetime(2026, 4, 10, tzinfo=dt.UTC), dt.datetime(2026, 2, 15, tzinfo=dt.UTC)):
        fill(survey, [3] * 10 + [10] * 20, properties={"land": "Polen"}, answered_at=day)
    organisation = get_organisation()
    asked = {"survey": survey.slug, "period": "quarter"}
    form = DashboardForm(asked, organisation=organisation, now=IN_MAY)
    assert form.is_valid()
    return read_dashboard(form, survey, user=user, organisation=organisation, now=IN_MAY)


def test_change_is_explained_since_the_days_of_the_headline(survey: Survey, viewer: User) -> None:
    frame = read_quarter(survey, viewer)

    movement = show_segments(frame)["movement"]

    assert movement.span == Span(dt.date(2026, 1, 1), dt.date(2026, 2, 19))
    assert movement.span == show_headline(frame)["earlier"].span


def test_change_is_not_explained_across_a_change_of_the_survey(
    survey: Survey, viewer: User
) -> None:
    make_event(kind="survey_change", first_day=dt.date(2026, 3, 1))

    assert show_segments(read_quarter(survey, viewer))["movement"] is None


def test_four_answers_are_counted_and_nothing_else(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3, 9, 9, 9], properties={"land": "België", "omzet": "100"})

    assert "België too few for a score – – Answers of België: 4" in section(
        viewer_client, "compare"
    )
    assert section(viewer_client, "value") == ""
    assert section(viewer_client, "missing") == ""


def test_without_answers_there_are_no_panels(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)

    assert [section(viewer_client, name) for name in ("compare", "value", "missing")] == [""] * 3


def test_without_a_segment_it_says_how_to_choose_one(
    viewer_client: Client, manager_client: Client, survey: Survey
) -> None:
    fill(survey, [9] * 6)

    assert "A manager chooses them" in section(viewer_client, "compare")
    assert "Choose properties" in section(manager_client, "compare")
    assert reverse("properties") in links(manager_client)


def test_segment_that_no_answer_carries_is_named(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, [9] * 6)

    assert "No answer to this survey carries a property by which results are compared (Land)" in (
        section(viewer_client, "compare")
    )


def test_forty_values_keep_the_page_light(manager_client: Client, survey: Survey) -> None:
    for number in range(5):
        make_property(key=f"kenmerk-{number}", label=f"Kenmerk {number}", is_segment=True)
    campaign = make_campaign(survey=survey)
    for number in range(40):
        values = {f"kenmerk-{n}": f"Waarde met een tamelijk lange naam {number}" for n in range(5)}
        fill(survey, [3] * 10 + [9] * (60 - number), properties=values)
        contact = make_contact(properties=values)
        make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW)

    query = "?period=all&then=kenmerk-1"
    sent = manager_client.get(f"/{query}", headers={"Accept-Encoding": "gzip"}).content
    words = section(manager_client, "compare", "?period=all")

    assert len(sent) < 25_000
    assert "20 smaller groups with 810 answers are not shown." in words
    assert "28 smaller groups are not shown: 0 answered of 28 asked." in section(
        manager_client, "missing", "?period=all"
    )


def test_odd_characters_lead_to_their_rows(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="soort", label="Soort", is_segment=True)
    fill(survey, [9] * 6, properties={"land": ODD, "soort": ODD})

    body = body_of(viewer_client, "?period=all&then=soort")
    rows = [
        each for each in links(viewer_client, "?period=all&then=soort") if "property.land" in each
    ]

    assert "<b>=100%</b>" not in body
    lists = [each for each in rows if each.startswith(reverse("responses"))]
    assert len(lists) == 2
    for each in lists:
        assert ">6<" in re.sub(r"\s", "", viewer_client.get(each).content.decode())
    narrowed = next(each for each in rows if each.startswith("?"))
    assert "n = 6" in " ".join(re.sub(r"<[^>]+>", "", body_of(viewer_client, narrowed)).split())


def test_scale_from_one_is_compared_like_the_other(viewer_client: Client) -> None:
    survey = make_survey(slug="tien", scale_min=1)
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, [1] * 6 + [10] * 6, properties={"land": "België"})

    assert "België 0 −48 to +48" in section(viewer_client, "compare", "?period=all")


def test_choices_keep_each_other_and_the_preset(viewer_client: Client, survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="soort", label="Soort", is_segment=True)
    fill(survey, [9] * 40, properties={"land": "België", "soort": "Nieuw"})
    fill(survey, [9] * 40, properties={"land": "Polen", "soort": "Nieuw"})

    found = links(viewer_client, "?period=12m&by=land&sort=score&missing=soort")

    kept = "survey=levering"
    assert f"?{kept}&period=12m&by=soort&missing=soort&sort=score#compare" in found
    assert f"?{kept}&period=12m&by=land&missing=soort#compare" in found
    assert f"?{kept}&period=12m&by=land&missing=soort&sort=score&then=soort#crossing" in found
    assert f"?{kept}&period=12m&property.land=Polen&by=land&missing=soort&sort=score" in found


@pytest.mark.parametrize(
    "query", ["then=nonsense", "then=land", "sort=x", "value=%F0%9F%A6%86", "missing=x"]
)
def test_nonsense_in_the_address_is_passed_over(
    viewer_client: Client, survey: Survey, query: str
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, [9] * 6, properties={"land": "België"})

    assert "By Land" in section(viewer_client, "compare", f"?period=all&by=land&{query}")


def test_value_is_worded_as_an_association(viewer_client: Client, survey: Survey) -> None:
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3] * 6, properties={"omzet": "250"})
    fill(survey, [9] * 9, properties={"omzet": "500,00"})
    fill(survey, [9, 9])
    fill(survey, [8] * 2, properties={"omzet": "7"})

    words = section(viewer_client, "value")

    assert "Customers who are now detractors stand for 1,500 of 6,014 (25.0 %)." in words
    assert "An association" in words
    assert "Detractor 6 6 250 1,500 25.0 %" in words
    assert "Passive 2 2 too few to show" in words
    assert "Of 2 customers no amount is known." in words


def test_value_of_another_property_is_asked_for_by_name(
    viewer_client: Client, viewer: User, survey: Survey
) -> None:
    make_property(key="marge", label="Marge", kind="money")
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3] * 6, properties={"omzet": "1250", "marge": "10"})
    viewer.language = "nl"
    viewer.save(update_fields=["language"])

    assert "Marge" in section(viewer_client, "value").split("Omzet")[0]
    assert "7.500" in section(viewer_client, "value", "?value=omzet")


def test_missing_voices_are_named_and_link_to_who_was_asked(
    viewer_client: Client, survey: Survey
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    campaign = make_campaign(survey=survey)
    for land, asked, answered in (("België", 60, 2), ("Nederland", 60, 30)):
        for number in range(asked):
            invitation = make_invitation(
                campaign=campaign,
                contact=make_contact(properties={"land": land}),
                state="sent",
                sent_at=NOW,
                answered_at=NOW if number < answered else None,
            )
            if number < answered:
                fill(survey, [9], invitation=invitation, channel="mail", properties={"land": land})

    words = section(viewer_client, "missing")

    assert (
        "Heard less than they were asked: België , 50.0 % of those asked and 6.2 % of those"
        " who answered." in words
    )
    assert "België answers less often 3.3 % 1 % to 11 % 2 / 60 50.0 % 6.2 %" in words
    asked_lists = [
        each
        for each in links(viewer_client)
        if each.startswith(reverse("invited")) and "property.land=Belgi" in each
    ]
    assert [each.rpartition("&part=")[2] for each in asked_lists] == ["answered", "reached"]


def test_many_answers_are_counted_for_those_who_ask(
    viewer_client: Client, survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3] * 6, properties={"land": "België", "omzet": "250"})
    monkeypatch.setattr(asking, "COUNTED_AT_ONCE", 5)

    assert "Count now" in section(viewer_client, "value")
    assert "Count now" in section(viewer_client, "missing")
    (asked,) = [each for each in links(viewer_client) if each.endswith("#value")]
    assert "stand for 1,500 of 1,500" in section(viewer_client, "value", asked.partition("#")[0])


def test_shared_page_leaves_out_what_nobody_there_can_ask_for(
    survey: Survey, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    fill(survey, [3] * 6, properties={"land": "België"})
    contact = make_contact(properties={"land": "België"})
    make_invitation(
        campaign=make_campaign(survey=survey), contact=contact, state="sent", sent_at=NOW
    )
    monkeypatch.setattr(asking, "COUNTED_AT_ONCE", 5)

    assert show_missing(read_frame(survey, None)) == {}
    assert show_missing(read_frame(survey, viewer, missing="land"))["voices"].everybody.total == 1


def test_shared_page_has_no_links_and_no_amounts(survey: Survey) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    make_property(key="soort", label="Soort", is_segment=True)
    values = {"land": "België", "omzet": "250", "soort": "Nieuw"}
    campaign = make_campaign(survey=survey)
    for land in ("België", "Frankrijk"):
        fill(survey, [3] * 40, properties=values | {"land": land})
        for _ in range(5):
            contact = make_contact(properties=values | {"land": land})
            make_invitation(campaign=campaign, contact=contact, state="sent", sent_at=NOW)
    frame = read_frame(survey, None, then="soort")

    segments, missing = show_segments(frame), show_missing(frame)
    pages = [
        render_to_string(f"dashboard/{name}.html", {"panel": panel, "frame": frame})
        for name, panel in (("segments", segments), ("missing", missing))
    ]

    assert show_value(frame) == {}
    assert "België" in pages[0]
    assert "België" in pages[1]
    assert [page.count("<a ") for page in pages] == [0, 0]


def test_panels_take_few_queries(
    survey: Survey, viewer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3] * 40, properties={"land": "België", "omzet": "250"})
    make_invitation(campaign=make_campaign(survey=survey), state="sent", sent_at=NOW)
    frame = read_frame(survey, viewer)

    with django_assert_num_queries(1):
        show_segments(frame)
    with django_assert_num_queries(1):
        show_value(frame)
    with django_assert_num_queries(1):
        show_missing(frame)


def test_files_hold_what_the_panels_show(survey: Survey, viewer: User) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    fill(survey, [3] * 10 + [9] * 30, properties={"land": "België", "omzet": "250"})
    fill(survey, [3] * 4, properties={"land": "Polen", "omzet": "250"})
    contact = make_contact(properties={"land": "België"})
    make_invitation(
        campaign=make_campaign(survey=survey), contact=contact, state="sent", sent_at=NOW
    )
    frame = read_frame(survey, viewer)

    for show, rows_of in (
        (show_segments, rows_of_segments),
        (show_value, rows_of_value),
        (show_missing, rows_of_missing),
    ):
        heads, rows = rows_of(show(frame))
        assert {len(row) for row in rows} == {len(heads)}
        assert rows_of({})[1] == []
    _heads, rows = rows_of_segments(show_segments(frame))
    assert [row[:6] for row in rows] == [
        ["België", 40, 10, 0, 30, 50],
        ["Polen", 4, None, None, None, None],
    ]


def test_erased_person_stays_in_the_segment_of_their_answer(
    viewer_client: Client, survey: Survey
) -> None:
    make_property(key="land", label="Land", is_segment=True)
    make_property(key="omzet", label="Omzet", kind="money")
    contact = make_contact(properties={"land": "België"})
    invitation = make_invitation(
        campaign=make_campaign(survey=survey),
        contact=contact,
        state="sent",
        sent_at=NOW - dt.timedelta(days=1),
        answered_at=NOW,
    )
    fill(survey, [9] * 6, invitation=None, properties={"land": "België", "omzet": "10"})
    fill(survey, [9], invitation=invitation, channel="mail", properties={"land": "België"})
    Invitation.objects.update(contact=None)
    contact.delete()

    assert "Answers of België: 7" in section(viewer_client, "compare")
    assert "“Land” is not known of 1 who were asked, 1 of whom answered." in section(
        viewer_client, "missing"
    )
    assert Property.objects.count() == 2
