"""Published figures beside our own: drawn only for whoever asks, and never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from npsapp.pages.panels.cells import Table, one_decimal
from npsapp.pages.panels.frame import Frame
from responses.charting.delivery import mark_scale
from responses.charts import draw_whisker
from responses.models import Benchmark

MOST_LINES = 3
LETTERS = "abc"


@dataclass(frozen=True, slots=True)
class BenchmarkLine:
    """A line across a drawing of scores: where, what it is called, and who says so."""

    pk: int
    letter: str
    points: float
    name: str
    year: int
    context: str
    source: str
    link: str
    method: str

    @property
    def label(self) -> str:
        return f"{self.name} {self.year}"


def benchmark_lines(frame: Frame) -> list[BenchmarkLine]:
    """Return the figures that the address asks for, at most three; those that are gone are not."""
    asked = _read_asked(frame)
    if not asked:
        return []
    found = Benchmark.objects.in_bulk(asked)
    return _make_lines([found[pk] for pk in asked if pk in found])


def show_benchmarks(frame: Frame) -> dict[str, Any]:
    """The figures asked for on the scale of our own, and all of them to choose from."""
    if not frame.has_score or (whisker := draw_whisker(frame.headline)) is None:
        return {}
    kept = [pair for pair in frame.running_pairs if pair[0] != "benchmark"]
    if "benchmark" not in frame.options:
        # Off until somebody asks: the list of all of them is read then only.
        url = "" if frame.is_shared else f"?{urlencode([*kept, ('benchmark', '0')])}#benchmarks"
        return {"choose_url": url} if url else {}
    asked = _read_asked(frame)
    # Whoever may not change the page sees what is drawn on it, and no list to choose from.
    rows = Benchmark.objects.filter(pk__in=asked) if frame.is_shared else Benchmark.objects.all()
    by_pk = {row.pk: row for row in rows}
    lines = _make_lines([by_pk[pk] for pk in asked if pk in by_pk])
    if frame.is_shared and not lines:
        return {}
    drawn = mark_scale([line.points for line in lines])
    return {
        "lines": list(zip(lines, drawn.marks, strict=True)),
        "height": drawn.height,
        "whisker": whisker,
        "choices": [] if frame.is_shared else [(row, row.pk in asked) for row in by_pk.values()],
        "too_many": _name_undrawn(frame, by_pk),
        "kept": kept,
        "most": MOST_LINES,
    }


def _name_undrawn(frame: Frame, by_pk: dict[int, Benchmark]) -> list[str]:
    """What was asked for besides: only so many lines can be told apart."""
    beyond = _read_all(frame)[MOST_LINES:]
    if frame.is_shared:
        return []
    return [f"{by_pk[pk].name} {by_pk[pk].year}" for pk in beyond if pk in by_pk]


def rows_of_benchmarks(panel: dict[str, Any]) -> Table:
    header = [_("Who"), _("Sector and country"), _("Year"), _("NPS"), _("Source")]
    return header, [
        [line.name, line.context, line.year, one_decimal(line.points), line.source]
        for line, _mark in panel.get("lines", [])
    ]


def _read_asked(frame: Frame) -> list[int]:
    return _read_all(frame)[:MOST_LINES]


def _read_all(frame: Frame) -> list[int]:
    words = frame.options.get("benchmark", "").split(",")
    return [int(word) for word in words if word]


def _make_lines(rows: list[Benchmark]) -> list[BenchmarkLine]:
    return [
        BenchmarkLine(
            pk=row.pk,
            letter=letter,
            points=float(row.figure),
            name=row.name,
            year=row.year,
            context=row.context,
            source=row.source,
            link=row.link,
            method=row.method,
        )
        for row, letter in zip(rows, LETTERS, strict=False)
    ]
