"""Values of properties that are a number, an amount or a date: read as files write them.

They are kept in one form (1234.56, 2026-12-31), in which they can be compared and put in bands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from surveys.importing.dates import decide_order, normalise_day
from surveys.importing.numbers import decide_mark, normalise_number
from surveys.importing.reading import Table
from surveys.models import Property
from surveys.properties import PATTERNS

Reader = Callable[[str], str]


def find_kinds(keys: Iterable[str]) -> dict[str, str]:
    """Return the types of those of the properties whose values are not just text."""
    declared = Property.objects.filter(key__in=list(keys), kind__in=list(PATTERNS))
    return dict(declared.values_list("key", "kind"))


def make_readers(
    table: Table, columns: Iterable[tuple[int, str]], kinds: Mapping[str, str]
) -> dict[int, Reader]:
    """Return, by the place of a column, what reads its values; a reader raises BadCell.

    A column is gone through first: its other values tell how 1.234 or 03/04/2026 is meant.
    """
    readers: dict[int, Reader] = {}
    for place, key in columns:
        if key not in kinds:
            continue
        texts = (row.cells[place] for row in table.rows() if not row.fault)
        if kinds[key] == Property.Kind.DATE:
            readers[place] = partial(normalise_day, order=decide_order(texts))
        else:
            readers[place] = partial(normalise_number, mark=decide_mark(texts))
    return readers
