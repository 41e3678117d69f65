"""Answers that are not counted, added up from tallies as those that are."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import F

from responses.dimensions import LEFT_OUT_STATUSES, leave_out
from responses.models import Response
from responses.reports.tallied import find_slice, read
from responses.selection import Selection


def count_left_out(selection: Selection) -> dict[str, int]:
    """Return how many answers there are of each status that is not counted."""
    part = find_slice(replace(selection, status=""))
    if part:
        values = [f"{status}:{value}" for status in LEFT_OUT_STATUSES for value in part.values]
        part = replace(part, dimension=leave_out(part.dimension), values=tuple(values))
    answers = Response.objects.filter(status__in=LEFT_OUT_STATUSES)
    status = "split_part(tally.value, ':', 1)"
    found = read(status, F("status"), part, selection, answers=answers)
    return {
        status: sum(counts)
        for status, counts in found.items()
        if any(counts) and selection.status in ("", status)
    }
