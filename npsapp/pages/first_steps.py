"""The first steps of a new installation, on a page of their own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from npsapp.first_steps import list_first_steps
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.first_steps import close_first_steps


@requires(Role.MANAGER)
@require_safe
def first_steps(request: StaffRequest) -> HttpResponse:
    listed = list_first_steps(Role(request.user.role))
    return render(request, "people/first_steps.html", {"listed": listed})


@requires(Role.MANAGER)
@require_POST
def first_steps_close(request: StaffRequest) -> HttpResponse:
    """Take the list off the dashboard for everybody; refused while something needed is open."""
    if list_first_steps(Role(request.user.role)).are_done:
        close_first_steps(now=timezone.now())
        messages.success(request, _("The list of first steps is put away."))
        return redirect("dashboard")
    messages.error(request, _("There is still a step to take."))
    return redirect("first_steps")
