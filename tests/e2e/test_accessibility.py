"""Every page for everybody: axe finds nothing, nothing scrolls sideways, nothing is heavy.

One product with the sample company and one browser for all pages, in both languages, on a phone
and on a desk, light and dark.
"""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from tests.e2e.pages import LANGUAGES, crawl, list_unlinked, log_in
from tests.e2e.product import run_product
from tests.npsapp.test_routes import ROUTES, make_path
from tests.services import free_port

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
HEAVIEST = 100_000
# Dark, a page differs in nothing but colours, and those are the same in every language.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
SCHEMES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "en": [("light", {}), ("dark", COLOURS)],
    "nl": [("light", {})],
}
RUN_AXE = """async options => {
    const usual = {resultTypes: ["violations"], preload: false, iframes: false};
    const found = await axe.run(document, {...usual, ...options});
    return found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(" | ")}`)
}"""


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


def test_every_page_is_accessible_narrow_and_light(browser: Browser) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    with run_product(
        name=f"{worker}_pages", port=free_port(), redis="", with_sample=True
    ) as product:
        starts = list_unlinked(product)
        complaints: list[str] = []
        pages: dict[str, str] = {}
        for language in LANGUAGES:
            context = log_in(browser, product, language)
            if not pages:
                pages, others = crawl(context.request, starts)
                assert list_unseen(context.request, set(pages), others) == []
            page = context.new_page()
            scale = Scale(context.new_cdp_session(page))
            for name, address in pages.items():
                complaints += look_at(page, scale, f"{language} {name}", address)
            context.close()
        guest = browser.new_context(base_url=product.url, reduced_motion="reduce")
        page = guest.new_page()
        scale = Scale(guest.new_cdp_session(page))
        complaints += look_at(page, scale, "en login", "/login/")
        guest.close()
    assert complaints == []


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
    page.emulate_media(color_scheme="light")
    page.goto(address, wait_until="load")
    complaints = []
    if scale.bytes > HEAVIEST:
        complaints.append(f"{name}: {scale.bytes:.0f} bytes")
    page.evaluate(AXE)
    for size, viewport in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(viewport)
        for scheme, options in SCHEMES[name.split()[0]]:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = page.evaluate(RUN_AXE, options)
            complaints += [f"{name}, {size}, {scheme}: {violation}" for violation in found]
    page.set_viewport_size(NARROWEST)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        complaints.append(f"{name}: {wide} px too wide at 320 px")
    return complaints
