"""The last steps of the first day, in a browser: the own answer to the test reaches the queue."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.product import Mailbox, Product
from tests.e2e.test_story import SETUP, log_in, press

ADDED = """
from npsapp.models import User
from surveys.addresses import hash_address
from surveys.models import Contact, Survey
address = "fenna@klanten.example"
Contact.objects.create(email=address, address_hash=hash_address(address), first_name="Fenna")
Survey.objects.create(name="Klanten", slug="klanten", company="Voorbeeld", languages=["en"])
"""


def plan_campaign(page: Page) -> None:
    page.goto("/campaigns/new/")
    page.get_by_label("Name", exact=True).fill("Eerste ronde")
    press(page, "Save and see the plan")


def answer_own_test(page: Page, mailbox: Mailbox) -> None:
    press(page, re.compile("test", re.IGNORECASE))
    mail = mailbox.wait_for(lambda mail: mail.recipients == ["manager@voorbeeld.example"])
    link = re.search(r'href="([^"]+score=3[^"]*)"', mail.body("html"))
    assert link is not None
    page.goto(link[1].replace("&amp;", "&"))
    expect(page.get_by_text("This is your test.")).to_be_visible()
    page.locator("textarea").fill("Mijn eigen probeersel.")
    press(page, "Send")
    expect(page.get_by_text("Mijn eigen probeersel.")).to_be_visible()


def wait_for_tick(page: Page) -> None:
    """The worker opens the follow-up a moment after the answer."""
    done = page.get_by_role("link", name="Your own answer to it", exact=True)
    for _ in range(60):
        page.goto("/first-steps/")
        if done.count():
            break
        page.wait_for_timeout(500)
    done.click()


def test_first_day_ends_with_a_launch(product: Product, mailbox: Mailbox, page: Page) -> None:
    product.manage("shell", "--verbosity", "0", "--command", SETUP + ADDED)
    log_in(page, "manager")
    plan_campaign(page)
    campaign = page.url

    answer_own_test(page, mailbox)
    wait_for_tick(page)
    expect(page.get_by_role("heading", name="Test by Manager")).to_be_visible()
    page.goto("/follow-ups/")
    expect(page.get_by_role("heading", name="Test answers")).to_be_visible()
    expect(page.get_by_role("link", name="All open 0")).to_be_visible()
    page.goto("/responses/")
    expect(page.get_by_text("Mijn eigen probeersel.")).to_have_count(0)
    page.goto("/follow-ups/")
    press(page, "Remove all test answers")
    expect(page.get_by_text("1 test answer is removed.")).to_be_visible()

    page.goto(campaign)
    page.get_by_text("Launch …").click()
    press(page, re.compile("^Launch: "))
    page.goto("/first-steps/")
    expect(page.get_by_text("8 of 8 are done")).to_be_visible()
    press(page, "All done: put the list away")
    expect(page.get_by_text("The list of first steps is put away.")).to_be_visible()
