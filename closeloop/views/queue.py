"""The queue: whom to contact, why, and by when."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from closeloop.bulk import MOST
from closeloop.forms.bulk import BulkForm
from closeloop.forms.filtering import FilterForm
from closeloop.models import FollowUp, ReceivedMail, SavedView
from closeloop.models.followup import FollowUpQuerySet
from closeloop.reports.due import Due, describe_due, say_age
from closeloop.reports.news import count_new, read_marker
from closeloop.reports.queue import (
    View,
    find_in_view,
    list_tabs,
    put_in_order,
    queue_counts,
)
from closeloop.trying import list_tests
from npsapp.models import User
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.forms.saving import SavedViewForm
from responses.models import Response
from responses.views.saving import offer_views
from surveys.forms.filtering import list_property_fields, sample_values

PAGE_LENGTH = 25
RELATED = ("owner", "response__survey", "response__contact__account")


class Row(NamedTuple):
    follow_up: FollowUp
    due: Due
    age: str = ""
    language: str = ""
    is_picked: bool = False


@requires(Role.AGENT)
@require_safe
def follow_ups(request: StaffRequest) -> HttpResponse:
    return draw_queue(request, request.GET, now=timezone.now())


def draw_queue(
    request: StaffRequest,
    sent: QueryDict,
    *,
    now: dt.datetime,
    bulk: BulkForm | None = None,
    saving: SavedViewForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page; `bulk` and `saving` are forms that could not be done as they were sent."""
    # First: what happens while the rows are read is news.
    seen = read_marker()
    view, form = View.read(sent.get("view")), FilterForm(sent, user=request.user)
    found = (
        find_chosen(view, form, now=now).select_related(*RELATED).prefetch_related("response__tags")
    )
    page = Paginator(found, PAGE_LENGTH).get_page(sent.get("page"))
    counts = queue_counts(user=request.user, now=now)
    pairs = [("view", view.value), *form.pairs()]
    picked = bulk.picked if bulk else set()
    views = SavedView.objects.visible_to(request.user)
    context: dict[str, Any] = {
        "view": view,
        "most": MOST,
        "unowned": counts.unassigned,
        "tabs": list_tabs(view, counts, filters=form.pairs()),
        "form": form,
        "chips": form.list_chips(view),
        "page": page,
        "rows": [_make_row(each, picked=picked, now=now) for each in page],
        "tests": [Row(test, due=describe_due(test, now=now)) for test in list_tests()],
        **_tell_managers(request.user),
        "seen": seen,
        "bulk": bulk or BulkForm(seen=seen, query=urlencode([*pairs, ("page", page.number)])),
        "failed": bulk or saving,
        "query": urlencode(pairs),
        **offer_views(views, pairs, user=request.user, refused=saving),
    }
    return render(request, "closeloop/follow_ups.html", context, status=status)


def _tell_managers(user: User) -> dict[str, Any]:
    """Whoever may not settle mail that belongs nowhere is not told of it."""
    may_manage = user.may(Role.MANAGER)
    strays = ReceivedMail.objects.stray().count() if may_manage else 0
    return {"may_manage": may_manage, "strays": strays}


def _make_row(follow_up: FollowUp, *, picked: set[str], now: dt.datetime) -> Row:
    response = follow_up.response
    language = response.language or (response.contact.language if response.contact else "")
    return Row(
        follow_up,
        due=describe_due(follow_up, now=now),
        age=say_age(response.answered_at, now=now),
        language=language.upper(),
        is_picked=f"{follow_up.pk}-{follow_up.version}" in picked,
    )


def find_chosen(view: View, form: FilterForm, *, now: dt.datetime) -> FollowUpQuerySet:
    """Return what a view holds of what the filter speaks of, in its order."""
    found = form.narrow(find_in_view(view, user=form.user, now=now))
    return put_in_order(found, view, money=form.money)


@requires(Role.AGENT)
@require_safe
def follow_ups_filter(request: StaffRequest) -> HttpResponse:
    """All that the queue can be narrowed by: a page of its own, or a part of the queue's."""
    form = FilterForm(request.GET, user=request.user)
    context = {
        "view": View.read(request.GET.get("view")),
        "form": form,
        "property_fields": list_property_fields(
            form.filters, offered=sample_values(Response.objects.order_by("-pk"))
        ),
    }
    template = "closeloop/queue_filter.html"
    return render(request, f"{template}#fields" if request.htmx else template, context)


@requires(Role.AGENT)
@require_safe
def follow_ups_news(request: StaffRequest) -> HttpResponse:
    """How many came into a view since it was drawn: asked again and again, so nothing else."""
    view, form = View.read(request.GET.get("view")), FilterForm(request.GET, user=request.user)
    found = form.narrow(find_in_view(view, user=request.user, now=timezone.now()))
    number = count_new(found, view, seen=_read_number(request, "seen"), user=request.user)
    if request.htmx and number == _read_number(request, "known"):
        # Said once; htmx leaves what stands there.
        return HttpResponse(status=204)
    query = urlencode([("view", view.value), *form.pairs()])
    return render(request, "closeloop/queue_news.html", {"number": number, "query": query})


def _read_number(request: StaffRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
