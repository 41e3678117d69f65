"""Accounts: the companies that contacts belong to, with what their people answered last."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest, read_text
from npsapp.roles import Role, requires
from responses.models import Response
from responses.reports.people import find_last_responses
from surveys.access import get_account
from surveys.models import Account

PAGE_LENGTH = 50


@requires(Role.AGENT)
@require_safe
def accounts(request: StaffRequest) -> HttpResponse:
    words = read_text(request, "q", longest=200)
    found = Account.objects.annotate(people=Count("contacts")).order_by("name")
    for word in words.split():
        found = found.filter(name__icontains=word)
    page = Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page"))
    answers = dict(
        Response.objects.counted()
        .filter(contact__account__in=[account.pk for account in page])
        .order_by()
        .values_list("contact__account")
        .annotate(n=Count("pk"))
    )
    context = {
        "rows": [(account, answers.get(account.pk, 0)) for account in page],
        "page": page,
        "words": words,
        "query": urlencode({"q": words}) if words else "",
    }
    return render(request, "contacts/accounts.html", context)


@requires(Role.AGENT)
@require_safe
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """The people of an account, each with the last answer, and how many answers there are."""
    shown = get_account(pk)
    page = Paginator(shown.contacts.all(), PAGE_LENGTH).get_page(request.GET.get("page"))
    last = find_last_responses([person.pk for person in page])
    answers = Response.objects.counted().filter(contact__account=shown)
    context = {
        "account": shown,
        "page": page,
        "rows": [(person, last.get(person.pk)) for person in page],
        "n": answers.count(),
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "contacts/account.html", context)
