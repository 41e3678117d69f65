"""Removing test answers from the queue."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from closeloop.access import get_test
from closeloop.trying import remove_test, remove_tests
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires


@requires(Role.AGENT)
@require_POST
def follow_up_remove_test(request: StaffRequest, pk: int) -> HttpResponse:
    remove_test(get_test(pk))
    messages.success(request, _("The test answer is removed."))
    return redirect("follow_ups")


@requires(Role.MANAGER)
@require_POST
def follow_ups_remove_tests(request: StaffRequest) -> HttpResponse:
    removed = remove_tests()
    text = ngettext("%(n)s test answer is removed.", "%(n)s test answers are removed.", removed)
    messages.success(request, text % {"n": removed})
    return redirect("follow_ups")
