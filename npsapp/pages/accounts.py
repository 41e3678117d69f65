"""Accounts: the companies that contacts belong to, with what their people say and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from closeloop.reports.accounts import count_open, list_open
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.accounts import AccountsForm
from responses.reports.accounts import (
    NEVER_ASKED,
    SILENT,
    AccountScores,
    count_people,
    find_surveys,
    list_years,
    measure_accounts,
    rank_accounts,
    tell_apart,
)
from responses.reports.people import find_last_responses
from responses.scoring import Counts, Thresholds
from responses.thresholds import thresholds_of
from surveys.access import get_account
from surveys.models import Account, Contact, Invitation, Survey

PAGE_LENGTH = 50
SHOWN = 10
PEOPLE = {"": None, "silent": SILENT, "never": NEVER_ASKED}


@dataclass(frozen=True, slots=True)
class Row:
    account: Account
    people: int
    measured: AccountScores
    open: int


@requires(Role.AGENT)
@require_safe
def accounts(request: StaffRequest) -> HttpResponse:
    form = AccountsForm(request.GET)
    if not form.is_valid():
        return render(request, "contacts/accounts.html", {"form": form}, status=422)
    page, listed = _find_page(form, request.GET.get("page"))
    thresholds = thresholds_of(request.organisation)
    context = {
        "form": form,
        "page": page,
        "rows": _make_rows(listed, form.survey_shown, thresholds),
        "survey": form.survey_shown,
        "query": form.query,
        "least": thresholds.show,
    }
    return render(request, "contacts/accounts.html", context)


def _find_page(form: AccountsForm, number: str | None) -> tuple[Page[Any], list[Account]]:
    found, order = form.find().select_related("owner"), form.cleaned_data["sort"]
    if not order:
        page = Paginator(found, PAGE_LENGTH).get_page(number)
        return page, list(page)
    ranked = Paginator(rank_accounts(found, form.survey_shown, order), PAGE_LENGTH)
    page_of_keys = ranked.get_page(number)
    keys = [each["contact__account"] for each in page_of_keys]
    by_key = Account.objects.select_related("owner").in_bulk(keys)
    return page_of_keys, [by_key[key] for key in keys]


def _make_rows(listed: list[Account], survey: Survey | None, thresholds: Thresholds) -> list[Row]:
    keys = [account.pk for account in listed]
    people = dict(
        Contact.objects.filter(account__in=keys)
        .order_by()
        .values_list("account")
        .annotate(n=Count("pk"))
    )
    measured = measure_accounts(keys, survey, thresholds=thresholds)
    waiting, nothing = count_open(keys), AccountScores(counts=Counts(), thresholds=thresholds)
    return [
        Row(each, people.get(each.pk, 0), measured.get(each.pk, nothing), waiting.get(each.pk, 0))
        for each in listed
    ]


@requires(Role.AGENT)
@require_safe
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """The people of an account with the last answer of each, the years, and what comes next."""
    shown, organisation = get_account(pk), request.organisation
    surveys = find_surveys(shown)
    survey = _choose(surveys, request.GET.get("survey", ""))
    thresholds = thresholds_of(organisation)
    people = tell_apart(shown.contacts.by_name(), survey)
    who = request.GET.get("who", "")
    listed = people.filter(PEOPLE[who]) if PEOPLE.get(who) else people
    page = Paginator(listed, PAGE_LENGTH).get_page(request.GET.get("page"))
    last = find_last_responses([person.pk for person in page], survey=survey)
    coming = _list_coming(shown)
    waiting = list_open(shown)
    context = {
        "account": shown,
        "surveys": surveys,
        "survey": survey,
        "who": who if PEOPLE.get(who) else "",
        "page": page,
        "page_query": urlencode(
            {
                name: value
                for name, value in (("survey", survey and survey.slug), ("who", who))
                if value
            }
        ),
        "rows": [(person, last.get(person.pk)) for person in page],
        "numbers": count_people(people),
        "measured": measure_accounts([pk], survey, thresholds=thresholds).get(
            pk, AccountScores(counts=Counts(), thresholds=thresholds)
        ),
        "years": list_years(shown, survey, zone=organisation.zone, thresholds=thresholds),
        "coming": list(coming[:SHOWN]),
        "n_coming": coming.count(),
        "open": [(each, each.is_overdue(timezone.now())) for each in waiting[:SHOWN]],
        "n_open": waiting.count(),
        "least": thresholds.show,
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "contacts/account.html", context)


def _choose(surveys: list[tuple[Survey, int]], slug: str) -> Survey | None:
    """The survey asked for, else the one that the account answered last."""
    by_slug = {survey.slug: survey for survey, _n in surveys}
    return by_slug.get(slug) or next(iter(by_slug.values()), None)


def _list_coming(shown: Account) -> Any:
    """Invitations that wait for their day, the next one first."""
    waiting = Invitation.objects.filter(
        contact__account=shown, sequence=0, state=Invitation.State.SCHEDULED
    )
    return waiting.select_related("contact", "campaign__survey").order_by("scheduled_for", "pk")
