"""Warming up: a new domain sends little at first, and more each day that it sends. Pure."""

from __future__ import annotations

import datetime as dt
import math

from surveys.models import Sender


def warm_up_cap(sender: Sender, sending_day_index: int) -> int | None:
    """How many mails a sender may send on its so-many-th sending day, the first being 0.

    None: no cap, because it does not warm up or has done so. Each day is the same factor larger
    than the one before.
    """
    start, end, days = sender.warm_up_start, sender.warm_up_end, sender.warm_up_days
    if not start or not end or not days or sending_day_index >= days:
        return None
    if days == 1:
        return start
    return round(start * math.pow(end / start, max(0, sending_day_index) / (days - 1)))


def sending_day_index(sender: Sender, today: dt.date) -> int:
    """Which sending day today is, or would be."""
    return max(0, sender.sending_days - (sender.taken_on == today))


def cap_of_day(sender: Sender, sending_day_index: int) -> int | None:
    """The smaller of daily limit and warm-up."""
    caps = [sender.daily_limit, warm_up_cap(sender, sending_day_index)]
    return min((cap for cap in caps if cap is not None), default=None)
