"""Who is behind the response rate: the invitations that left, and what became of each."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.listing import InvitedForm
from responses.reports.response_rate import (
    Part,
    ResponseRate,
    count_invited,
    count_unsubscribed,
    list_invited,
)
from responses.selection import Selection
from responses.views.listing import Tab
from surveys.models import get_organisation

PAGE_LENGTH = 50


@requires(Role.VIEWER)
@require_safe
def invited(request: StaffRequest) -> HttpResponse:
    form = InvitedForm(request.GET, organisation=get_organisation(), now=timezone.now())
    if not form.is_valid():
        return render(request, "responses/invited.html", {"form": form}, status=422)
    selection, part = form.selection(), form.cleaned_data["part"]
    tabs = list_parts(
        count_invited(selection), selection, part, unsubscribed=count_unsubscribed(selection)
    )
    paginator = Paginator(list_invited(selection, part), PAGE_LENGTH)
    # The tabs have counted these rows already.
    paginator.count = next(tab.n for tab in tabs if tab.is_current)
    context = {
        "form": form,
        "selection": selection,
        "tabs": tabs,
        "page": paginator.get_page(request.GET.get("page")),
        "query": _query(selection, part),
        "may_follow_up": request.user.may(Role.AGENT),
    }
    return render(request, "responses/invited.html", context)


def list_parts(
    rate: ResponseRate, selection: Selection, current: Part, *, unsubscribed: int
) -> list[Tab]:
    """Return every number of the rate as a tab, and who left."""
    return [
        Tab(
            title=str(part.label),
            n=unsubscribed if part == Part.UNSUBSCRIBED else getattr(rate, part.value),
            url=f"?{_query(selection, part)}",
            is_current=part == current,
        )
        for part in Part
    ]


def _query(selection: Selection, part: Part) -> str:
    return f"{selection.query}&{urlencode({'part': part.value})}"
