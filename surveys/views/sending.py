"""Whether mail leaves as it should: the numbers of now, the alarms, and the button to stop it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.models import Alarm
from surveys.sending.alarm_mail import advise, describe_alarm
from surveys.sending.alarms import list_standing
from surveys.sending.vitals import MOST_CLOCK_SECONDS, measure
from surveys.standstill import let_go, look_ahead, stop_all

PAGE_LENGTH = 25


@requires(Role.MANAGER)
@require_safe
def sending(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    vitals = measure(now=now)
    past = Paginator(Alarm.objects.filter(closed_at__isnull=False), PAGE_LENGTH)
    page = past.get_page(request.GET.get("page"))
    is_stopped = vitals.organisation.sending_stopped_at is not None
    context = {
        "vitals": vitals,
        "clock_is_wrong": vitals.clock_apart > MOST_CLOCK_SECONDS,
        "senders": [
            (each, each.held_until is not None and each.held_until > now) for each in vitals.senders
        ],
        "standing": [
            (alarm, describe_alarm(alarm), advise(alarm.kind)) for alarm in list_standing()
        ],
        "page": page,
        "past": [(alarm, describe_alarm(alarm)) for alarm in page],
        "may_stop": request.user.may(Role.ADMIN),
        "ahead": look_ahead(now=now) if is_stopped and request.user.may(Role.ADMIN) else [],
    }
    return render(request, "deliveries/sending.html", context)


@requires(Role.ADMIN)
@require_POST
def sending_stop(request: StaffRequest) -> HttpResponse:
    if stop_all(user=request.user, now=timezone.now()):
        messages.success(request, _("Stopped. No mail leaves until an admin lets it go again."))
    else:
        messages.warning(request, _("All sending was stopped already."))
    return redirect("sending")


@requires(Role.ADMIN)
@require_POST
def sending_go(request: StaffRequest) -> HttpResponse:
    if let_go(by=request.user, now=timezone.now()):
        messages.success(request, _("Mail leaves again. What was late has new times."))
    else:
        messages.warning(request, _("Nothing was stopped."))
    return redirect("sending")
