"""Fixtures of the browser tests: the real product, its mailbox, and a page in Chromium.

`product` runs once on the filesystem broker and once on Redis. Database rows persist within one
product; a test that needs a fresh house takes `product` of its own (it is function-scoped).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.product import BROWSER_FLAGS, Mailbox, Product, find_browser, run_product
from tests.services import free_port, redis_url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(params=["filesystem", "redis"])
def broker(request: pytest.FixtureRequest) -> str:
    """Every test of a real worker runs on both, so each cell of `make test-matrix` has both."""
    return str(request.param)


@pytest.fixture
def product(broker: str, request: pytest.FixtureRequest) -> Iterator[Product]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    # Far from the numbers that the other tests' workers have.
    redis = redis_url(32) if broker == "redis" else ""
    with run_product(name=f"{worker}_{broker}", port=free_port(), redis=redis) as running:
        yield running
        if request.session.testsfailed:
            # pytest shows what a failing test printed.
            print(running.logs())  # noqa: T201


@pytest.fixture
def mailbox(product: Product) -> Mailbox:
    return product.mailbox


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Function-scoped: Playwright's loop would make Django refuse the database in other tests."""
    program = find_browser()
    if program is None:
        missing = "The browser tests need Chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield running
        finally:
            running.close()


@pytest.fixture
def browser_context(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """One person's browser; a test opens `browser.new_context` for each further person."""
    context = browser.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when anything on it fails: scripts, the CSP, a missing file."""
    opened = browser_context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    opened.close()
    assert complaints == []
