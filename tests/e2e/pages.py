"""Every page of the product that a GET can reach, found by following its own links."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page

from npsapp.demo.logins import DOMAIN, PASSWORD
from tests.e2e.product import Product

# Customers' pages stand in mails and on no page of ours; drafts and files are made for the look.
TOKENS = """
import datetime
import json
from django.urls import reverse
from npsapp.models import User
from npsapp.people.links import INVITE, make_password_url
from responses.digesting import start_digest
from responses.models import SharedDashboard
from responses.sharing import shared_url
from responses.export_files import ask_for_file, write_file
from responses.forms.listing import find_rows
from responses.trying import record_test
from responses.writing import ExportStyle
from closeloop.models import FollowUp, ReplyTemplate
from closeloop.writing import start_round
from surveys import links
from surveys.suppressing import suppress
from django.conf import settings
from django.utils import timezone
from surveys.importing.batches import confirm_batch, open_batch
from surveys.models import Campaign, Invitation
reader = User.objects.create_user("english@{domain}", "{password}", name="Emma", role="admin")
campaign = Campaign.objects.running().get()
silent = campaign.invitations.filter(state="sent", answered_at=None).latest("sent_at")
answered = Invitation.objects.filter(answered_at__isnull=False).latest("answered_at")
files = [
    open_batch(text.encode(), "klanten.csv", user=reader, now=timezone.now())
    for text in (
        "E-mail;Voornaam\\nnieuw@klanten.example;Nieuw\\nkapot;Kapot\\n",
        "E-mail;Voornaam\\nander@klanten.example;Ander\\nkapot;Kapot\\n",
    )
]
confirm_batch(files[1], user=reader, now=timezone.now())
draft = Campaign.objects.create(survey=campaign.survey, name="Volgende ronde",
    sender=campaign.sender, first_day=campaign.last_day)
blocked = suppress("0" * 64, scope="all", reason="manual")
record_test(draft, tester=reader, score=9, comment="", language="en", now=timezone.now())
trial = links.sign_test(draft.pk, reader.pk)
for writer in User.objects.filter(role="admin"):
    texts = ReplyTemplate.objects.filter(category="promoter")
    start_round(FollowUp.objects.open().unassigned(), category="promoter", templates=texts,
        user=writer, now=timezone.now())
exports = [
    ask_for_file("", ExportStyle.PLAIN, rows=1, user=admin, with_addresses=True, now=timezone.now())
    for admin in User.objects.filter(role="admin")
]
for export in exports:
    write_file(export.pk, find=find_rows, now=timezone.now())
invited = User.objects.create_user("nieuw@{domain}", name="Nel", role="agent")
shared = SharedDashboard.objects.create(name="Voor de raad", with_comments=True,
    pairs=[["survey", campaign.survey.slug], ["period", "12m"]], created_by=reader,
    created_at=timezone.now(), expires_at=timezone.now() + datetime.timedelta(days=30))
start_digest(campaign.survey, rhythm="weekly", recipients=[reader], by=reader,
    now=timezone.now())
print(json.dumps([
    shared_url(shared).removeprefix(settings.BASE_URL),
    reverse("suppression_remove", args=[blocked.pk]),
    make_password_url(invited, INVITE).removeprefix(settings.BASE_URL),
    reverse("answer", args=[links.sign(links.ANSWER, silent.pk)]) + "?score=9",
    reverse("answer_done", args=[links.sign(links.ANSWER, answered.pk)]),
    reverse("answer_preview", args=[links.sign(links.PREVIEW, campaign.pk)]),
    reverse("unsubscribe", args=[links.sign(links.UNSUBSCRIBE, silent.pk)]),
    reverse("resubscribe", args=[links.sign(links.UNSUBSCRIBE, silent.pk)]),
    reverse("answer_test", args=[trial]),
    reverse("answer_test_done", args=[trial]),
    draft.get_absolute_url(),
    reverse("campaign_join", args=[campaign.pk]),
    *[file.get_absolute_url() for file in files],
    *[reverse("responses_file", args=[export.pk]) for export in exports],
]))
"""
LANGUAGES = {"en": f"english@{DOMAIN}", "nl": f"beheer@{DOMAIN}"}
# What no link leads to and a person sees all the same.
ODD = [
    "/nothing/",
    "/?survey=missing",
    "/?period=all&sort=score&then=land",
    "/responses/?score=eleven",
    "/?survey=na-levering&benchmark=1&benchmark=2",
    "/responses/pairs/?survey=na-levering&step=fell",
    "/compare/?a.survey=voor-levering&b.survey=na-levering",
    "/contacts/?page=2",
    "/first-steps/",
    "/deliveries/held/",
    "/password/",
    "/password/asked/",
]


def list_unlinked(product: Product) -> list[str]:
    """Addresses to start from besides the dashboard; also makes the person who reads English."""
    product.manage("tick")
    product.wait_for_outbox()
    script = TOKENS.format(domain=DOMAIN, password=PASSWORD)
    found: list[str] = json.loads(product.manage("shell", "-v", "0", "-c", script))
    return found + ODD


def log_in(browser: Browser, product: Product, language: str, **options: Any) -> BrowserContext:
    # Without motion: a colour on its way to another would be measured half-way.
    options = {"reduced_motion": "reduce"} | options
    context = browser.new_context(base_url=product.url, locale=language, **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    enter(page, LANGUAGES[language])
    page.close()
    return context


def enter(page: Page, address: str) -> None:
    """Log in as somebody of the sample company."""
    page.goto("/login/")
    page.locator("[type=email]").fill(address)
    page.locator("[type=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def name_of(address: str) -> str:
    try:
        return str(resolve(urlsplit(address).path).url_name)
    except Resolver404:
        return ""


def crawl(request: APIRequestContext, starts: list[str]) -> tuple[dict[str, str], set[str]]:
    """Follow links from page to page, one address per route, and look at each start besides.

    Returns the pages (address by name of their route, or by itself for a second one) and the
    routes that answer something else: a file, a fragment, or nothing to a GET.
    """
    pages: dict[str, str] = {}
    others: set[str] = set()
    known: set[str] = set()
    waiting = ["/", *starts]
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if name in known and address not in starts:
            continue
        answer = request.get(address, max_redirects=0)
        body = answer.text() if "html" in answer.headers.get("content-type", "") else ""
        if answer.ok:
            known.add(name)
        if "<main" not in body:
            others.add(name)
            continue
        pages[name if answer.ok and name not in pages else address] = address
        links = re.findall(r'(?:href|action|hx-get|src)="([^"#]+)"', body)
        for link in links:
            target = urljoin(address, html.unescape(link))
            if target.startswith("/") and name_of(target) not in known | {""}:
                waiting.append(target)
    return pages, others
