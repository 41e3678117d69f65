"""Whether an improvement is late, asked from a template."""

from __future__ import annotations

import datetime as dt

from django import template

from closeloop.models import Improvement

register = template.Library()


@register.filter
def is_late(improvement: Improvement, today: dt.date) -> bool:
    return improvement.is_overdue(today)
