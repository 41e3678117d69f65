"""The sheet for the team's short meeting, made to be printed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from closeloop.reports.due import describe_due
from closeloop.reports.huddle import prepare_huddle
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires


@requires(Role.AGENT)
@require_safe
def huddle(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    prepared = prepare_huddle(now=now)
    context = {
        "now": now,
        "huddle": prepared,
        "overdue": [(each, describe_due(each, now=now)) for each in prepared.overdue],
        "note_lines": range(5),
    }
    return render(request, "closeloop/huddle.html", context)
