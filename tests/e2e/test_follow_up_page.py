"""The page of a follow-up as two colleagues have it before them, in two browsers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from npsapp.demo.logins import DOMAIN, PASSWORD
from tests.e2e.pages import enter
from tests.e2e.product import Product, run_product
from tests.e2e.test_accessibility import DESK, PHONE, ask_axe, find_too_wide
from tests.services import free_port

COLLEAGUES = f"""
import json
from closeloop.models import FollowUp
from npsapp.models import User
for name in ("anna", "bram"):
    User.objects.create_user(name + "@{DOMAIN}", "{PASSWORD}", name=name.title(), role="agent")
User.objects.update(language="en")
can_reply = FollowUp.objects.open().filter(
    awaiting_contact=True, response__may_contact=None, response__score__gte=9)
found = can_reply.exclude(response__contact__email="").values_list("pk", flat=True)
print(json.dumps(list(found[:5])))
"""
# The night passes, and what the beat starts every minute runs.
LATER = """
from closeloop.models import FollowUp
from closeloop.snoozing import return_due
from django.utils import timezone
now = timezone.now()
FollowUp.objects.filter(pk={pk}, snoozed_until__gt=now).update(snoozed_until=now)
return_due(now=now)
"""


@pytest.fixture
def product() -> Iterator[Product]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    with run_product(
        name=f"{worker}_follow_up", port=free_port(), redis="", with_sample=True
    ) as running:
        yield running


def open_browser(browser: Browser, product: Product, name: str, **options: bool) -> BrowserContext:
    context = browser.new_context(
        base_url=product.url, locale="en-GB", reduced_motion="reduce", viewport=DESK, **options
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    enter(page, f"{name}@{DOMAIN}")
    return context


def shell(product: Product, script: str) -> str:
    return product.manage("shell", "-v", "0", "-c", script)


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).click()


def choose(page: Page, act: str) -> None:
    page.locator(f"#act-{act} > summary").click()


def test_two_colleagues_on_one_page(browser: Browser, product: Product) -> None:
    first, second, third, fourth, fifth = json.loads(shell(product, COLLEAGUES))
    hers, his = (open_browser(browser, product, name) for name in ("anna", "bram"))
    anna, bram = hers.pages[0], his.pages[0]

    see_each_other_and_save_at_the_same_moment(anna, bram, first)
    keep_a_draft_over_a_reload(anna, bram, second)
    put_off_take_back_and_return(anna, product, third)
    close_and_undo(anna, fourth)
    complaints = look(anna, [first, second, third, fourth])
    work_without_a_script(open_browser(browser, product, "anna", java_script_enabled=False), fifth)

    assert complaints == []


def see_each_other_and_save_at_the_same_moment(anna: Page, bram: Page, pk: int) -> None:
    for page in (anna, bram):
        page.goto(f"/follow-ups/{pk}/#act-note")
        expect(page.locator("#note_text")).to_be_focused()
    anna.reload()
    expect(anna.get_by_text("Bram is looking")).to_be_visible()

    anna.locator("#note_text").fill("Ik bel haar zo.")
    press(anna, "#act-note form .button")
    bram.locator("#note_text").fill("Ik stuur bloemen.")
    press(bram, "#act-note form .button")

    expect(bram.get_by_role("alert")).to_contain_text("Ik bel haar zo.")
    expect(bram.locator("#note_text")).to_have_value("Ik stuur bloemen.")
    press(bram, "#act-note form .button")
    expect(bram.locator(".talk-internal").nth(-2)).to_contain_text("Ik bel haar zo.")
    expect(bram.locator(".talk-internal").last).to_contain_text("Ik stuur bloemen.")


def keep_a_draft_over_a_reload(anna: Page, bram: Page, pk: int) -> None:
    bram.goto(f"/follow-ups/{pk}/")
    greeting = bram.locator("#reply_text").input_value()
    anna.goto(f"/follow-ups/{pk}/")
    anna.locator("#reply_text").press_sequentially("Dank voor uw mooie cijfer")
    expect(anna.locator("#act-reply .draft")).to_contain_text(re.compile(r"Draft saved \d\d:\d\d"))
    words = anna.locator("#reply_text").input_value()

    anna.reload()
    bram.reload()

    expect(anna.locator("#reply_text")).to_have_value(words)
    expect(bram.locator("#reply_text")).to_have_value(greeting)
    press(anna, "#act-reply .draft button")
    expect(anna.locator("#reply_text")).to_have_value(greeting)
    anna.locator("#reply_text").press_sequentially("Nieuw")
    bram.reload()
    expect(bram.get_by_text("Anna is writing")).to_be_visible()


def put_off_take_back_and_return(anna: Page, product: Product, pk: int) -> None:
    anna.goto(f"/follow-ups/{pk}/")
    choose(anna, "snooze")
    press(anna, "#act-snooze button[value=tomorrow]")
    expect(anna.get_by_text("Snoozed until")).to_be_visible()
    press(anna, ".message button")
    expect(anna.get_by_text("Snoozed until")).to_have_count(0)

    choose(anna, "snooze")
    press(anna, "#act-snooze button[value=reply]")
    shell(product, LATER.format(pk=pk))
    anna.reload()

    expect(anna.get_by_text("Back since")).to_be_visible()
    expect(anna.get_by_text("Back in the queue: the time has come")).to_have_count(1)


def close_and_undo(anna: Page, pk: int) -> None:
    anna.goto(f"/follow-ups/{pk}/")
    choose(anna, "close")
    anna.locator("#close_outcome").select_option("thanked")
    anna.locator("#close_new_tags").fill("fan, doorverteld")
    press(anna, "#act-close form .button")
    expect(anna.locator(".tag")).to_have_text(["doorverteld", "fan"])
    press(anna, ".message button")

    expect(anna.locator("#act-close > summary")).to_be_visible()
    expect(anna.get_by_text("Closing taken back")).to_be_visible()


def look(page: Page, follow_ups: list[int]) -> list[str]:
    """Axe and the width, of each state that was made, with every act open in turn."""
    complaints = []
    for pk in follow_ups:
        page.set_viewport_size(DESK)
        page.goto(f"/follow-ups/{pk}/")
        complaints += ask_axe(page, f"follow-up {pk}") + find_too_wide(page, f"follow-up {pk}")
    for act in ("note", "call", "gesture", "snooze", "close"):
        page.set_viewport_size(PHONE)
        page.goto(f"/follow-ups/{follow_ups[0]}/?act={act}")
        page.locator(".tell > summary").first.evaluate("one => one.parentElement.open = true")
        complaints += ask_axe(page, act) + find_too_wide(page, act)
    return complaints


def work_without_a_script(context: BrowserContext, pk: int) -> None:
    page = context.pages[0]
    page.set_viewport_size(PHONE)
    page.goto(f"/follow-ups/{pk}/")
    choose(page, "gesture")
    page.locator("#gesture_what").fill("Bos bloemen")
    page.locator("#gesture_cost").fill("17,50")
    press(page, "#act-gesture form .button")
    choose(page, "note")
    page.locator("#act-note .tell > summary").click()
    page.get_by_role("checkbox", name="Bram").check()
    page.locator("#note_text").fill("Zie je dit?")
    press(page, "#act-note form .button")

    expect(page.get_by_text("Gesture: Bos bloemen (17.50)")).to_be_visible()
    expect(page.get_by_text("Shown to Bram")).to_be_visible()
