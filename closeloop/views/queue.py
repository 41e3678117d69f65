"""The queue: whom to contact, why, and by when."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from closeloop.forms.filtering import FilterForm
from closeloop.models import FollowUp
from closeloop.reports.due import Due, describe_due
from closeloop.reports.queue import View, list_tabs, queue_counts, select_view
from closeloop.trying import list_tests
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires

PAGE_LENGTH = 25


class Row(NamedTuple):
    follow_up: FollowUp
    due: Due


@requires(Role.AGENT)
@require_safe
def follow_ups(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    view = View.read(request.GET.get("view"))
    form = FilterForm(request.GET)
    chosen = form.narrow(select_view(view, user=request.user, now=now))
    page = Paginator(chosen, PAGE_LENGTH).get_page(request.GET.get("page"))
    filters = form.as_query()
    counts = queue_counts(user=request.user, now=now)
    context = {
        "view": view,
        "unowned": counts.unassigned,
        "tabs": list_tabs(view, counts, filters=filters),
        "form": form,
        "page": page,
        "rows": [Row(follow_up, due=describe_due(follow_up, now=now)) for follow_up in page],
        "tests": [Row(test, due=describe_due(test, now=now)) for test in list_tests()],
        "may_remove_all": request.user.may(Role.MANAGER),
        "query": urlencode({"view": view.value} | filters),
    }
    return render(request, "closeloop/follow_ups.html", context)
