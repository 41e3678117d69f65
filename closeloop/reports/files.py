"""The tables of the page "Is the loop closed?" as files. Their columns are for programs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from closeloop.reports.cohort import Cohort
from closeloop.reports.loop import list_weeks
from closeloop.reports.results import count_causes
from surveys.importing.writing import stream_csv

Cell = str | int | float | None


class Table(models.TextChoices):
    WEEKS = "weeks", _("Weeks")
    CAUSES = "causes", _("Root causes by month")


COLUMNS = {
    Table.WEEKS: (
        "week_from",
        "answers",
        "contacted",
        "closed_without_contact",
        "still_open",
        "contacted_percent",
    ),
    Table.CAUSES: ("month", "root_cause", "follow_ups", "percent_of_month"),
}


def write_table(table: Table, cohort: Cohort, *, delimiter: str, bom: bool) -> bytes:
    rows = _list_weeks(cohort) if table == Table.WEEKS else _list_causes(cohort)
    return b"".join(stream_csv(COLUMNS[table], rows, delimiter=delimiter, bom=bom))


def _list_weeks(cohort: Cohort) -> Iterator[list[Cell]]:
    for week in list_weeks(cohort, most=None):
        share = _plain(week.shares[0] if week.shares else None)
        yield [week.first.isoformat(), week.n, *week.counts, share]


def _list_causes(cohort: Cohort) -> Iterator[list[Cell]]:
    found = count_causes(cohort, most=None)
    for index, (month, _total) in enumerate(found.months):
        for cause in found.causes:
            share = cause.months[index]
            yield [f"{month:%Y-%m}", cause.label, share.n, _plain(share.share)]


def _plain(share: Decimal | None) -> str:
    return "" if share is None else str(share)
