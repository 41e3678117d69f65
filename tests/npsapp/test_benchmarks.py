"""Published figures: a list that managers keep, and lines that a reader asks for."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from npsapp.models import User
from npsapp.pages.panels.benchmarks import benchmark_lines, rows_of_benchmarks, show_benchmarks
from npsapp.pages.panels.reading import read_frame
from responses.forms.selection import DashboardForm
from responses.models import Benchmark
from responses.published import PUBLISHED, add_published
from surveys.models import Survey, get_organisation
from tests.factories import make_organisation, make_response, make_survey

pytestmark = pytest.mark.django_db
FILLED = {
    "name": "Voorbeeldwinkel",
    "sector": "Retail",
    "country": "Netherlands",
    "year": "2024",
    "figure": "16",
    "source": "Its annual report",
    "link": "https://voorbeeld.example/report",
    "method": "Asked of its own customers.",
}


def make_benchmark(**fields: Any) -> Benchmark:
    made = {"name": "Voorbeeldwinkel", "year": 2024, "figure": 16, "source": "Report"}
    return Benchmark.objects.create(**made | fields)


@pytest.fixture
def survey() -> Survey:
    make_organisation()
    survey = make_survey(slug="levering")
    for score in [3] * 20 + [7] * 30 + [10] * 50:
        make_response(survey=survey, score=score, channel="import")
    return survey


def read(client: Client, query: str) -> str:
    """The words of the panel, those of its drawing too."""
    body = client.get(f"/?survey=levering{query}").content.decode()
    found = re.search(r'<section class="card stack" id="benchmarks".*?</section>', body, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found.group() if found else "")).split())


def test_manager_writes_a_figure_down(manager_client: Client, manager: User) -> None:
    response = manager_client.post("/benchmarks/new/", FILLED)

    assert response.status_code == 302
    made = Benchmark.objects.get()
    assert (made.figure, made.context) == (Decimal(16), "Retail, Netherlands")
    assert made.created_by == manager


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("figure", "101"),
        ("figure", "-100,1"),
        ("figure", ""),
        ("year", "1999"),
        ("year", ""),
        ("source", ""),
        ("name", " "),
        ("link", "javascript:alert(1)"),
        ("link", "ftp://voorbeeld.example/"),
    ],
)
def test_figure_that_cannot_be_is_refused(manager_client: Client, name: str, value: str) -> None:
    response = manager_client.post("/benchmarks/new/", FILLED | {name: value})

    assert response.status_code == 422
    assert not Benchmark.objects.exists()


def test_same_figure_twice_is_refused(manager_client: Client) -> None:
    manager_client.post("/benchmarks/new/", FILLED)

    assert manager_client.post("/benchmarks/new/", FILLED).status_code == 422


def test_database_takes_no_impossible_score() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_benchmark(figure=Decimal("-100.1"))


@pytest.mark.parametrize("text", ["-6,5", "-6.5", "−6,5"])
def test_figure_is_changed_and_keeps_who_made_it(manager_client: Client, text: str) -> None:
    figure = make_benchmark()

    response = manager_client.post(f"/benchmarks/{figure.pk}/", FILLED | {"figure": text})

    figure.refresh_from_db()
    assert response.status_code == 302
    assert (figure.figure, figure.created_by) == (Decimal("-6.5"), None)


def test_deleted_figure_comes_back_by_undo(manager_client: Client) -> None:
    manager_client.post("/benchmarks/new/", FILLED)
    figure = Benchmark.objects.get()

    response = manager_client.post(f"/benchmarks/{figure.pk}/delete/")
    assert not Benchmark.objects.exists()
    (message,) = list(get_messages(response.wsgi_request))[-1:]
    undo = json.loads(message.extra_tags)
    manager_client.post(undo["url"], undo["fields"])

    again = Benchmark.objects.get()
    assert (again.name, again.figure, again.source) == (figure.name, figure.figure, figure.source)


@pytest.mark.parametrize("address", ["/benchmarks/987654/", "/benchmarks/987654/delete/"])
def test_missing_figure_is_not_found(manager_client: Client, address: str) -> None:
    assert manager_client.post(address, FILLED).status_code == 404


def test_known_figures_are_added_once_with_their_sources(manager_client: Client) -> None:
    assert not Benchmark.objects.exists()
    manager_client.post("/benchmarks/usual/")
    Benchmark.objects.filter(name="Coolblue").delete()
    manager_client.post("/benchmarks/usual/")

    assert Benchmark.objects.count() == len(PUBLISHED)
    assert not Benchmark.objects.filter(source="").exists()


def test_known_figures_have_the_values_their_sources_give() -> None:
    """KPN's annual report of 2024: +16 and +4; Coolblue 2023: +71; Integron's 2025 report: +17."""
    add_published(language="en")

    found = {(each.name, each.year): each.figure for each in Benchmark.objects.all()}

    assert found["KPN, consumers", 2024] == 16
    assert found["KPN, business", 2024] == 4
    assert found["Coolblue", 2023] == 71
    assert found["Dutch business customers, on average", 2025] == 17
    assert found["Consumer payments, on average", 2024] == -6


def test_lines_are_off_until_asked_for(viewer_client: Client, survey: Survey) -> None:
    figure = make_benchmark()

    assert read(viewer_client, "") == (
        "Beside published figures Choose figures to draw beside your score"
    )
    words = read(viewer_client, f"&benchmark={figure.pk}")
    assert "Your NPS of +30, from +14 to +44; Voorbeeldwinkel 2024: +16" in words
    assert "Source: Report" in words
    assert "Other methods give other figures" in words


def test_line_is_drawn_on_a_shared_page_and_not_chosen_there(survey: Survey) -> None:
    figure = make_benchmark(link="https://voorbeeld.example/")
    organisation, now = get_organisation(), timezone.now()
    data = QueryDict(f"survey=levering&benchmark={figure.pk}")
    form = DashboardForm(data, organisation=organisation, now=now)
    assert form.is_valid()
    frame = read_frame(form, survey, user=None, organisation=organisation, now=now)

    panel = show_benchmarks(frame)

    assert [line.label for line, _mark in panel["lines"]] == ["Voorbeeldwinkel 2024"]
    assert benchmark_lines(frame) == [line for line, _mark in panel["lines"]]
    assert panel["choices"] == []
    assert rows_of_benchmarks(panel)[1] == [["Voorbeeldwinkel", "", 2024, 16.0, "Report"]]


def test_at_most_three_lines_are_drawn(viewer_client: Client, survey: Survey) -> None:
    figures = [make_benchmark(name=name) for name in ("Aal", "Bot", "Char", "Dorade")]
    query = "".join(f"&benchmark={figure.pk}" for figure in figures)

    words = read(viewer_client, query)

    assert "a · Aal" in words
    assert "c · Char" in words
    assert "· Dorade" not in words
    assert "At most 3 figures fit beside your score. Not drawn: Dorade" in words


@pytest.mark.parametrize("word", ["987654", "eleven", "-1", "9" * 30, "²"])
def test_line_that_is_gone_breaks_no_page(viewer_client: Client, survey: Survey, word: str) -> None:
    make_benchmark()

    words = read(viewer_client, f"&benchmark={word}")

    assert words.startswith("Beside published figures Choose figures")


def test_choosing_keeps_the_selection(viewer_client: Client, survey: Survey) -> None:
    make_benchmark()

    query = "survey=levering&from=2026-01-01&to=2030-12-31"
    body = viewer_client.get(f"/?{query}").content.decode()
    choose = f"?{query}&benchmark=0#benchmarks"
    assert html.escape(choose) in body
    body = viewer_client.get(f"/{choose}").content.decode()

    panel = body.split('id="benchmarks"', 1)[1].split("</section>", 1)[0]
    assert '<input type="hidden" name="survey" value="levering">' in panel
    assert '<input type="hidden" name="from" value="2026-01-01">' in panel


@pytest.mark.parametrize("name", ["name", "source", "method"])
def test_control_character_is_refused(manager_client: Client, name: str) -> None:
    response = manager_client.post("/benchmarks/new/", FILLED | {name: "a\x0bb"})

    assert response.status_code == 422
    assert "invisible control character (U+000B)" in response.content.decode()


def test_method_may_have_several_lines(manager_client: Client) -> None:
    response = manager_client.post("/benchmarks/new/", FILLED | {"method": "One\r\nTwo\tthree"})

    assert response.status_code == 302


def test_choosing_figures_keeps_a_preset_of_days(viewer: User, survey: Survey) -> None:
    now, organisation = timezone.now(), get_organisation()

    def show(query: str) -> dict[str, Any]:
        form = DashboardForm(QueryDict(query), organisation=organisation, now=now)
        assert form.is_valid()
        frame = read_frame(form, survey, user=viewer, organisation=organisation, now=now)
        return show_benchmarks(frame)

    asked = "survey=levering&period=year&grain=week"
    assert show(asked)["choose_url"] == f"?{asked}&benchmark=0#benchmarks"
    assert show(f"{asked}&benchmark=0")["kept"] == [
        ("survey", "levering"),
        ("period", "year"),
        ("grain", "week"),
    ]
