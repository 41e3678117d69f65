"""A reply leaves over SMTP, once; the customer's answer comes back through the webhook."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.closeloop.received_mail import SECRET, basic, postmark_mail, postmark_photo
from tests.e2e.product import Mailbox, Product, run_product
from tests.e2e.test_story import PASSWORD, log_in, press
from tests.services import free_port, redis_url

CUSTOMER = "daan@klanten.example"
DOMAIN = "in.voorbeeld.example"
SETUP = f"""
from django.utils import timezone
from closeloop.models import Member, ReplyTemplate
from closeloop.opening import open_follow_up
from npsapp.models import User
from surveys.models import *
from surveys.addresses import hash_address
from responses.models import Response
now = timezone.now()
Organisation.objects.create(pk=1, name="Voorbeeld BV", postal_address="Teststraat 1, Testdam",
    contact_email="hallo@voorbeeld.example")
for lane in ("bulk", "transactional"):
    Sender.objects.create(name=lane, lane=lane, from_name="Voorbeeld",
        from_email=lane + "@voorbeeld.example", reply_to="hallo@voorbeeld.example")
agent = User.objects.create_user("agent@voorbeeld.example", "{PASSWORD}", name="Agent",
    role="agent")
Member.objects.create(user=agent)
survey = Survey.objects.create(name="Klanten", slug="klanten", company="Voorbeeld")
campaign = Campaign.objects.create(survey=survey, name="Ronde", state="finished",
    sender=Sender.objects.get(lane="bulk"), first_day=now.date())
daan = Contact.objects.create(email="{CUSTOMER}", address_hash=hash_address("{CUSTOMER}"),
    first_name="Daan", last_name="Duin", language="nl")
asked = Invitation.objects.create(campaign=campaign, contact=daan, state="sent", sent_at=now)
answer = Response.objects.create(invitation=asked, survey=survey, contact=daan, scale_min=0,
    score=9, channel="mail", language="nl", comment="Snel geholpen", answered_at=now)
print(open_follow_up(answer.pk, now=now).pk)
"""


@pytest.fixture
def product(broker: str, request: pytest.FixtureRequest) -> Iterator[Product]:
    """One that customers' answers come into."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    redis = redis_url(33) if broker == "redis" else ""
    changes = {
        "INBOUND_DOMAIN": DOMAIN,
        "INBOUND_SERVICE": "postmark",
        "ANYMAIL_WEBHOOK_SECRET": SECRET,
    }
    name = f"conversation_{worker}_{broker}"
    with run_product(name=name, port=free_port(), redis=redis, changes=changes) as running:
        yield running
        if request.session.testsfailed:
            print(running.logs())  # noqa: T201


def deliver(browser: Browser, product: Product, said: dict[str, Any]) -> int:
    service = browser.new_context(base_url=product.url)
    answer = service.request.post("/anymail/postmark/inbound/", data=said, headers=basic(SECRET))
    service.close()
    return answer.status


def wait_for_text(page: Page, text: str) -> None:
    """The worker files a mail a moment after it came in."""
    for _ in range(80):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{text!r} never appeared")


def test_reply_leaves_once_and_the_answer_comes_back(
    product: Product, mailbox: Mailbox, browser: Browser
) -> None:
    pk = product.manage("shell", "--verbosity", "0", "--command", SETUP).split()[-1]
    page = browser.new_context(base_url=product.url, locale="en-GB").new_page()
    log_in(page, "agent")

    # A text of the team, made one's own.
    page.goto(f"/follow-ups/{pk}/")
    page.get_by_label("Begin with a text").select_option(label="Bedankt")
    press(page, "Fill in")
    message = page.get_by_label("Message", exact=True)
    expect(message).to_have_value(re.compile("^Beste Daan,\n\nWat fijn dat u Voorbeeld een 9 gaf"))
    message.fill("Beste Daan,\n\nDank u wel. Wat kunnen we beter doen?")
    page.locator("details#act-reply").get_by_label("Outcome").select_option("thanked")
    page.locator("details#act-reply").get_by_role("button", name="Send and close").click()
    expect(page.get_by_text(re.compile("^Closed on"))).to_be_visible()

    reply = mailbox.wait_for(lambda mail: mail.recipients == [CUSTOMER])
    asked = str(reply.message["In-Reply-To"])
    address = reply.message["Reply-To"].addresses[0].addr_spec
    assert asked.startswith("<inv.")
    assert address.endswith(f"@{DOMAIN}")

    # The customer answers to that address; the service tells three times.
    own_id = "<CAF7x@mail.klanten.example>"
    references = f"{asked} {reply.message['Message-ID']}"
    said = postmark_mail(
        to=address,
        headers={"In-Reply-To": str(reply.message["Message-ID"]), "References": references},
        Attachments=[postmark_photo("doos.jpg")],
    )
    assert [deliver(browser, product, said) for _ in range(3)] == [200, 200, 200]

    page.reload()
    wait_for_text(page, "Dank je wel, het pakket is er!")
    expect(page.locator(".talk-mail")).to_have_count(1)
    expect(page.get_by_text("Reopened, because the customer wrote")).to_be_visible()
    expect(page.get_by_text("doos.jpg")).to_be_visible()
    expect(page.get_by_text("> Excuus.")).to_be_hidden()
    page.get_by_text("What stood below it").click()
    expect(page.get_by_text("> Excuus.")).to_be_visible()
    notice = mailbox.wait_for(lambda mail: mail.recipients == ["agent@voorbeeld.example"])
    assert "het pakket is er!" in notice.body()

    # And the conversation goes on under the customer's own mail. A page that was drawn while the
    # mail was being filed may have its words, and the follow-up still closed.
    page.reload()
    page.get_by_label("Message", exact=True).fill("Beste Daan,\n\nGraag gedaan.")
    page.locator("details#act-reply").get_by_role("button", name="Send", exact=True).click()
    second = mailbox.wait_for(lambda mail: "Graag gedaan" in mail.body())
    assert second.message["In-Reply-To"] == own_id
    assert str(second.message["References"]).split() == [
        asked,
        str(reply.message["Message-ID"]),
        own_id,
    ]
    assert [mail.recipients for mail in mailbox.mails].count([CUSTOMER]) == 2
