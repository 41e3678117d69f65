"""Beside the score: who was reached, who left, and what waits for somebody."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from closeloop.reports.cohort import Cohort
from closeloop.reports.loop import count_loop
from closeloop.reports.queue import View, count_waiting
from closeloop.reports.waiting import Quantiles, read_quantiles
from npsapp.pages.panels.asking import must_ask
from npsapp.pages.panels.frame import Frame
from npsapp.roles import Role
from responses.models import Category
from responses.reports.asked import is_tallied
from responses.reports.response_rate import Part, count_invited, count_unsubscribed

# The median of more waits takes too long for a page that is opened often; see benchmarks/loop.py.
MOST_WAITS = 20_000


def show_cards(frame: Frame) -> dict[str, Any]:
    """What is in no tally is counted for those who ask for it, where there are very many answers:
    the median wait, and the response rate of a property, which follows the contacts as they are.
    """
    waits_for_asking = must_ask(frame, "cards")
    rate = None
    if is_tallied(frame.selection) or not waits_for_asking:
        rate = count_invited(frame.selection)
    cohort = Cohort(selection=frame.selection, now=frame.now)
    loop, oldest = count_loop(cohort)
    is_measured = loop.n <= MOST_WAITS and not waits_for_asking
    return {
        "rate": rate,
        "part_urls": list_part_urls(frame),
        "unsubscribed": count_unsubscribed(frame.selection) if rate and rate.sent else 0,
        "waiting": frame.user and count_waiting(frame.survey, user=frame.user, now=frame.now),
        "queue_urls": list_queue_urls(frame),
        "loop": loop,
        "loop_url": _loop_url(frame) if frame.may_manage else "",
        "has_too_many_waits": loop.n > MOST_WAITS,
        "wait": _measure_wait(frame, cohort, oldest) if oldest and is_measured else None,
        "ask_url": frame.address(cards="now") if waits_for_asking else "",
    }


def _measure_wait(frame: Frame, cohort: Cohort, oldest: dt.datetime) -> Quantiles:
    waits = read_quantiles(cohort, oldest=oldest, organisation=frame.organisation)
    return waits.get(("", "worked"), Quantiles())


def list_part_urls(frame: Frame) -> dict[str, str]:
    """The lists behind the numbers of who was asked."""
    invited = frame.selection.invited_url
    return {part.value: f"{invited}&part={part.value}" for part in Part} if invited else {}


def list_queue_urls(frame: Frame) -> dict[str, str]:
    """The lists behind the numbers of what waits, for those who work them."""
    if not frame.may(Role.AGENT):
        return {}
    queue = reverse("follow_ups")
    theirs = {"category": Category.DETRACTOR.value, "survey": frame.survey.slug}
    return {
        "all": f"{queue}?{urlencode({'view': View.ALL.value})}",
        "overdue": f"{queue}?{urlencode({'view': View.OVERDUE.value})}",
        "detractors": f"{queue}?{urlencode({'view': View.ALL.value, **theirs})}",
        "detractors_overdue": f"{queue}?{urlencode({'view': View.OVERDUE.value, **theirs})}",
    }


def _loop_url(frame: Frame) -> str:
    return f"{reverse('loop')}?{frame.selection.query}"
