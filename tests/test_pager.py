"""The links under a long list."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.template.loader import render_to_string


def test_pages_beyond_a_thousand_are_reached() -> None:
    page = Paginator(range(2_000), 1).get_page(1_000)

    html = render_to_string("components/pager.html", {"page": page, "query": ""})

    assert ("?page=999" in html, "?page=1001" in html) == (True, True)
