"""The queue in a browser: by keyboard alone, by two people at once, and while answers come in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from npsapp.demo.logins import PASSWORD
from tests.e2e.product import Product

ROWS = f"""
from django.utils import timezone
from closeloop.models import FollowUp, RootCause
from closeloop.opening import open_follow_up
from npsapp.models import User
from surveys.models import Organisation
from tests.factories import make_contact, make_invitation, make_response, make_survey, make_campaign
Organisation.objects.get_or_create(pk=1, defaults={{"name": "Voorbeeld BV"}})
for language in ("en", "nl"):
    User.objects.create_user(language + "@voorbeeld.example", "{PASSWORD}", name=language,
        role="agent", language=language)
campaign = make_campaign()
for number in range(10):
    person = make_contact(first_name="Fenna", last_name=f"Proef{{number}}")
    response = make_response(
        invitation=make_invitation(campaign=campaign, contact=person, state="sent"),
        score=number % 2 * 7 + 2, comment=f"Woorden {{number}}", answered_at=timezone.now())
    open_follow_up(response.pk, now=timezone.now(), announce=False)
print(FollowUp.objects.count())
"""
OWNERS = """
from closeloop.models import FollowUp
print([each.owner.name for each in FollowUp.objects.exclude(owner=None)])
"""
ONE_MORE = """
from django.utils import timezone
from closeloop.opening import open_follow_up
from surveys.models import Campaign
from tests.factories import make_contact, make_invitation, make_response
person = make_contact(first_name="Nieuw", email="nieuw@klanten.example")
invitation = make_invitation(campaign=Campaign.objects.get(), contact=person, state="sent")
response = make_response(invitation=invitation, answered_at=timezone.now())
open_follow_up(response.pk, now=timezone.now(), announce=False)
"""


def log_in(page: Page, language: str) -> None:
    page.goto("/login/")
    page.locator("[type=email]").fill(f"{language}@voorbeeld.example")
    page.locator("[type=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def seed(product: Product) -> None:
    assert product.manage("shell", "-v", "0", "-c", ROWS).strip() == "10"


@pytest.mark.parametrize("language", ["en", "nl"])
def test_agent_clears_ten_with_the_keyboard_alone(
    product: Product, page: Page, language: str
) -> None:
    seed(product)
    log_in(page, language)
    page.goto("/follow-ups/?view=all")
    press = page.keyboard.press
    press("j")
    for left in range(10, 0, -1):
        expect(page.locator("#queue > li")).to_have_count(left)
        # The row goes on where the last one was: no key is needed to get there.
        expect(page.locator(".queue-link:focus")).to_have_count(1)
        press("e")
        expect(page.locator("#bulk_outcome")).to_be_focused()
        press("ArrowDown")
        press("Tab")
        press("ArrowDown")
        with page.expect_navigation():
            press("Enter")
        expect(page.locator(".message-success")).to_be_visible()

    expect(page.locator(".empty")).to_be_visible()
    page.goto("/follow-ups/?view=closed")
    expect(page.locator("#queue > li")).to_have_count(10)


def test_keys_move_open_claim_snooze_search_and_help(product: Product, page: Page) -> None:
    seed(product)
    log_in(page, "en")
    page.goto("/follow-ups/?view=all")
    press, focused = page.keyboard.press, page.locator(".queue-row:has(.queue-link:focus)")

    for key in "jjjk":
        press(key)
    second = page.locator("#queue > li").nth(1)
    expect(focused).to_have_attribute("id", second.get_attribute("id") or "")

    with page.expect_navigation():
        press("c")
    expect(page.get_by_text("1 follow-up is yours now.")).to_be_visible()
    expect(focused).to_contain_text("en")

    press("s")
    expect(page.locator("#bulk_until")).to_be_focused()
    # Escape leaves everything as it was, and the row has the focus again.
    press("Escape")
    expect(page.locator("#act-snooze")).not_to_have_attribute("open", "")
    expect(page.locator("#queue :checked")).to_have_count(0)
    expect(focused).to_have_count(1)
    press("a")
    expect(page.locator("#bulk_to")).to_be_focused()
    press("Escape")

    press("/")
    page.keyboard.type("jkcase?")
    expect(page.locator("#filter_q")).to_have_value("jkcase?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("#filter_q").fill("")
    page.locator("h1").click()
    press("?")
    expect(page.locator("#keys")).to_be_visible()
    press("j")
    expect(page.locator("#keys")).to_be_visible()
    press("Escape")
    press("j")
    with page.expect_navigation():
        press("Enter")
    assert re.search(r"/follow-ups/\d+/$", page.url)


def test_keys_do_nothing_once_switched_off(product: Product, page: Page) -> None:
    seed(product)
    log_in(page, "en")
    page.goto("/follow-ups/?view=all")
    page.keyboard.press("?")
    with page.expect_navigation():
        page.get_by_role("button", name="Switch them off").click()

    page.keyboard.press("j")
    page.keyboard.press("?")

    expect(page.locator(".queue-link:focus")).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()
    # The list stays within reach, to switch them on again.
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("button", name="Switch them on")).to_be_visible()


def test_two_claim_at_the_same_moment_and_one_has_it(
    product: Product, browser: Browser, page: Page
) -> None:
    seed(product)
    log_in(page, "en")
    other_context: BrowserContext = browser.new_context(base_url=product.url)
    other = other_context.new_page()
    log_in(other, "nl")
    for each in (page, other):
        each.goto("/follow-ups/?view=unassigned")
        each.keyboard.press("j")

    with page.expect_navigation():
        page.keyboard.press("c")
    with other.expect_navigation():
        other.keyboard.press("c")

    expect(page.get_by_text("1 follow-up is yours now.")).to_be_visible()
    expect(other.locator(".message-warning")).to_contain_text("Fenna Proef0 (2)")
    assert product.manage("shell", "-v", "0", "-c", OWNERS).strip() == "['en']"
    other_context.close()


def test_new_ones_are_announced_and_move_no_row(product: Product, page: Page) -> None:
    seed(product)
    log_in(page, "en")
    page.goto("/follow-ups/?view=all")
    page.keyboard.press("j")
    product.manage("shell", "-v", "0", "-c", ONE_MORE)

    # Instead of half a minute of waiting.
    page.evaluate("htmx.trigger('#queue-news', 'look')")

    expect(page.get_by_role("link", name="1 new follow-up – show")).to_be_visible()
    assert page.title().startswith("(1) Follow-ups")
    expect(page.locator("#queue > li")).to_have_count(10)
    expect(page.locator(".queue-link:focus")).to_have_count(1)
    page.get_by_role("link", name="1 new follow-up – show").click()
    expect(page.locator("#queue > li")).to_have_count(11)
