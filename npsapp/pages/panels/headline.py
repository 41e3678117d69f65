"""The number, what it rests on, what it is held against, and what was left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import Choice
from npsapp.pages.panels.frame import Frame
from responses.charts import draw_whisker
from responses.models import Response
from responses.presets import make_url
from responses.reports.against import Against, Earlier, Standing, hold_against
from responses.selection import Period
from responses.span_words import say_days
from responses.templatetags.links import linked
from responses.templatetags.scores import signed
from surveys.models import Campaign


class Progress(NamedTuple):
    """How far the window of a round has run."""

    campaign: Campaign
    day: int
    is_over: bool


def show_headline(frame: Frame) -> dict[str, Any]:
    headline, selection = frame.headline, frame.selection
    status = Response.Status
    shown: dict[str, Any] = {
        "counted_url": selection.narrowed(status=status.COUNTED.value).rows_url,
        "provisional_url": selection.narrowed(status=status.PROVISIONAL.value).rows_url,
        "excluded_url": selection.narrowed(status=status.EXCLUDED.value).rows_url,
    }
    standing = frame.standing
    shown["progress"] = tell_progress(standing.round, frame.today)
    if frame.has_score:
        shown["whisker"] = draw_whisker(headline)
        against = choose_against(frame, standing)
        earlier = hold_against(standing, against)
        shown |= {
            "earlier": earlier,
            "earlier_name": name_earlier(earlier) if earlier else "",
            "earlier_score": link_score(earlier) if earlier else "",
            "choices": list_choices(frame, standing, against),
        }
    return shown


def choose_against(frame: Frame, standing: Standing) -> Against:
    """What the address asks for; an option that outlived its round is passed over."""
    asked = Against(frame.options.get("against") or standing.usual)
    return standing.usual if asked == Against.ROUND and standing.round is None else asked


def tell_progress(campaign: Campaign | None, today: dt.date) -> Progress | None:
    if campaign is None or campaign.first_day > today:
        return None
    day = (today - campaign.first_day).days + 1
    is_over = day > campaign.window_days or not campaign.is_under_way
    return Progress(campaign, min(day, campaign.window_days), is_over)


def name_earlier(earlier: Earlier) -> str:
    if earlier.campaign:
        return earlier.campaign.name
    return say_days(earlier.span.first, earlier.span.last) if earlier.span else ""


def link_score(earlier: Earlier) -> SafeString:
    """Return the score compared with, which leads to its answers, for the middle of a sentence."""
    return linked(format_html("{}", signed(earlier.nps)), earlier.rows_url)


def list_choices(frame: Frame, standing: Standing, against: Against) -> list[Choice]:
    """Return what else the score may be held against; nothing on a page that is only looked at."""
    if frame.is_shared:
        return []
    # Before all time there is nothing.
    days = (Against.BEFORE, Against.YEAR) if standing.span else ()
    choices = [
        Choice(str(each.label), frame.address(against=each.value), each == against)
        for each in (*days, Against.NONE)
    ]
    if standing.round_before:
        url = frame.address(against=Against.ROUND.value)
        return [Choice(str(Against.ROUND.label), url, against == Against.ROUND), *choices]
    newest = find_newest_round(standing)
    if newest is None:
        return choices
    # A round is chosen as such: other days would say nothing of it.
    chosen = replace(frame.selection, campaign=newest, first=None, last=None)
    title = _("%(round)s against the round before") % {"round": newest}
    # What else was chosen stays; it is held against the round before without being asked to.
    options = {name: value for name, value in frame.options.items() if name != "against"}
    return [Choice(title, make_url(chosen, Period.ALL, options), is_current=False), *choices]


def find_newest_round(standing: Standing) -> Campaign | None:
    """Return the newest round that has one before it, unless it is the one selected."""
    numbers = {each.pk for each in standing.campaigns}
    for campaign in standing.campaigns:
        if campaign.first_day <= standing.today and campaign.previous_id in numbers:
            return campaign if campaign != standing.selection.campaign else None
    return None
