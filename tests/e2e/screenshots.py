"""Pictures of the main pages for docs/screenshots/: `make screenshots`.

Starts a database of its own, the product and the sample company, and takes all of it down again.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Literal, NamedTuple

from playwright.sync_api import Page, sync_playwright

from npsapp.demo.logins import DOMAIN
from tests.e2e.pages import enter
from tests.e2e.product import BROWSER_FLAGS, ROOT, Product, find_browser, run_product
from tests.services import Services, free_port, prepare_environment

FOLDER = ROOT / "docs" / "screenshots"
HEAVIEST = 200_000
PHONE, DESK, PAPER = (390, 844), (1280, 860), (718, 1047)
# The newest detractor who still waits, so that there is something to say to.
SCRIPT = """
import json
from django.urls import reverse
from closeloop.models import FollowUp
from surveys import links
from surveys.models import Campaign
campaign = Campaign.objects.running().get()
waiting = FollowUp.objects.open().filter(response__category="detractor", owner__isnull=False)
asked = campaign.invitations.filter(state="sent", answered_at=None).latest("sent_at")
answered = campaign.invitations.filter(response__status="counted").latest("answered_at")
print(json.dumps({
    "follow_up": waiting.exclude(response__comment="").latest("opened_at").get_absolute_url(),
    "campaign": campaign.get_absolute_url(),
    "question": reverse("answer", args=[links.sign(links.ANSWER, asked.pk)]) + "?score=9",
    "thanks": reverse("answer_done", args=[links.sign(links.ANSWER, answered.pk)]),
}))
"""
# A beginning: a survey with four answers, and one with none.
BEGINNING = """
import datetime as dt
import json
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_response, make_survey
few, none = make_survey(name="Nieuwe winkel"), make_survey(name="Servicedesk")
said = {10: "Snel en vriendelijk geholpen.", 9: "", 7: "Wel lang wachten.", 3: "Niet gebeld."}
for days, (score, comment) in enumerate(said.items()):
    make_response(survey=few, score=score, comment=comment, channel="import",
        answered_at=timezone.now() - dt.timedelta(days=days))
start = reverse("dashboard") + "?survey="
print(json.dumps({"few": start + few.slug, "none": start + none.slug}))
"""


class Picture(NamedTuple):
    """`target` is an address, or a name of a script; `part` is scrolled to the top first."""

    name: str
    target: str
    size: tuple[int, int] = DESK
    scheme: Literal["light", "dark"] = "light"
    part: str = ""
    media: Literal["screen", "print"] = "screen"


PICTURES = [
    Picture("dashboard", "/"),
    Picture("dashboard-trend", "/?survey=na-levering&by=bezorging", part="#trend-heading"),
    Picture("dashboard-dark", "/?survey=na-levering&by=bezorging", scheme="dark"),
    Picture("dashboard-phone", "/?survey=na-levering", size=PHONE),
    Picture("dashboard-print", "/?survey=na-levering", size=PAPER, media="print"),
    Picture("queue", "/follow-ups/?view=all", size=(1280, 740)),
    Picture("follow-up", "follow_up"),
    Picture("follow-up-phone-dark", "follow_up", size=PHONE, scheme="dark"),
    Picture("campaign", "campaign"),
    Picture("responses", "/responses/"),
    Picture("question-phone", "question", size=PHONE),
    Picture("thanks-phone-dark", "thanks", size=PHONE, scheme="dark"),
]
# Their surveys would stand on the other pictures as well.
BEGINNINGS = [
    Picture("dashboard-few", "few"),
    Picture("dashboard-few-phone-dark", "few", size=PHONE, scheme="dark"),
    Picture("dashboard-none", "none"),
    Picture("dashboard-none-phone-dark", "none", size=PHONE, scheme="dark"),
]


def main() -> int:
    started = Services()
    started.start()
    try:
        prepare_environment()
        with run_product(
            name="screenshots", port=free_port(), redis="", with_sample=True
        ) as product:
            heavy = take_pictures(product)
    finally:
        started.stop()
    for name in heavy:
        sys.stderr.write(f"{name} weighs more than {HEAVIEST} bytes.\n")
    return 1 if heavy else 0


def take_pictures(product: Product) -> list[str]:
    """Write all pictures; return those that are too heavy for a repository."""
    FOLDER.mkdir(exist_ok=True)
    program = find_browser()
    if program is None:
        raise SystemExit("The pictures need Chromium: apt-get install chromium")
    product.manage("tick")
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        context = browser.new_context(
            base_url=product.url, locale="en", reduced_motion="reduce", device_scale_factor=1
        )
        page = context.new_page()
        # The manager of the sample company reads English.
        enter(page, f"manager@{DOMAIN}")
        heavy = []
        for script, pictures in ((SCRIPT, PICTURES), (BEGINNING, BEGINNINGS)):
            named: dict[str, str] = json.loads(product.manage("shell", "-v", "0", "-c", script))
            heavy += [
                picture.name
                for picture in pictures
                if take(page, picture, named.get(picture.target, picture.target)) > HEAVIEST
            ]
        browser.close()
    return heavy


def take(page: Page, picture: Picture, address: str) -> int:
    """Write one picture; return what it weighs."""
    width, height = picture.size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=picture.scheme, media=picture.media)
    page.goto(address)
    if picture.part:
        page.locator(picture.part).evaluate("heading => heading.parentElement.scrollIntoView()")
    content = page.screenshot(path=FOLDER / f"{picture.name}.png")
    return len(content)


if __name__ == "__main__":
    sys.exit(main())
