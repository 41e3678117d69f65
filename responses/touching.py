"""What an answer that was written, changed or removed means for tallies: which sheets, which days.

An answer stands on its own day in the tallies of answers. Of pairs it may be either half, and end
the turn of another one: then that day is the one on which the same customer answered after the
delivery. All that can be is on the day of the answer itself, or later by the days between the two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from responses.dimensions import PAIRS, SENT, find_key, is_left_out, twosome_of
from responses.models import Response, TallySheet
from responses.pair_rows import Twosome
from responses.tally_writing import day_of

# The next counted answer after the delivery: an answer between two of those belongs to the turn of
# the later one, and without an answer after the delivery its turn goes on to the next.
_NEXT = """
    SELECT DISTINCT later.moment
      FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
           AS touched (contact_id, occasion, answered_at)
     CROSS JOIN LATERAL (
           SELECT min(answered_at) AS moment
             FROM responses_response
            WHERE survey_id = %s AND status = 'counted'
              AND contact_id = touched.contact_id AND occasion = touched.occasion
              AND answered_at > touched.answered_at
              AND answered_at <= touched.answered_at + %s
         ) AS later
     WHERE later.moment < %s
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """An answer by what places it in tallies; `contact` and `occasion` as they are, or were."""

    survey: int
    moment: dt.datetime
    contact: int | None = None
    occasion: str = ""

    @classmethod
    def of(cls, answer: Response) -> Touched:
        return cls(answer.survey_id, answer.answered_at, answer.contact_id, answer.occasion)


class _Kind(NamedTuple):
    """What decides whether an answer that was touched is on a sheet."""

    survey: int
    twosome: Twosome | None
    is_left_out: bool
    is_meant: bool


@dataclass(slots=True)
class Touches:
    """Everything that one transaction touches.

    Of `answers` anything may have changed; with `keys` nothing but these properties. Those that are
    `regrouped` only belonged to somebody, or to an occasion, and do no longer, or do now. `moved`
    is where some of the answers stood before, without being counted.
    """

    answers: list[Touched] = field(default_factory=list)
    keys: Collection[str] | None = None
    regrouped: list[Touched] = field(default_factory=list)
    moved: list[Touched] = field(default_factory=list)
    _found: dict[_Kind, list[Touched]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.surveys)

    @property
    def surveys(self) -> set[int]:
        return {each.survey for each in (*self.answers, *self.regrouped, *self.moved)}

    def find_settled(self) -> list[TallySheet]:
        """Return the sheets on which a day that stands there may have changed."""
        surveys = list(self.surveys)
        first_halves = Q(dimension__startswith=PAIRS, counted_as__before__in=surveys)
        found = TallySheet.objects.filter(Q(survey__in=surveys) | first_halves)
        return [each for each in found.exclude(dimension=SENT) if self._is_settled(each)]

    def _is_settled(self, sheet: TallySheet) -> bool:
        earliest = min((each.moment for each in self._on(sheet)), default=None)
        return earliest is not None and day_of(earliest, sheet.counted_as["zone"]) <= sheet.through

    def _on(self, sheet: TallySheet) -> list[Touched]:
        """Return what was touched of what a sheet counts."""
        is_meant = self.keys is None or find_key(sheet.dimension) in self.keys
        which = _Kind(sheet.survey_id, twosome_of(sheet), is_left_out(sheet), is_meant)
        if which not in self._found:
            self._found[which] = list(self._select(which))
        return self._found[which]

    def _select(self, kind: _Kind) -> Iterator[Touched]:
        twosome, is_meant = kind.twosome, kind.is_meant
        if twosome is None:
            answers = [*self.answers, *(self.moved if kind.is_left_out else ())]
            yield from (each for each in answers if is_meant and each.survey == kind.survey)
            return
        halves = {twosome.before, twosome.after}
        # A pair has the properties of its second answer.
        changed = halves if self.keys is None else {twosome.after}
        for each in self.answers:
            if is_meant and each.survey in changed and each.contact is not None:
                yield each
        for each in self.regrouped:
            if each.survey in halves and each.contact is not None:
                yield each

    def list_days(self, sheets: Sequence[TallySheet]) -> set[dt.date]:
        """Return the days to be counted anew on sheets that are alike and end together."""
        touched = {each for sheet in sheets for each in self._on(sheet)}
        moments = {each.moment for each in touched if each.survey == sheets[0].survey_id}
        if twosome := twosome_of(sheets[0]):
            moments |= set(_find_next(touched, twosome, sheets[0].ends_at))
        return {day_of(moment, sheets[0].counted_as["zone"]) for moment in moments}


def _find_next(
    touched: Iterable[Touched], twosome: Twosome, until: dt.datetime
) -> list[dt.datetime]:
    rows = [(each.contact, each.occasion, each.moment) for each in touched if each.moment < until]
    if not rows:
        return []
    contacts, occasions, moments = (list(column) for column in zip(*rows, strict=True))
    params: list[Any] = [contacts, occasions, moments, twosome.after, twosome.within, until]
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, params)
        return [moment for (moment,) in cursor.fetchall()]
