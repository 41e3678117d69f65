"""Figures that others published about themselves or their trade, to begin the list with.

Only figures whose source could be named. They were measured in other ways, of other people and in
other years: the same trade came out at +7, +29 and +50, depending on who asked. Once in the list
they are the manager's rows, in the language in which they were added.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext, gettext_noop, override

from npsapp.models import User
from responses.models import Benchmark


class Published(NamedTuple):
    name: str
    sector: str
    country: str
    year: int
    figure: str
    source: str
    link: str = ""
    method: str = ""


NETHERLANDS, UNITED_STATES = gettext_noop("Netherlands"), gettext_noop("United States")
TELECOM, RETAIL = gettext_noop("Telecom"), gettext_noop("Retail")
SERVICES = gettext_noop("Business services")
KPN = gettext_noop("KPN, annual report 2024, the numbers")
KPN_METHOD = gettext_noop("Reported by the company itself about its own customers.")
INTEGRON = gettext_noop("Integron, yearly study among Dutch business customers")
XM = gettext_noop("XM Institute, Economics of Net Promoter Score")
XM_LINK = "https://www.xminstitute.com/"
XM_METHOD = gettext_noop("Asked of consumers about many companies; the mean of a sector.")

PUBLISHED = [
    Published(
        gettext_noop("KPN, consumers"), TELECOM, NETHERLANDS, 2024, "16", KPN,
        "https://annualreport2024.kpn/the-numbers", KPN_METHOD,
    ),
    Published(
        gettext_noop("KPN, business"), TELECOM, NETHERLANDS, 2024, "4", KPN,
        "https://annualreport2024.kpn/the-numbers", KPN_METHOD,
    ),
    Published(
        gettext_noop("Coolblue"), RETAIL, NETHERLANDS, 2023, "71",
        gettext_noop("Klantcontact.nl, 30 April 2024"), "https://www.klantcontact.nl/",
        gettext_noop("Told by the company; once said to be asked on a scale of 1 to 10."),
    ),
    Published(
        gettext_noop("Dutch business customers, on average"), SERVICES, NETHERLANDS, 2020, "11",
        INTEGRON, "",
        gettext_noop("29 % promoters, 53 % passives, 18 % detractors."),
    ),
    Published(
        gettext_noop("Dutch business customers, on average"), SERVICES, NETHERLANDS, 2025, "17",
        INTEGRON, "",
        gettext_noop("Unchanged on the year before; the best reach +40."),
    ),
    Published(
        gettext_noop("Simyo, mobile"), TELECOM, NETHERLANDS, 2017, "30",
        gettext_noop("Telecompaper, second quarter of 2017"), "https://www.telecompaper.com/",
        gettext_noop("In the same measurement: T-Mobile +26, KPN +22, Youfone +9, Tele2 +8."),
    ),
    Published(
        gettext_noop("Retail, on average"), RETAIL, UNITED_STATES, 2024, "29", XM, XM_LINK,
        XM_METHOD,
    ),
    Published(
        gettext_noop("Supermarkets, on average"), RETAIL, UNITED_STATES, 2024, "30", XM, XM_LINK,
        XM_METHOD,
    ),
    Published(
        gettext_noop("Television and internet, on average"), TELECOM, UNITED_STATES, 2024, "9",
        XM, XM_LINK, XM_METHOD,
    ),
    Published(
        gettext_noop("Consumer payments, on average"), gettext_noop("Finance"), UNITED_STATES,
        2024, "-6", XM, XM_LINK, XM_METHOD,
    ),
    Published(
        gettext_noop("Airlines, on average"), gettext_noop("Travel"), UNITED_STATES, 2023, "7",
        XM, XM_LINK, XM_METHOD,
    ),
]  # fmt: skip


def add_published(*, language: str, user: User | None = None) -> int:
    """Add those that are not in the list; return how many that were."""
    with override(language):
        rows = [
            Benchmark(
                name=gettext(each.name),
                sector=gettext(each.sector),
                country=gettext(each.country),
                year=each.year,
                figure=Decimal(each.figure),
                source=gettext(each.source),
                link=each.link,
                method=gettext(each.method) if each.method else "",
                created_by=user,
            )
            for each in PUBLISHED
        ]
    before = Benchmark.objects.count()
    Benchmark.objects.bulk_create(rows, ignore_conflicts=True)
    return Benchmark.objects.count() - before
