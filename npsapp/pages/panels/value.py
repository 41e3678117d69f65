"""What customers are worth, by how they scored."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from npsapp.pages.panels.asking import Choice, must_ask
from npsapp.pages.panels.cells import Table, amount
from npsapp.pages.panels.frame import Frame
from responses.charts import slice_bar
from responses.exporting import Cell
from responses.reports.value import measure_value
from surveys.models import Property


def show_value(frame: Frame) -> dict[str, Any]:
    """A property of money per category; nothing without one.

    What customers are worth stays inside: a page that is shared without a login leaves it out.
    """
    if not frame.has_score or frame.is_shared:
        return {}
    moneys = {
        key: each for key, each in frame.properties.items() if each.kind == Property.Kind.MONEY
    }
    if not moneys:
        return {}
    asked = frame.options.get("value", "")
    declared = moneys.get(asked) or next(iter(moneys.values()))
    shown: dict[str, Any] = {
        "property": declared.label,
        "properties": [
            Choice(each.label, frame.address(value=key), each == declared)
            for key, each in moneys.items()
        ],
    }
    if must_ask(frame, "value"):
        return shown | {"ask_url": frame.address(value=declared.key)}
    found = measure_value(frame.selection, declared, thresholds=frame.thresholds)
    shown["found"] = found
    if found.has_shares:
        shares = [each.share for each in found.categories if each.share is not None]
        shown["slices"] = list(zip(found.categories, slice_bar(shares), strict=True))
    # A customer who answered twice is one customer and two rows.
    shown["is_all_answers"] = found.n == frame.headline.n
    return shown


def rows_of_value(panel: dict[str, Any]) -> Table:
    heads = [
        _("Category"),
        _("Customers"),
        _("With an amount"),
        _("Median"),
        _("Sum"),
        _("Share of the sum, %"),
    ]
    found = panel.get("found")
    if found is None:
        return heads, []
    rows: list[list[Cell]] = [
        [str(each.category.label), each.n, each.known]
        + ([amount(each.median), amount(each.total), each.share] if each.is_shown else [None] * 3)
        for each in found.categories
    ]
    return heads, rows
