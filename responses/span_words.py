"""Days in words, in the reader's language."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from responses.spans import Grain, Span


def say_days(first: dt.date | None, last: dt.date | None) -> str:
    """Return "October 2026" for a whole month, else the days, the year once where it is one."""
    if first is None or last is None:
        return _say_open_days(first, last)
    span = Span(first, last)
    if span.months == 1:
        return date_format(span.first, "F Y")
    if span.days == 1:
        return date_format(span.first, "j F Y")
    same_year = span.first.year == span.last.year
    same_month = same_year and span.first.month == span.last.month
    style = "j" if same_month else "j F" if same_year else "j F Y"
    ends = {"first": date_format(span.first, style), "last": date_format(span.last, "j F Y")}
    return pgettext("days in a row", "%(first)s to %(last)s") % ends


def _say_open_days(first: dt.date | None, last: dt.date | None) -> str:
    if first:
        return _("from %(first)s on") % {"first": date_format(first, "j F Y")}
    if last:
        return _("up to and including %(last)s") % {"last": date_format(last, "j F Y")}
    return _("all time")


def say_period(grain: Grain, span: Span) -> str:
    """Return the full name of a point of a line."""
    match grain:
        case Grain.DAY:
            return date_format(span.first, "j F Y")
        case Grain.WEEK:
            return _("week of %(monday)s") % {"monday": date_format(span.first, "j F Y")}
        case Grain.MONTH:
            return date_format(span.first, "F Y")
        case Grain.QUARTER:
            return f"{say_quarter(span.first)} {span.first.year}"


def say_counted(grain: Grain, span: Span, counted: Span) -> str:
    """The same, or the days of it that are counted where these are not all of them."""
    return say_period(grain, span) if counted == span else say_days(counted.first, counted.last)


def say_quarter(first: dt.date) -> str:
    return _("Q%(number)s") % {"number": (first.month + 2) // 3}


def label_period(grain: Grain, span: Span) -> str:
    """Return the short name under the axis; `label_group` tells the rest."""
    match grain:
        case Grain.DAY | Grain.WEEK:
            return str(span.first.day)
        case Grain.MONTH:
            return date_format(span.first, "N")
        case Grain.QUARTER:
            return say_quarter(span.first)


def label_group(grain: Grain, span: Span) -> str:
    """Return what several points share: the month of days and weeks, the year of the others."""
    style = "N Y" if grain in (Grain.DAY, Grain.WEEK) else "Y"
    return date_format(span.first, style)


def name_grain(grain: Grain) -> str:
    return {
        Grain.DAY: _("Day"),
        Grain.WEEK: _("Week"),
        Grain.MONTH: _("Month"),
        Grain.QUARTER: _("Quarter"),
    }[grain]


def head_grain(grain: Grain) -> str:
    """Return the title of a line."""
    return {
        Grain.DAY: _("Day by day"),
        Grain.WEEK: _("Week by week"),
        Grain.MONTH: _("Month by month"),
        Grain.QUARTER: _("Quarter by quarter"),
    }[grain]
