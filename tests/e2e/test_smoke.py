"""The product starts as separate processes and shows its first page in a browser."""

from playwright.sync_api import Page, expect

from tests.e2e.product import Product


def test_login_page_renders(product: Product, page: Page) -> None:
    page.goto("/login/")

    expect(page.get_by_label("E-mail")).to_be_visible()
    assert {name: process.poll() for name, process in product.processes.items()} == {
        "web": None,
        "worker": None,
        "beat": None,
    }
