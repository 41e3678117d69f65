"""Whose voice is missing: of whom was asked, who answered, value by value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count

from responses.differing import Verdict, judge_together
from responses.naming import EVERYTHING, Naming
from responses.proportions import Proportion, ShareDifference, compare_shares
from responses.reports.comparison import open_up, rank_by_size, within_segment
from responses.reports.response_rate import ANSWERED, CONDITIONS, Part, find_invited
from responses.scoring import DEFAULT_THRESHOLDS, Share, Thresholds, apportion, share_interval
from responses.selection import Segment, Selection
from surveys.models import Property
from surveys.properties import band_text

PATH = "contact__properties"
MOST_SHOWN = 12
MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Those who share a value: how many were asked, how many of them answered.

    `difference` is to everybody else who was asked, `verdict` corrected for how many are looked
    at. Without a `rate` they are too few to say.
    """

    segment: Segment
    within: Selection
    is_chosen: bool
    heard: Proportion
    share_asked: Decimal
    share_answered: Decimal
    rate: Share | None = None
    difference: ShareDifference | None = None
    verdict: Verdict | None = None

    @property
    def asked(self) -> int:
        return self.heard.total

    @property
    def answered(self) -> int:
        return self.heard.part

    @property
    def asked_url(self) -> str:
        return _list_url(self.within, Part.REACHED)

    @property
    def answered_url(self) -> str:
        return _list_url(self.within, Part.ANSWERED)


@dataclass(frozen=True, slots=True)
class Voices:
    """The largest groups first; what has no row is counted, so that the numbers add up."""

    groups: list[Voice]
    everybody: Proportion
    smaller_groups: int
    smaller: Proportion
    without_value: Proportion

    @property
    def unnamed(self) -> Proportion:
        """All that have no row, together: on a page without a login not even told apart."""
        return _add_up([self.smaller, self.without_value])

    @property
    def missing(self) -> list[Voice]:
        """Those who really answer less often, with the most unheard people first."""
        low = [each for each in self.groups if each.verdict == Verdict.LOWER]
        low.sort(key=lambda each: (each.share_answered - each.share_asked, each.segment.value))
        return low[:MOST_NAMED]

    @property
    def tested(self) -> int:
        return sum(each.verdict is not None for each in self.groups)


def _list_url(within: Selection, part: Part) -> str:
    return f"{within.invited_url}&part={part.value}" if within.invited_url else ""


def compare_voices(
    selection: Selection,
    declared: Property,
    *,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    naming: Naming = EVERYTHING,
) -> Voices:
    """Hold each value against all others who were asked on the selected days.

    Who has a value follows the contact as it is now, as in `count_invited`: those who never
    answered have no snapshot. Values chosen of the property itself only mark their rows.
    """
    selection, chosen = open_up(selection, declared.key)
    found = _count_by_value(selection, declared)
    ranked = rank_by_size(found, lambda heard: heard.total)
    without = found.get("", Proportion(0, 0))
    sizes = [(value, heard.total) for value, heard in ranked]
    named = naming.choose(sizes, most=MOST_SHOWN, without=without.total)
    shown = {value: heard for value, heard in ranked if value in named}
    smaller = _add_up([heard for value, heard in ranked if value not in shown])
    everybody = _add_up(list(found.values()))
    shares = _share_out([*shown.values(), smaller, without])
    voices = [
        Voice(
            segment=(segment := Segment(declared.key, value)),
            within=within_segment(selection, segment),
            is_chosen=value in chosen,
            heard=heard,
            share_asked=asked,
            share_answered=answered,
            rate=share_interval(*heard) if heard.total >= thresholds.show else None,
        )
        for (value, heard), (asked, answered) in zip(shown.items(), shares, strict=False)
    ]
    return Voices(
        groups=_hold_against_the_rest(voices, everybody, thresholds),
        everybody=everybody,
        smaller_groups=len(ranked) - len(shown),
        smaller=smaller,
        without_value=without,
    )


def _share_out(groups: list[Proportion]) -> list[tuple[Decimal, Decimal]]:
    """Return of each group its share of all who were asked, and of all who answered."""
    nobody = [Decimal(0)] * len(groups)
    asked = apportion([each.total for each in groups]) or nobody
    answered = apportion([each.part for each in groups]) or nobody
    return list(zip(asked, answered, strict=True))


def _hold_against_the_rest(
    voices: list[Voice], everybody: Proportion, thresholds: Thresholds
) -> list[Voice]:
    differences = [
        compare_shares(everybody.without(each.heard), each.heard, thresholds=thresholds)
        for each in voices
    ]
    return [
        replace(each, difference=difference if verdict else None, verdict=verdict)
        for each, difference, verdict in zip(
            voices, differences, judge_together(differences), strict=True
        )
    ]


def _add_up(proportions: list[Proportion]) -> Proportion:
    return Proportion(
        sum(each.part for each in proportions), sum(each.total for each in proportions)
    )


def _count_by_value(selection: Selection, declared: Property) -> dict[str, Proportion]:
    """Return answered of reached for each value; those who have none are under ''."""
    rows = (
        find_invited(selection)
        .order_by()
        .annotate(_value=band_text(declared, PATH))
        .values_list("_value")
        .annotate(
            answered=Count("pk", filter=ANSWERED),
            reached=Count("pk", filter=CONDITIONS[Part.REACHED]),
        )
    )
    found: dict[str, Proportion] = {}
    for value, answered, reached in rows:
        name = value if value and value.strip() else ""
        found[name] = _add_up([found.get(name, Proportion(0, 0)), Proportion(answered, reached)])
    return {value: heard for value, heard in found.items() if heard.total}
