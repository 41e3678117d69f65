"""How waits, shares and the rows behind a number are written on the page about the loop."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from responses.selection import Selection

register = template.Library()

HOUR = dt.timedelta(hours=1)
# Beyond two days nobody thinks in hours, unless they are hours of work.
LONGEST_IN_HOURS = dt.timedelta(days=2)


@register.filter
def hours(wait: dt.timedelta | None) -> str:
    """Return a wait in hours and minutes; a dash for one that does not exist."""
    if wait is None:
        return "–"
    whole, rest = divmod(int(wait.total_seconds()) // 60, 60)
    if not whole:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest or whole >= 100:
        return _("%(hours)s h") % {"hours": whole}
    return _("%(hours)s h %(minutes)s min") % {"hours": whole, "minutes": rest}


@register.filter
def days_and_hours(wait: dt.timedelta | None) -> str:
    """Return a wait by the clock on the wall, from two days on in days."""
    if wait is None or wait < LONGEST_IN_HOURS:
        return hours(wait)
    whole = wait.seconds // 3600
    said = ngettext("%(days)s day", "%(days)s days", wait.days) % {"days": wait.days}
    return _("%(days)s %(hours)s h") % {"days": said, "hours": whole} if whole else said


@register.filter
def percent_of_one(share: float) -> str:
    """Return a share between 0 and 1 as a whole percentage, without the sign."""
    return str(int(100 * share + 0.5))


@register.simple_tag
def rows_url(selection: Selection, part: str, category: str = "", **narrowing: Any) -> str:
    """The list of the very follow-ups that a number counts."""
    chosen = urlencode(
        {"part": part} | {key: value for key, value in narrowing.items() if value not in ("", None)}
    )
    query = selection.narrowed(category=category or selection.category).query
    return f"{reverse('loop_rows')}?{query}&{chosen}"
