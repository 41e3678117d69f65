"""One property's values side by side, and crossed with a second property."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import Choice, find_compared, must_ask_for_found
from npsapp.pages.panels.cells import Table, from_to, one_decimal, say_verdict
from npsapp.pages.panels.frame import Frame
from responses.charts import draw_whisker, slice_bar
from responses.exporting import Cell
from responses.reports.against import Against, hold_against
from responses.reports.comparison import Comparison, Group, compare_groups
from responses.reports.crossing import cross_values
from responses.reports.measured import Measured
from responses.reports.mix import Movement, explain_change
from responses.reports.tallied import has_tallied_values
from responses.scoring import Tier, nps_to_one_decimal
from surveys.filtering import with_values

BY_SCORE = "score"


def show_segments(frame: Frame) -> dict[str, Any]:
    """One property's values, the first property's unless another is asked for with `by`."""
    if frame.headline.tier == Tier.EMPTY:
        return {}
    key = find_compared(frame)
    if not key:
        segments = [each.label for each in frame.properties.values() if each.is_segment]
        return {"comparison": None, "declared": segments}
    # Its own filter only marks rows.
    others = replace(frame.selection, filters=with_values(frame.selection.filters, key, ()))
    is_tallied = has_tallied_values(others, frame.properties[key])
    if not is_tallied and must_ask_for_found(frame, "by"):
        return {} if frame.is_shared else {"ask_url": frame.address(by=key)}
    by_score = frame.options.get("sort") == BY_SCORE
    known: dict[str, Any] = {"thresholds": frame.thresholds, "declared": frame.properties[key]}
    comparison = compare_groups(
        frame.selection, key, by_score=by_score, naming=frame.naming, **known
    )
    if frame.is_shared and not comparison.groups:
        return {}
    return {
        "comparison": comparison,
        "compared": frame.properties[key].label,
        "rows": [_draw_row(frame, group) for group in comparison.groups],
        "properties": _offer_properties(frame, key),
        "orders": _offer_orders(frame, comparison, by_score=by_score),
        "by_score": by_score,
        "movement": _explain(frame, key, comparison),
        **_cross(frame, key),
    }


def _explain(frame: Frame, key: str, comparison: Comparison) -> Movement | None:
    """What moved the score since the days that the headline holds it against, if it may be."""
    earlier = hold_against(frame.standing, Against.BEFORE)
    if earlier is None or earlier.span is None or earlier.barrier:
        return None
    return explain_change(
        frame.selection,
        key,
        comparison,
        before=earlier.span,
        thresholds=frame.thresholds,
        declared=frame.properties[key],
    )


def _draw_row(frame: Frame, group: Group) -> dict[str, Any]:
    slices = slice_bar([part.share for part in group.parts])
    values = with_values(frame.selection.filters, group.segment.key, (group.segment.value,))
    return {
        "group": group,
        "slices": list(zip(group.parts, slices, strict=True)),
        "whisker": draw_whisker(group),
        # Its own row leads nowhere new: the page is narrowed to it already.
        "url": "" if group.is_chosen else frame.address(filters=values),
    }


def _offer_properties(frame: Frame, key: str) -> list[Choice]:
    found = [
        Choice(group.label, frame.address(by=group.key, then=""), group.key == key)
        for group in frame.groups
    ]
    return found if len(found) > 1 and not frame.is_shared else []


def _offer_orders(frame: Frame, comparison: Comparison, *, by_score: bool) -> list[Choice]:
    if len(comparison.groups) < 2 or frame.is_shared:
        return []
    return [
        Choice(_("Most answers first"), frame.address(sort=""), not by_score),
        Choice(_("Highest score first"), frame.address(sort=BY_SCORE), by_score),
    ]


def _cross(frame: Frame, key: str) -> dict[str, Any]:
    """The table of a second property, if the address asks for one; and which there are."""
    others = [group for group in frame.groups if group.key != key]
    then = frame.options.get("then", "")
    shown: dict[str, Any] = {}
    if not frame.is_shared:
        shown["seconds"] = [
            Choice(group.label, frame.address(by=key, then=group.key), group.key == then)
            for group in others
        ]
    if then not in {group.key for group in others}:
        return shown
    first, second = frame.properties[key], frame.properties[then]
    crossing = cross_values(
        frame.selection, first, second, thresholds=frame.thresholds, naming=frame.naming
    )
    if frame.is_shared and not crossing.lines:
        return shown
    shown |= {"crossing": crossing, "crossed": second.label}
    shown["lines"] = [
        (line, _narrow_url(frame, key, line.value, by=then)) for line in crossing.lines
    ]
    shown["columns"] = [
        (column, _narrow_url(frame, then, column, by=key)) for column in crossing.columns
    ]
    shown["uncrossed_url"] = frame.address(then="")
    return shown


def _narrow_url(frame: Frame, key: str, value: str, *, by: str) -> str:
    """The page within one value, compared by the other property."""
    return frame.address(
        filters=with_values(frame.selection.filters, key, (value,)), by=by, then=""
    )


def rows_of_segments(panel: dict[str, Any]) -> Table:
    """Return what a file of this panel holds: scores with one decimal.

    With a crossing each value stands there as a whole, and below it with each of the others.
    """
    heads = [
        panel.get("compared", _("Value")),
        _("Answers"),
        _("Detractors"),
        _("Passives"),
        _("Promoters"),
        _("NPS"),
        _("From"),
        _("To"),
        _("Difference to the rest"),
        _("Difference from"),
        _("Difference to"),
        _("Verdict"),
    ]
    groups = [row["group"] for row in panel.get("rows", [])]
    crossing = panel.get("crossing")
    if not crossing:
        return heads, [[group.segment.value, *_figures_of(group)] for group in groups]
    lines = {line.value: line.cells for line in crossing.lines}
    rows: list[list[Cell]] = []
    for group in groups:
        rows.append([group.segment.value, _("(all)"), *_figures_of(group)])
        # Not tested, as on the page.
        for column, cell in zip(crossing.columns, lines.get(group.segment.value, []), strict=False):
            rows.append([group.segment.value, column, *_score_of(cell), *[None] * 4])
    return [heads[0], panel["crossed"], *heads[1:]], rows


def _figures_of(group: Group) -> list[Cell]:
    difference: list[Cell] = [None] * 4
    if group.has_score and group.difference and group.verdict:
        difference = [
            one_decimal(group.difference.points),
            *from_to(group.difference.interval),
            say_verdict(group.verdict),
        ]
    return [*_score_of(group), *difference]


def _score_of(measured: Measured) -> list[Cell]:
    if measured.interval is None:
        return [measured.n, *[None] * 6]
    counts = measured.counts
    return [
        measured.n,
        counts.detractors,
        counts.passives,
        counts.promoters,
        nps_to_one_decimal(counts),
        *from_to(measured.interval),
    ]
