"""What the people of accounts answered: per account, per person, over the years.

An account is measured by the last answer of each of its people to one survey: somebody who answers
every quarter speaks once, and scales are never mixed. All answers together are counted beside it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractYear

from responses.models import Category, Response
from responses.reports.measured import Measured
from responses.scoring import DEFAULT_THRESHOLDS, Counts, Thresholds
from surveys.models import Account, Contact, Invitation, Survey

NEWEST, ANSWERS = "newest", "answers"
# As many scores as a line can hold; where there are more, a score is shown in their place.
MOST_SCORES = 12

Score = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class AccountScores(Measured):
    """`counts` of the last answers of its people, `scores` the newest of those with category."""

    scores: list[Score] = field(default_factory=list)
    answers: int = 0
    newest: dt.datetime | None = None


def measure_accounts(
    accounts: Collection[int], survey: Survey | None, *, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> dict[int, AccountScores]:
    """Return what each account's people said last (two queries, for any number of accounts)."""
    answers = _answers(survey).filter(contact__account__in=accounts)
    totals = {
        each["contact__account"]: each
        for each in answers.order_by()
        .values("contact__account")
        .annotate(n=Count("pk"), newest=Max("answered_at"))
    }
    said: dict[int, list[tuple[dt.datetime, int, str]]] = defaultdict(list)
    last = answers.order_by("contact_id", "-answered_at", "-pk").distinct("contact_id")
    for pk, *answer in last.values_list("contact__account", "answered_at", "score", "category"):
        said[pk].append(tuple(answer))
    return {
        pk: AccountScores(
            counts=_count([category for _at, _score, category in rows]),
            thresholds=thresholds,
            scores=[(score, category) for _at, score, category in sorted(rows, reverse=True)][
                :MOST_SCORES
            ],
            answers=totals[pk]["n"],
            newest=totals[pk]["newest"],
        )
        for pk, rows in said.items()
    }


def _count(categories: Collection[str]) -> Counts:
    listed = list(categories)
    return Counts(
        detractors=listed.count(Category.DETRACTOR),
        passives=listed.count(Category.PASSIVE),
        promoters=listed.count(Category.PROMOTER),
    )


def _answers(survey: Survey | None) -> QuerySet[Response]:
    counted = Response.objects.counted()
    return counted.filter(survey=survey) if survey else counted.none()


def with_detractors(accounts: QuerySet[Account], survey: Survey | None) -> QuerySet[Account]:
    """Keep those of whom somebody's last answer was a detractor's."""
    later = _answers(survey).filter(contact=OuterRef("contact"))
    later = later.filter(answered_at__gt=OuterRef("answered_at"))
    unhappy = _answers(survey).filter(category=Category.DETRACTOR, contact__account__isnull=False)
    unhappy = unhappy.filter(~Exists(later)).order_by()
    return accounts.filter(pk__in=unhappy.values("contact__account"))


def rank_accounts(
    accounts: QuerySet[Account], survey: Survey | None, order: str
) -> QuerySet[Any, Any]:
    """Return the keys (`contact__account`) of the accounts that answered, in an order of these.

    From the answers to the accounts, since far fewer have answered than there are.
    """
    answers = _answers(survey).filter(contact__account__isnull=False).order_by()
    if accounts.query.where:
        answers = answers.filter(contact__account__in=accounts.order_by().values("pk"))
    ranked = answers.values("contact__account").annotate(n=Count("pk"), newest=Max("answered_at"))
    first = {NEWEST: "-newest", ANSWERS: "-n"}[order]
    return ranked.order_by(first, "contact__account")


@dataclass(frozen=True, slots=True)
class Year:
    """The answers of an account's people in a year, all of them, newest first."""

    year: int
    measured: AccountScores


def list_years(
    account: Account,
    survey: Survey | None,
    *,
    zone: ZoneInfo,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[Year]:
    """Return what was answered to a survey year by year, the newest first."""
    rows = _answers(survey).filter(contact__account=account)
    years: dict[int, list[Score]] = defaultdict(list)
    year = ExtractYear("answered_at", tzinfo=zone)
    found = rows.order_by("-answered_at", "-pk").annotate(_year=year)
    for at, score, category in found.values_list("_year", "score", "category"):
        years[at].append((score, category))
    return [
        Year(
            year,
            AccountScores(
                counts=_count([category for _score, category in said]),
                thresholds=thresholds,
                scores=said[:MOST_SCORES],
                answers=len(said),
            ),
        )
        for year, said in years.items()
    ]


def find_surveys(account: Account) -> list[tuple[Survey, int]]:
    """Return the surveys that its people answered, with the answers, the last answered first."""
    rows = Response.objects.counted().filter(contact__account=account).order_by()
    counted = rows.values("survey").annotate(n=Count("pk"), newest=Max("answered_at"))
    numbers = {each["survey"]: each["n"] for each in counted.order_by("-newest")}
    surveys = Survey.objects.in_bulk(list(numbers))
    return [(surveys[pk], n) for pk, n in numbers.items()]


def tell_apart(people: QuerySet[Contact], survey: Survey | None) -> QuerySet[Contact]:
    """Mark who `has_answered` the survey and who `was_asked` for it."""
    answered = _answers(survey).filter(contact=OuterRef("pk"))
    asked = Invitation.objects.filter(
        contact=OuterRef("pk"), campaign__survey=survey, state=Invitation.State.SENT
    )
    return people.annotate(has_answered=Exists(answered), was_asked=Exists(asked))


SILENT = Q(has_answered=False, was_asked=True)
NEVER_ASKED = Q(has_answered=False, was_asked=False)


def count_people(people: QuerySet[Contact]) -> dict[str, int]:
    """Return how many people `tell_apart` marked how."""
    return people.order_by().aggregate(
        all=Count("pk"),
        answered=Count("pk", filter=Q(has_answered=True)),
        silent=Count("pk", filter=SILENT),
        never=Count("pk", filter=NEVER_ASKED),
    )
