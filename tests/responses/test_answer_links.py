"""Links that are not ours, and anything at all behind the question mark."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npsapp.throttle import memory
from surveys import links
from tests.responses.customers import answer_path, ask, text_of
from tests.snapshots import snapshot_rows

pytestmark = pytest.mark.django_db
ANYTHING = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.sampled_from(["score", "lang", "change", "comment"]) | st.text(min_size=1)
values = st.integers().map(str) | st.text()


@pytest.mark.parametrize(
    "name",
    ["answer", "answer_done", "answer_preview", "answer_test", "unsubscribe"],
)
def test_link_malformed_or_unknown_is_the_same_page(client: Client, name: str) -> None:
    purpose = {"answer_preview": links.PREVIEW, "unsubscribe": links.UNSUBSCRIBE}.get(
        name, links.ANSWER
    )
    tokens = ["nonsense", "1", "é", "1.2.3", links.sign(purpose, 987654321), "9" * 400]
    tokens.append(links.sign(purpose, 10**30))

    pages = [client.get(reverse(name, args=[token])) for token in tokens]
    posts = [client.post(reverse(name, args=[token]), {"score": "9"}) for token in tokens]

    assert {page.status_code for page in pages + posts} == {404}
    assert len({page.content for page in pages + posts}) == 1


def test_link_that_does_not_work_says_so_in_both_languages(client: Client) -> None:
    text = text_of(client.get(reverse("answer", args=["nonsense"])))

    assert '<section lang="nl"> <h1>Deze link werkt niet</h1>' in text
    assert '<section lang="en"> <h2>This link does not work</h2>' in text


def test_link_of_one_purpose_opens_no_other(client: Client) -> None:
    invitation = ask()
    to_answer = links.sign(links.ANSWER, invitation.pk)
    to_leave = links.sign(links.UNSUBSCRIBE, invitation.pk)

    assert client.post(reverse("unsubscribe", args=[to_answer])).status_code == 404
    assert client.get(reverse("answer", args=[to_leave])).status_code == 404


@ANYTHING
@given(st.text(min_size=1))
def test_link_of_any_text_is_never_an_error(client: Client, token: str) -> None:
    path = "/s/" + quote(token, safe="") + "/"
    memory.clear()

    assert client.get(path).status_code in {301, 404}


@ANYTHING
@given(st.lists(st.tuples(names, values), max_size=5), st.booleans())
def test_query_of_anything_is_never_an_error_and_never_kept(
    client: Client, query: list[tuple[str, str]], raw: bool
) -> None:
    path = answer_path(ask())
    text = "&".join(f"{k}={v}" for k, v in query) if raw else urlencode(query, errors="replace")
    before = snapshot_rows()

    response = client.get(f"{path}?{quote(text, safe='=&%', errors='replace')}")

    assert response.status_code == 200
    assert snapshot_rows() == before


@ANYTHING
@given(st.dictionaries(st.sampled_from(["score", "comment", "drawn", "second_remark"]), values))
def test_post_of_anything_is_never_a_server_error(client: Client, form: dict[str, str]) -> None:
    form = {key: value.encode("utf-8", "replace").decode() for key, value in form.items()}

    response = client.post(answer_path(ask()), form)

    assert response.status_code in {302, 422}
