"""The product's main job, played in a browser on the real product: on any weekday, at any hour."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.product import Mailbox, Product

PASSWORD = "een heel lang wachtwoord"
ZONE = "Europe/Brussels"
CONTACTS = """\
Klantnummer;E-mail;Voornaam;Achternaam;Taal;Klantgroep
11;fenna@klanten.example;Fenna;Fluitketel;nl;Vast
12;;Geertje;Zonderling;nl;Vast
13;hidde@klanten.example;Hidde;Haverstro;en;Nieuw
14;geen adres;Kapotte;Rij;nl;Nieuw
15;ilse@klanten.example;Ilse;Inktvlek;nl;Nieuw
"""
PAST_ANSWERS = "id,datum,cijfer\n" + "".join(
    f"{number},2025-03-{number:02d},{score}\n"
    for number, score in enumerate([10, 10, 9, 9, 8, 7, 7, 6, 3], start=1)
)
SETUP = f"""
from closeloop.models import Member
from npsapp.models import User
from surveys.models import Organisation, Sender
Organisation.objects.create(pk=1, name="Voorbeeld BV", postal_address="Teststraat 1, Testdam",
    contact_email="hallo@voorbeeld.example", time_zone="{ZONE}")
for lane in ("bulk", "transactional"):
    Sender.objects.create(name=lane, lane=lane, from_name="Voorbeeld",
        from_email=lane + "@voorbeeld.example", reply_to="hallo@voorbeeld.example")
for role in ("manager", "agent"):
    address = role + "@voorbeeld.example"
    User.objects.create_user(address, "{PASSWORD}", name=role.title(), role=role)
Member.objects.create(user=User.objects.get(role="agent"))
"""


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button that sends a form, and see the answer come."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def log_in(page: Page, role: str) -> None:
    page.goto("/login/")
    page.get_by_label("E-mail").fill(f"{role}@voorbeeld.example")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")


def import_contacts(page: Page, folder: Path) -> None:
    file = folder / "klanten.csv"
    file.write_text(CONTACTS, encoding="cp1252")
    page.goto("/contacts/import/")
    page.get_by_label("CSV file").set_input_files(file)
    press(page, "Look at the file")
    expect(page.get_by_role("cell", name="“geen adres” is not")).to_be_visible()
    page.get_by_label("Klantgroep").select_option(label="Property, and a segment in results")
    press(page, "Show again with these columns")
    press(page, re.compile("^Import "))
    expect(page.get_by_text("contacts imported")).to_be_visible(timeout=60_000)
    page.goto("/contacts/")
    expect(page.get_by_text("Fenna Fluitketel")).to_be_visible()


def create_survey(page: Page) -> None:
    page.goto("/surveys/new/")
    page.get_by_label("Name", exact=True).fill("Klanten")
    page.get_by_label("company or product in the question").fill("Voorbeeld")
    press(page, "Save")


def launch_campaign(page: Page) -> None:
    page.goto("/campaigns/new/")
    page.get_by_label("Name", exact=True).fill("Eerste ronde")
    today = dt.datetime.now(ZoneInfo(ZONE)).date()
    page.get_by_label("First day", exact=True).fill(today.isoformat())
    for day in page.get_by_role("group", name="Weekdays").get_by_role("checkbox").all():
        day.check()
    page.get_by_label("From", exact=True).fill("00:00")
    page.get_by_label("Until", exact=True).fill("23:59")
    press(page, "Save and see the plan")
    expect(page.get_by_text("No e-mail address")).to_be_visible()
    expect(page.get_by_text("No test mail was sent yet")).to_be_visible()
    press(page, "Send a test to yourself")
    opening = page.get_by_text("Launch …")
    for _ in range(60):
        if opening.count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    opening.click()
    press(page, re.compile(r"^Launch: 3 mails from \d"))
    expect(page.get_by_text("Running")).to_be_visible()


def answer_mail(browser: Browser, product: Product, mailbox: Mailbox) -> str:
    """Answer the first invitation as its receiver; return whose it was."""
    mail = mailbox.wait_for(lambda mail: "List-Unsubscribe" in mail.message)
    link = re.search(r'href="([^"]+\?score=3[^"]*)"', mail.body("html"))
    assert link is not None
    customer = browser.new_context(base_url=product.url, locale="nl-NL")
    page = customer.new_page()
    page.goto(link[1].replace("&amp;", "&"))
    expect(page.get_by_role("radio", name=re.compile("^3"))).to_be_checked()
    # Whoever answers within seconds of the sending looks like a scanner (responses.automatic).
    page.wait_for_timeout(6_000)
    page.locator("textarea").fill("Mijn pakket kwam veel te laat.")
    press(page, re.compile("^(Versturen|Send)$"))
    expect(page.get_by_role("heading", name=re.compile("Dank u wel|Thank you"))).to_be_visible()
    assert customer.cookies() == []
    customer.close()
    return mail.recipients[0]


def follow_up(page: Page) -> None:
    page.goto("/follow-ups/?view=mine")
    # The worker opens the follow-up a moment after the answer.
    row = page.get_by_role("link", name=re.compile("Mijn pakket kwam veel te laat"))
    for _ in range(60):
        if row.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    row.click()
    reply = page.locator("details#act-reply")
    reply.get_by_label("Message").fill("Dat spijt ons. Er is een nieuw pakket onderweg.")
    reply.get_by_label("outcome").select_option("solved")
    reply.get_by_label("root cause").select_option(index=1)
    reply.get_by_role("button", name="Send and close").click()
    expect(page.get_by_text(re.compile("^Closed on"))).to_be_visible()


def read_score(page: Page) -> tuple[str, str]:
    page.goto("/?period=all")
    number = page.locator(".headline-number strong").inner_text()
    return number, page.locator(".headline-n").inner_text()


def test_story(
    product: Product,
    mailbox: Mailbox,
    browser: Browser,
    browser_context: BrowserContext,
    page: Page,
    tmp_path: Path,
) -> None:
    product.manage("shell", "--verbosity", "0", "--command", SETUP)
    log_in(page, "manager")

    import_contacts(page, tmp_path)
    create_survey(page)
    past = tmp_path / "past.csv"
    past.write_text(PAST_ANSWERS)
    product.manage(
        *["import_responses", str(past), "--survey", "klanten", "--id-column", "id"],
        *["--score-column", "cijfer", "--date-column", "datum"],
    )
    assert read_score(page) == ("+22", "n = 9")

    launch_campaign(page)
    answered_by = answer_mail(browser, product, mailbox)
    # The others of the 30 days wait for their day.
    invited = [mail for mail in mailbox.mails if "List-Unsubscribe" in mail.message]
    assert [mail.recipients for mail in invited] == [[answered_by]]

    agent = browser.new_context(base_url=product.url, locale="en-GB").new_page()
    log_in(agent, "agent")
    follow_up(agent)

    notice = mailbox.wait_for(lambda mail: mail.recipients == ["agent@voorbeeld.example"])
    assert "te laat" in notice.body()
    reply = mailbox.wait_for(
        lambda mail: mail.recipients == [answered_by] and "spijt" in mail.body()
    )
    assert reply.message["In-Reply-To"] == invited[0].message["Message-ID"]
    # Four promoters, three passives and now three detractors.
    assert read_score(page) == ("+10", "n = 10")
