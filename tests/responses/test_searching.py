"""Words in comments: in any form in Dutch and English, exact in quotes, and marked."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from responses.marking import mark_comments
from responses.models import Response
from responses.searching import read_sought
from tests.factories import make_account, make_contact, make_response

pytestmark = pytest.mark.django_db
LATE = "De leveringen kwamen te laat aan"
DELIVERED = "The deliveries were late, and delivered twice"
COMPOUND = "Mijn thuisbezorging <b>mislukt</b>"
MAIL = "Een e-mail naar jan@klant.example kwam niet"
GOOD = "Niet laat, wel goed geleverd en de factuur klopt"


@pytest.fixture
def comments() -> None:
    for comment in (LATE, DELIVERED, COMPOUND, MAIL, GOOD, ""):
        make_response(comment=comment)


def find(text: str) -> set[str]:
    return set(Response.objects.mentioning(text).values_list("comment", flat=True))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("levering", {LATE}),  # Dutch plural
        ("LEVERINGEN", {LATE}),
        ("delivery", {DELIVERED}),  # English plural
        ("delivering", {DELIVERED}),
        ("lev", {LATE}),  # the beginning of a word
        ("laat goed", {GOOD}),  # all words, in any order
        ('"te laat"', {LATE}),  # in a row, small words as well
        ('"goed laat"', set()),
        ("laat -factuur", {LATE, DELIVERED}),
        ('laat -"te laat"', {GOOD, DELIVERED}),  # the Dutch form of “late”
        ("deliver -twice", set()),
        ("levering or delivery", {LATE, DELIVERED}),
        ('"te laat" or twice', {LATE, DELIVERED}),
        ("e-mail", {MAIL}),
        ("jan@klant.example", {MAIL}),
        ("the", {DELIVERED}),  # no language looks for it, and yet it stands there
        ("bezorg", {COMPOUND}),  # inside of a word, since none begins with it
        ("hoera", set()),
        ("-laat", set()),
        ("&|!:*", set()),
        ("'; DROP TABLE", set()),
        ('"', set()),
    ],
)
def test_search_finds_words(comments: None, text: str, found: set[str]) -> None:
    assert find(text) == found


def test_unwanted_form_of_a_word_is_left_out_in_both_languages() -> None:
    make_response(comment="levering: twee facturen")
    make_response(comment="levering met two invoices")

    assert find("levering -factuur -invoice") == set()


@pytest.mark.parametrize("text", ["%", "_", "<b>"])
def test_signs_of_no_word_are_found_as_they_stand(text: str) -> None:
    make_response(comment=f"voor 100{text} tevreden")
    make_response(comment="tevreden")

    assert find(text) == {f"voor 100{text} tevreden"}


def marks(text: str) -> dict[str, str]:
    rows = list(Response.objects.mentioning(text))
    marked = mark_comments(rows, text)
    return {row.comment: str(marked.comments[row.pk]) for row in rows}


def test_hits_are_marked_in_the_form_they_have(comments: None) -> None:
    assert marks("levering") == {LATE: "De <mark>leveringen</mark> kwamen te laat aan"}
    assert marks("delivery")[DELIVERED].startswith("The <mark>deliveries</mark> were late")
    assert marks("e-mail") == {
        MAIL: "Een <mark>e</mark>-<mark>mail</mark> naar jan@klant.example kwam niet"
    }


def test_marked_comment_is_escaped(comments: None) -> None:
    assert marks("mislukt") == {
        COMPOUND: "Mijn thuisbezorging &lt;b&gt;<mark>mislukt</mark>&lt;/b&gt;"
    }
    assert marks("bezorg") == {
        COMPOUND: "Mijn thuis<mark>bezorg</mark>ing &lt;b&gt;mislukt&lt;/b&gt;"
    }


def test_comment_begins_a_little_before_a_hit_far_on() -> None:
    make_response(comment="lang verhaal " * 40 + "over de doos <i>die nat was")

    ((comment, marked),) = marks("doos").items()

    assert len(comment) > 500
    assert marked.startswith("… ")
    assert marked.endswith("de <mark>doos</mark> &lt;i&gt;die nat was")
    assert len(marked) < 150


def test_comment_with_the_signs_of_marks_is_left_unmarked() -> None:
    make_response(comment="levering \x02<script>\x03")

    assert "<script>" not in marks("levering")["levering \x02<script>\x03"]


def test_list_tells_how_many_and_marks_them(viewer_client: Client, comments: None) -> None:
    page = viewer_client.get("/responses/?q=levering").content.decode()
    inside = viewer_client.get("/responses/?q=bezorg").content.decode()

    assert "<strong>1 comment</strong> found with “levering”" in page
    assert "De <mark>leveringen</mark> kwamen" in page
    assert "part of longer words" not in page
    assert "part of longer words" in inside


def test_search_for_nothing_but_what_must_not_be_there_is_refused(viewer_client: Client) -> None:
    response = viewer_client.get("/responses/?q=-laat")

    assert response.status_code == 422
    assert "a word that must be in the comment" in response.content.decode()


def test_search_looks_at_comments_and_never_at_people(viewer_client: Client) -> None:
    person = make_contact(
        email="vliegende@klant.example", last_name="Holland", account=make_account(name="Zeilmaat")
    )
    make_response(contact=person, comment="prima", occasion="order77")

    for hidden in ("vliegende", "Holland", "Zeilmaat", "order77"):
        assert find(hidden) == set()


def test_search_uses_its_index() -> None:
    rows = Response.objects.mentioning
    for _ in range(3):
        make_response(comment=LATE)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with CaptureQueriesContext(connection):
        plan = rows("levering -twice").order_by().explain()

    assert "response_comment_words" in plan


def test_what_was_typed_is_taken_apart() -> None:
    sought = read_sought('snel "te laat" -"niet goed" e-mail')

    assert sought.wanted == 'snel "te laat" "e mail"'
    assert (sought.unwanted, sought.phrases) == (("niet goed",), ("te laat",))
