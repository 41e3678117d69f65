"""Every page for everybody: axe finds nothing, nothing scrolls sideways, nothing is heavy.

A product with the sample company and one browser for each language, all pages on a phone and on a
desk, by every rule in the light and by those about colour in the dark, which changes nothing else;
and every form as it comes back when it is sent empty.
"""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from npsapp.demo.logins import DOMAIN
from tests.e2e.pages import LANGUAGES, crawl, enter, list_unlinked, log_in
from tests.e2e.product import Product, run_product
from tests.npsapp.test_routes import ROUTES, make_path
from tests.services import free_port

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
HEAVIEST = 100_000
RUN_AXE = """async only => {
    const chosen = only.length ? {runOnly: only} : {};
    const found = await axe.run(document,
        {resultTypes: ["violations"], preload: false, iframes: false, ...chosen});
    return found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(" | ")}`)
}"""
SCHEMES: list[tuple[Literal["light", "dark"], list[str]]] = [
    ("light", []),
    ("dark", ["color-contrast", "link-in-text-block"]),
]
# Forms by the route they stand on; each is emptied and sent past the browser's own checks.
FORMS = [
    "campaign_new",
    "contact_import",
    "contact_new",
    "follow_up",
    "profile",
    "property_new",
    "response_import",
    "sender_new",
    "settings",
    "survey_new",
    "user_invite",
]
SEND_EMPTY = """() => {
    const button = document.querySelector("main form[method=post] .button-primary");
    const form = button.form;
    form.noValidate = true;
    for (const control of form.querySelectorAll("input:not([type=hidden]), textarea, select")) {
        if (control.matches("[type=checkbox], [type=radio]")) control.checked = false;
        else control.value = "";
    }
    form.requestSubmit(button);
}"""
LOST_LINKS = """() => [...document.querySelectorAll(".error-summary a")]
    .filter(link => !document.getElementById(link.hash.slice(1)))
    .map(link => link.outerHTML)"""

# A picture, a style sheet, a table, two words for machines, and what opens before the first user.
NO_PAGES = {"brand_logo", "brand_style", "healthz", "readyz", "response_problems", "setup"}


class Scale:
    """Weighs what came over the line, headers not included, with an empty cache for each page."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = 0.0
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", self.add)

    def add(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]


@pytest.mark.looks
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible_narrow_and_light(browser: Browser, language: str) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    with run_product(
        name=f"{worker}_pages_{language}", port=free_port(), redis="", with_sample=True
    ) as product:
        starts = list_unlinked(product)
        context = log_in(browser, product, language)
        pages, others = crawl(context.request, starts)
        assert list_unseen(context.request, set(pages), others) == []
        page = context.new_page()
        scale = Scale(context.new_cdp_session(page))
        complaints = []
        for name, address in pages.items():
            complaints += look_at(page, scale, name, address)
        for name in FORMS:
            complaints += look_at_errors(page, name, pages[name])
        context.close()
        complaints += look_as_others(browser, product, language)
    assert complaints == []


def look_as_others(browser: Browser, product: Product, language: str) -> list[str]:
    """The pages of who is not logged in, and of who may not open one."""
    guest = browser.new_context(base_url=product.url, locale=language, reduced_motion="reduce")
    page = guest.new_page()
    scale = Scale(guest.new_cdp_session(page))
    complaints = look_at(page, scale, "login", "/login/")
    enter(page, f"lezer@{DOMAIN}")
    complaints += look_at(page, scale, "forbidden", "/settings/")
    guest.close()
    return complaints


def list_unseen(request: Any, pages: set[str], others: set[str]) -> list[str]:
    """Routes that no link led to although a GET would open them."""
    unseen = []
    for name in sorted(set(ROUTES) - pages - others - NO_PAGES):
        answer = request.get(make_path(ROUTES[name][0]), max_redirects=0)
        # 405: only posted to. A redirect shows no page of its own (login, when logged in).
        if answer.status not in (302, 405):
            unseen.append(f"{name}: {answer.status}")
    return unseen


def look_at(page: Page, scale: Scale, name: str, address: str) -> list[str]:
    """Return all that is wrong with a page."""
    scale.bytes = 0.0
    page.set_viewport_size(DESK)
    page.goto(address, wait_until="load")
    complaints = [f"{name}: {scale.bytes:.0f} bytes"] if scale.bytes > HEAVIEST else []
    return complaints + ask_axe(page, name) + find_too_wide(page, name)


def ask_axe(page: Page, name: str) -> list[str]:
    page.evaluate(AXE)
    complaints = []
    for size, viewport in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(viewport)
        for scheme, only in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(RUN_AXE, only)
            complaints += [f"{name}, {size}, {scheme}: {violation}" for violation in found]
    return complaints


def find_too_wide(page: Page, name: str) -> list[str]:
    page.set_viewport_size(NARROWEST)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{name}: {wide} px too wide at 320 px"] if wide > 0 else []


def look_at_errors(page: Page, name: str, address: str) -> list[str]:
    """Send a form empty: a summary must say why not, and each of its links must lead somewhere."""
    name = f"{name} with errors"
    page.goto(address)
    with page.expect_navigation() as sent:
        page.evaluate(SEND_EMPTY)
    assert sent.value is not None
    if sent.value.status != 422 or not page.locator(".error-summary li").count():
        return [f"{name}: answered {sent.value.status}, or has no summary"]
    complaints = [f"{name}: leads nowhere: {link}" for link in page.evaluate(LOST_LINKS)]
    return complaints + ask_axe(page, name) + find_too_wide(page, name)
