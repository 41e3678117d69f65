"""The sample company: De Papieren Eend, who sell paper and everything to fold it with."""

from __future__ import annotations

import datetime as dt
from random import Random

from closeloop.models import Member
from npsapp.demo.logins import COLLEAGUE, DOMAIN, PASSWORD, PEOPLE
from npsapp.demo.words import FIRST_NAMES, LAST_NAMES
from npsapp.models import User
from npsapp.roles import Role
from surveys.addresses import hash_address
from surveys.models import Account, Contact, Organisation, Property, Sender, Survey

COMPANY = "De Papieren Eend"
GROUPS = {"Nieuw": 0.35, "Vast": 0.45, "Zakelijk": 0.2}
COUNTRIES = {"Nederland": 0.75, "België": 0.25}
CARRIERS = {"Pakketdienst": 0.6, "Fietskoerier": 0.22, "Afhaalpunt": 0.18}
ACCOUNTS = (
    "Basisschool De Vlieger",
    "Kantoorboekhandel Inktpot",
    "Atelier Vouwbeen",
    "Museumwinkel Het Vel",
    "Drukkerij Zetfout",
    "Bloemsierkunst Knop",
    "Theater De Coulisse",
    "Bakkerij Papierdun",
)


def make_organisation() -> Organisation:
    return Organisation.objects.create(
        pk=1,
        name=COMPANY,
        postal_address="Vouwlijn 12, 9999 ZZ Origamidorp",
        contact_email=f"klantenservice@{DOMAIN}",
        privacy_url=f"https://www.{DOMAIN}/privacy",
        default_language="nl",
        is_sample=True,
    )


def make_people() -> list[User]:
    """Create the four logins and a colleague; return the two who follow up."""
    for email, (name, role, language) in PEOPLE.items():
        User.objects.create_user(email, PASSWORD, name=name, role=role, language=language)
    email, name, role, language = COLLEAGUE
    User.objects.create_user(email, name=name, role=role, language=language)
    agents = list(User.objects.filter(role=Role.AGENT).order_by("email"))
    for agent in agents:
        Member.objects.create(
            user=agent, signature=f"Met vriendelijke groet,\n{agent.name}\n{COMPANY}"
        )
    return agents


def make_senders() -> Sender:
    """Create both lanes; return the one for invitations."""
    Sender.objects.create(
        name="Klantenservice",
        lane=Sender.Lane.TRANSACTIONAL,
        from_name=f"Klantenservice {COMPANY}",
        from_email=f"klantenservice@{DOMAIN}",
    )
    return Sender.objects.create(
        name="Klantonderzoek",
        lane=Sender.Lane.BULK,
        from_name=COMPANY,
        from_email=f"vraag@{DOMAIN}",
        reply_to=f"klantenservice@{DOMAIN}",
    )


def make_surveys() -> tuple[Survey, Survey, Survey]:
    """Create the survey of the relationship, and those before and after a delivery.

    Those two follow an order, so they ask whoever ordered; the third keeps the frequency rule.
    """
    before = Survey.objects.create(
        name="Voor levering",
        slug="voor-levering",
        company=COMPANY,
        touchpoint=Survey.Touchpoint.PRE_DELIVERY,
        rest_rule=Survey.Rest.IGNORE,
    )
    after = Survey.objects.create(
        name="Na levering",
        slug="na-levering",
        company=COMPANY,
        touchpoint=Survey.Touchpoint.POST_DELIVERY,
        rest_rule=Survey.Rest.IGNORE,
        pre_survey=before,
    )
    relationship = Survey.objects.create(name="Klanttevredenheid", slug="klanten", company=COMPANY)
    return relationship, before, after


def make_contacts(
    random: Random, number: int, *, ordered: tuple[dt.date, dt.date]
) -> list[Contact]:
    """Create `number` people with their properties and language; business customers in accounts.

    `ordered`: between which days the last order of each of them was.
    """
    span = (ordered[1] - ordered[0]).days
    Property.objects.bulk_create(
        [
            Property(key="klantgroep", label="Klantgroep", kind="choice", is_segment=True),
            Property(key="land", label="Land", kind="choice", is_segment=True),
            Property(key="bezorging", label="Bezorging", kind="choice", is_segment=True),
            Property(key="besteld_op", label="Laatste bestelling", kind="date"),
            Property(key="omzet", label="Omzet per jaar", kind="money"),
        ]
    )
    accounts = Account.objects.bulk_create([Account(name=name) for name in ACCOUNTS])
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    people = []
    for index, (first, last) in enumerate(random.sample(names, number)):
        group = pick(random, GROUPS)
        email = f"{first}.{last}@klanten.example".lower()
        people.append(
            Contact(
                email=email,
                address_hash=hash_address(email),
                external_id=f"K{20000 + index}",
                first_name=first,
                last_name=last,
                language="nl" if random.random() < 0.85 else "en",
                account=random.choice(accounts) if group == "Zakelijk" else None,
                properties={
                    "klantgroep": group,
                    "land": pick(random, COUNTRIES),
                    "bezorging": pick(random, CARRIERS),
                    "besteld_op": str(ordered[0] + dt.timedelta(random.randint(0, span))),
                }
                | draw_revenue(group, index),
            )
        )
    return Contact.objects.bulk_create(people, batch_size=1000)


def draw_revenue(group: str, index: int) -> dict[str, str]:
    """What somebody buys in a year; of a few the shop does not know. Many little, few much.

    Drawn apart, so that everything else in the sample stays what it was.
    """
    random = Random(f"revenue {index}")  # noqa: S311
    if random.random() < 0.06:
        return {}
    usual = {"Zakelijk": 1400, "Nieuw": 70}.get(group, 180)
    return {"omzet": f"{random.lognormvariate(0, 0.9) * usual:.2f}"}


def pick(random: Random, weights: dict[str, float]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
