"""The dashboard on paper, under the pointer, and shared with somebody without a login."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import log_in
from tests.e2e.product import Product, run_product
from tests.services import free_port

READER = """
from npsapp.models import User
from npsapp.demo.logins import DOMAIN, PASSWORD
User.objects.create_user(f"english@{DOMAIN}", PASSWORD, name="Emma", role="admin")
"""
# Inches at 96 pixels each: A4 less its margins.
PAGE_HEIGHT = 1122
MOST_PAGES = 6


@pytest.fixture
def sample() -> Iterator[Product]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    with run_product(
        name=f"{worker}_reading", port=free_port(), redis="", with_sample=True
    ) as product:
        product.manage("shell", "-v", "0", "-c", READER)
        yield product


def count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_dashboard_is_printed_pointed_at_and_shared(sample: Product, browser: Browser) -> None:
    context = log_in(browser, sample, "en", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto("/?period=12m")

    look_along_the_trend(page)
    print_on_a4(page)
    share_by_a_link(page, browser)

    assert problems == []


def look_along_the_trend(page: Page) -> None:
    link = page.locator(".chart svg a:has(.target)").last
    words = link.get_attribute("aria-label") or "a name"

    link.locator(".target").hover()
    expect(page.locator(".crosshair")).to_have_count(1)
    expect(page.locator(".chart-words:visible")).to_have_text(words)
    page.keyboard.press("Escape")
    expect(page.locator(".crosshair")).to_have_count(0)
    link.focus()
    expect(page.locator(".chart-words:visible")).to_have_text(words)
    page.keyboard.press("Escape")


def print_on_a4(page: Page) -> None:
    pdf = page.pdf(format="A4", print_background=True)
    page.emulate_media(media="print")
    drawings = page.locator(".chart svg")
    heights = [box["height"] for each in drawings.all() if (box := each.bounding_box())]
    # Never parted where it fits on one page; and every one does.
    parted = page.evaluate(
        "() => [...document.querySelectorAll('.chart svg')]"
        ".filter(one => getComputedStyle(one).breakInside !== 'avoid').length"
    )

    assert 1 <= count_pages(pdf) <= MOST_PAGES
    assert heights
    assert max(heights) < PAGE_HEIGHT
    assert parted == 0
    expect(page.locator(".print-only").first).to_contain_text("/?period=12m")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(page.get_by_role("button", name="Print")).to_be_visible()


def share_by_a_link(page: Page, browser: Browser) -> None:
    page.get_by_role("link", name="Share by a link").click()
    page.get_by_role("button", name="Make the link").click()
    address = page.locator(".share-url").first.get_attribute("href") or ""
    stranger = browser.new_context().new_page()

    stranger.goto(address)
    expect(stranger.get_by_role("heading", level=1)).to_be_visible()
    expect(stranger.locator("a")).to_have_count(0)

    page.locator("details.sure summary").first.click()
    page.locator("details.sure[open] button[type=submit]").click()
    stranger.reload()
    expect(stranger.get_by_role("heading", name="This link has ended")).to_be_visible()
