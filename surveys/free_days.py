"""The days on which nobody works: public holidays of a country, and the organisation's own."""

from __future__ import annotations

import datetime as dt
from functools import cache

import holidays
from babel import Locale

from surveys.models import Organisation

# Second codes of the same country: they are understood, and not offered.
ALIASES = {"UK": "GB"}


def find_free_days(
    organisation: Organisation, *, first: dt.date, last: dt.date
) -> frozenset[dt.date]:
    """Return the free days from `first` to `last`, both included."""
    return frozenset(name_free_days(organisation, first=first, last=last, language="en"))


def name_free_days(
    organisation: Organisation, *, first: dt.date, last: dt.date, language: str
) -> dict[dt.date, str]:
    """The free days with their names, in order; the organisation's own have none."""
    named = dict.fromkeys(organisation.own_holidays, "")
    if organisation.holiday_country:
        for year in range(first.year, last.year + 1):
            named |= _public_holidays(organisation.holiday_country, year, language)
    return {day: named[day] for day in sorted(named) if first <= day <= last}


@cache
def _public_holidays(country: str, year: int, language: str) -> dict[dt.date, str]:
    """None for a country that the calendar does not know: an upgrade may drop one."""
    if country not in _known_countries():
        return {}
    spoken = holidays.country_holidays(country).supported_languages
    fitting = [code for code in spoken if code.partition("_")[0] == language]
    calendar = holidays.country_holidays(
        country, years=year, language=fitting[0] if fitting else None
    )
    return {day: name for day, name in calendar.items() if day.year == year}


@cache
def _known_countries() -> frozenset[str]:
    # Each stands there twice: with two letters and with three.
    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


@cache
def list_countries(language: str) -> list[tuple[str, str]]:
    """Codes and names of the countries whose holidays are known, sorted by name."""
    names = Locale.parse(language).territories
    known = [(code, names.get(code, code)) for code in _known_countries() - ALIASES.keys()]
    return sorted(known, key=lambda entry: entry[1])
