"""The touchpoints side by side, and what a delivery did to the score of the same people."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import find_compared
from npsapp.pages.panels.cells import Table, from_to, one_decimal
from npsapp.pages.panels.frame import Frame
from responses.charting.delivery import measure_bars, place_dumbbell
from responses.charts import draw_whisker, slice_bar
from responses.models import Response
from responses.pair_rows import ALL_CELLS, CATEGORIES
from responses.pairing import PairedGap, PairTest
from responses.presets import make_url
from responses.reports.delivery import Delivery, SegmentGap, summarise_delivery
from responses.reports.pairs import count_pairs, count_pairs_by
from responses.reports.touchpoints import count_survey, count_surveys, list_touchpoints
from responses.scoring import apportion, nps
from responses.selection import Selection
from surveys.filtering import find_filter, with_values
from surveys.models import Survey


def show_delivery(frame: Frame) -> dict[str, Any]:
    surveys = frame.surveys
    # Of a single survey there is nothing to lay beside it.
    found = count_surveys(frame.selection) if len(surveys) > 1 else {}
    current = next(each for each in surveys if each == frame.survey)
    shown: dict[str, Any] = {}
    if current.pre_survey and current.pre_survey.scale_min != current.scale_min:
        shown["other_scale"] = current.pre_survey
    elif current.pre_survey:
        before = count_survey(found, current.pre_survey)
        if before.n and frame.headline.n:
            # The survey at hand, which knows the one before it already.
            known = replace(frame.selection, survey=current)
            shown |= _show_gap(replace(frame, selection=known), current.pre_survey, before)
    elif current.touchpoint == Survey.Touchpoint.POST_DELIVERY and frame.may_manage:
        shown["choose_url"] = current.get_absolute_url()
    if not frame.is_shared:
        followers = [each for each in surveys if each.pre_survey == current and each.pk in found]
        shown["followers"] = [(each, _link(frame, each)) for each in followers]
        shown |= _show_touchpoints(frame, surveys, found)
    # A score of 0 is one.
    return {name: value for name, value in shown.items() if value not in (None, "", [])}


def _show_touchpoints(frame: Frame, surveys: list[Survey], found: Any) -> dict[str, Any]:
    touchpoints = list_touchpoints(frame.selection, surveys, found, thresholds=frame.thresholds)
    if len(touchpoints) < 2:
        return {}
    rows = [(each, _link(frame, each.survey), draw_whisker(each)) for each in touchpoints]
    scales = {each.survey.scale_min for each in touchpoints}
    return {"touchpoints": rows, "has_two_scales": len(scales) > 1}


def _link(frame: Frame, survey: Survey) -> str:
    """The same page of another survey; a campaign is of one survey only."""
    asked = replace(frame.selection, survey=survey, campaign=None)
    return reverse("dashboard") + make_url(asked, frame.period, frame.options)


def _show_gap(frame: Frame, pre_survey: Survey, before: Any) -> dict[str, Any]:
    properties = {group.key: group.label for group in frame.groups}
    key = find_compared(frame)
    tables = count_pairs_by(frame.selection, key) if key else {"": count_pairs(frame.selection)}
    delivery = summarise_delivery(
        frame.selection,
        pre_survey,
        tables,
        key=key,
        before=before,
        after=frame.headline.counts,
        thresholds=frame.thresholds,
        naming=frame.naming,
    )
    counted = frame.selection.narrowed(status=Response.Status.COUNTED.value)
    return {
        "delivery": delivery,
        "property": properties.get(key, ""),
        "alone": _name_alone(frame, key),
        "pairs_url": link_pairs(frame.selection, ""),
        "after_url": counted.rows_url,
        **(_draw_gap(frame.selection, delivery) if delivery.has_gap else {}),
    }


def _name_alone(frame: Frame, key: str) -> dict[str, str]:
    """The one group the page is narrowed to: its gap is the one above, and no row repeats it."""
    chosen = find_filter(frame.selection.filters, key)
    if chosen is None or len(chosen.values) != 1:
        return {}
    everybody = with_values(frame.selection.filters, key, ())
    return {
        "value": frame.naming.say(chosen.values[0]),
        "url": frame.address(filters=everybody) if not frame.is_shared else "",
    }


def _draw_gap(selection: Selection, delivery: Delivery) -> dict[str, Any]:
    """The drawings that a gap of enough pairs has."""
    gap = delivery.gap
    if gap is None:
        return {}
    drawn: dict[str, Any] = {
        "dumbbell": _dumbbell(gap),
        "before": nps(gap.before),
        "after": nps(gap.after),
        "is_exact": gap.test == PairTest.SIGN_FLIP,
        "flow": _draw_flow(selection, delivery),
        "shifts": _draw_shifts(selection, gap),
        "fell_url": link_pairs(selection, "fell"),
        "segments": [_draw_segment(each) for each in delivery.by.segments],
    }
    if delivery.pair_share:
        exact = Decimal(100 * delivery.pairs) / delivery.after.n
        drawn["pair_percentage"] = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return drawn


def link_pairs(selection: Selection, step: str) -> str:
    """The people behind a number of pairs."""
    if not selection.is_linked:
        return ""
    extra = f"&{urlencode({'step': step})}" if step else ""
    return f"{reverse('pairs')}?{selection.query}{extra}"


def _dumbbell(gap: PairedGap) -> Any:
    before, after = nps(gap.before), nps(gap.after)
    return place_dumbbell(before, after) if before is not None and after is not None else None


def _name_categories() -> list[str]:
    return [_("Detractor"), _("Passive"), _("Promoter")]


def _draw_flow(selection: Selection, delivery: Delivery) -> list[dict[str, Any]]:
    """Three rows of three cells: from each category to each."""
    names = _name_categories()
    counts = [delivery.table[i][j] for i, j in ALL_CELLS]
    bars = measure_bars(counts)
    shares = apportion(counts) or []
    rows = []
    for i in range(3):
        cells = [
            {
                "n": counts[3 * i + j],
                "share": shares[3 * i + j],
                "bar": bars[3 * i + j],
                "direction": "up" if j > i else "down" if j < i else "same",
                "fill": "promoter" if j > i else "detractor" if j < i else "passive",
                "before": names[i],
                "after": names[j],
                "url": link_pairs(selection, f"{CATEGORIES[i]}-{CATEGORIES[j]}"),
            }
            for j in range(3)
        ]
        rows.append(
            {
                "category": CATEGORIES[i],
                "name": names[i],
                "cells": cells,
                "n": sum(counts[3 * i : 3 * i + 3]),
            }
        )
    return rows


def _draw_shifts(selection: Selection, gap: PairedGap) -> list[dict[str, Any]]:
    """How many rose, stayed and fell, by category; the shares add up to 100."""
    counts = [gap.down, gap.same, gap.up]
    shares = apportion(counts) or []
    names = [_("Down"), _("Same category"), _("Up")]
    fills = ["detractor", "passive", "promoter"]
    return [
        {"name": name, "n": n, "share": share, "slice": slice_, "fill": fill, "url": url}
        for name, n, share, slice_, fill, url in zip(
            names,
            counts,
            shares,
            slice_bar(shares),
            fills,
            [link_pairs(selection, step) for step in ("down", "same", "up")],
            strict=True,
        )
    ]


def _draw_segment(each: SegmentGap) -> dict[str, Any]:
    return {
        "value": each.value,
        "gap": each.gap,
        "before": nps(each.gap.before),
        "after": nps(each.gap.after),
        "dumbbell": _dumbbell(each.gap),
        "is_marked": each.is_marked,
        "url": link_pairs(each.within, ""),
    }


def rows_of_delivery(panel: dict[str, Any]) -> Table:
    """The flow, a line for each way in which a pair can go; or the touchpoints without pairs."""
    if "delivery" in panel:
        table = panel["delivery"].table
        names, header = _name_categories(), [_("Before"), _("After"), _("Pairs")]
        return header, [[names[i], names[j], table[i][j]] for i, j in ALL_CELLS]
    header = [_("Survey"), _("Touchpoint"), _("NPS"), _("From"), _("To"), _("Answers")]
    return header, [
        [
            each.survey.name,
            str(each.survey.get_touchpoint_display()),
            one_decimal(each.nps),
            *from_to(each.interval),
            each.n,
        ]
        for each, _url, _drawn in panel.get("touchpoints", [])
    ]
