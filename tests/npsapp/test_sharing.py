"""A dashboard for whoever has its link: what it shows, what it never shows, and until when."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from npsapp.models import User
from npsapp.throttle import memory
from responses.addresses import mask_addresses
from responses.models import SharedDashboard
from responses.sharing import shared_url
from surveys.models import Property, Survey
from tests.factories import make_contact, make_organisation, make_response, make_survey
from tests.npsapp.test_dashboard import fill

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _clock() -> Any:
    memory.clear()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def survey() -> Survey:
    make_organisation(name="Papier & Zn", time_zone="Europe/Amsterdam")
    Property.objects.create(key="region", label="Region", is_segment=True)
    survey = make_survey(name="Na levering", slug="levering")
    fill(survey, [3] * 6 + [9] * 30, properties={"region": "Noord"}, answered_at=NOW)
    for month in (9, 10):
        fill(
            survey,
            [9] * 8,
            properties={"region": "Zuid"},
            answered_at=dt.datetime(2026, month, 3, tzinfo=dt.UTC),
        )
    make_response(
        survey=survey,
        contact=make_contact(first_name="Wilhelmina", last_name="Zilver"),
        score=9,
        comment="Bel mij op wil@zilver.example, graag.",
        # Without it she would be told by the total less the groups, and no group be shown.
        properties={"region": "Zuid"},
        channel="import",
        answered_at=NOW,
    )
    return survey


def share(client: Client, query: str = "survey=levering&period=12m", **fields: str) -> str:
    sent = {"name": "Voor de raad", "days": "moves", "lasts": "30", "query": query} | fields
    response = client.post(reverse("dashboard_shares"), sent)
    assert response.status_code == 302, response.content.decode()
    return shared_url(SharedDashboard.objects.latest("pk")).removeprefix("http://localhost:8000")


def has_figures(response: Any) -> bool:
    body = response.content.decode()
    return "Promoters" in body or "NPS" in body or "<svg" in body


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3] if "://" in url else url


def test_shared_page_shows_figures_and_leads_nowhere(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    path = path_of(share(manager_client))

    response = client.get(path)

    body = response.content.decode()
    assert response.status_code == 200
    assert "Voor de raad" in body
    assert "n = 53" in body
    assert "By Region" in body
    assert not re.findall(r"<(?:a|nav|form|button|input|script)\b", body)
    for told in ("Wilhelmina", "Zilver", "Bel mij", "zilver.example", "/responses/", "overdue"):
        assert told not in body


def test_shared_page_is_kept_nowhere_and_not_found(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    response = client.get(path_of(share(manager_client)))

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


def test_shared_page_reads_and_writes_nothing_of_its_address(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    path = path_of(share(manager_client))

    with CaptureQueriesContext(connection) as queries:
        body = client.get(f"{path}?property.region=Noord&period=30d&category=detractor")

    assert "n = 53" in body.content.decode()
    firsts = {query["sql"].strip(" (\n").upper().split()[0] for query in queries}
    writing = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b")
    assert firsts <= {"SELECT", "WITH"}
    assert not [query for query in queries if writing.search(query["sql"])]


def test_comments_are_shown_on_request_without_names_and_addresses(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    body = client.get(path_of(share(manager_client, with_comments="on"))).content.decode()

    assert "Bel mij op …, graag." in body
    assert "Zilver" not in body
    assert "zilver.example" not in body


def test_comment_that_cannot_be_masked_is_left_out(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    hidden = f"{'x' * 300}@zilver.example"
    make_response(survey=survey, score=9, comment=hidden, channel="import", answered_at=NOW)

    body = client.get(path_of(share(manager_client, with_comments="on"))).content.decode()

    assert "Bel mij op …, graag." in body
    assert "zilver.example" not in body


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mail a.b+c@zilver.example!", "Mail …!"),
        ("(jan@zilver.example)", "(…)"),
        ("jan(at)zilver.example of bel", "… of bel"),
        ("jan @ zilver.example.", "…."),
        ("Twee voor 5 euro, zie <jan@zilver.example>", "Twee voor 5 euro, zie <…>"),
        ("Geen adres: 12-11, a/b.", "Geen adres: 12-11, a/b."),
    ],
)
def test_addresses_are_masked_within_their_sentence(text: str, masked: str) -> None:
    assert mask_addresses(text) == masked


def test_too_few_answers_show_no_figure_at_all(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    fill(survey, [0] * 4, properties={"region": "Oost"}, answered_at=NOW, comment="Slecht")
    query = "survey=levering&period=12m&property.region=Oost"

    body = client.get(path_of(share(manager_client, query, with_comments="on"))).content.decode()

    assert "Too few answers for figures" in body
    assert "Slecht" not in body
    assert "4 answers" not in body


def test_preset_moves_along_or_stays(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    query = "survey=levering&period=month"
    moving = path_of(share(manager_client, query))
    fixed = path_of(share(manager_client, query, days="stays"))

    with time_machine.travel(NOW + dt.timedelta(days=14), tick=False):
        assert "1 to 6 December 2026" in client.get(moving).content.decode()
        assert "1 to 22 November 2026" in client.get(fixed).content.decode()


@pytest.mark.parametrize(("days", "status"), [(30, 200), (31, 410)])
def test_link_ends_after_its_last_day(
    client: Client, manager_client: Client, survey: Survey, days: int, status: int
) -> None:
    path = path_of(share(manager_client))

    with time_machine.travel(NOW + dt.timedelta(days=days), tick=False):
        response = client.get(path)

    assert response.status_code == status
    assert has_figures(response) == (status == 200)


def test_revoked_link_opens_nothing(client: Client, manager_client: Client, survey: Survey) -> None:
    path = path_of(share(manager_client))
    link = SharedDashboard.objects.get()

    revoked = manager_client.post(reverse("dashboard_share_revoke", args=[link.pk]))
    response = client.get(path)

    assert revoked.status_code == 302
    assert response.status_code == 410
    assert "This link has ended" in response.content.decode()
    assert not has_figures(response)


def test_forged_link_is_unknown(client: Client, manager_client: Client, survey: Survey) -> None:
    path = path_of(share(manager_client))
    key = SharedDashboard.objects.get().key

    for forged in (f"/shared/{key}/", path[:-3] + "xx/"):
        response = client.get(forged)
        assert response.status_code == 404
        assert not has_figures(response)


def test_link_of_a_property_that_is_gone_shows_no_more_than_was_shared(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    path = path_of(share(manager_client, "survey=levering&period=12m&property.region=Noord"))
    Property.objects.all().delete()

    response = client.get(path)

    assert response.status_code == 410
    assert not has_figures(response)


def test_page_opened_without_end_asks_to_wait(
    client: Client, manager_client: Client, survey: Survey
) -> None:
    path = path_of(share(manager_client))[:-3] + "xx/"

    statuses = [client.get(path).status_code for _ in range(61)]

    assert statuses == [404] * 60 + [429]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"lasts": "until", "until": "2026-11-21"}, "from today on"),
        ({"lasts": "until", "until": "2028-01-01"}, "from today on"),
        ({"lasts": "until"}, "Choose a day."),
        ({"name": ""}, "This field is required"),
    ],
)
def test_form_says_what_is_wrong(
    manager_client: Client, survey: Survey, fields: dict[str, str], problem: str
) -> None:
    sent = {"name": "x", "days": "moves", "lasts": "7", "query": "survey=levering&period=12m"}

    response = manager_client.post(reverse("dashboard_shares"), sent | fields)

    assert response.status_code == 422
    assert problem in response.content.decode()
    assert not SharedDashboard.objects.exists()


def test_list_names_who_shared_and_until_when(
    manager_client: Client, manager: User, survey: Survey
) -> None:
    path = path_of(share(manager_client, lasts="until", until="2026-12-31"))

    body = manager_client.get(reverse("dashboard_shares")).content.decode()

    assert "works up to and including 31 December 2026" in " ".join(body.split())
    assert str(manager) in body
    assert path in body


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "agent"}])
def test_link_ends_with_the_right_of_who_made_it(
    client: Client, manager_client: Client, manager: User, survey: Survey, change: dict[str, Any]
) -> None:
    path = path_of(share(manager_client))
    assert client.get(path).status_code == 200

    User.objects.filter(pk=manager.pk).update(**change)

    assert client.get(path).status_code == 410


def test_address_too_long_to_share_whole_is_refused(manager_client: Client, survey: Survey) -> None:
    query = "survey=levering&period=12m" + "&property.region=Noord" * 200

    asked = manager_client.get(f"{reverse('dashboard_shares')}?{query}")
    sent = {"name": "x", "days": "moves", "lasts": "7", "query": query}
    posted = manager_client.post(reverse("dashboard_shares"), sent)

    for response in (asked, posted):
        assert response.status_code == 422
        assert "This view is too long to be shared" in response.content.decode()
    assert not SharedDashboard.objects.exists()
