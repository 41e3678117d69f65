"""What managers write down beside the score: events, to be seen in the trend."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest, read_text, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from responses.access import get_event
from responses.forms.events import EventForm, name_part
from responses.models import Event
from surveys.models import Property, Survey, get_organisation

PAGE_LENGTH = 50


@requires(Role.VIEWER)
@require_safe
def events(request: StaffRequest) -> HttpResponse:
    found = Event.objects.select_related("survey", "created_by")
    page = Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page"))
    declared = list(Property.objects.all())
    context = {
        "page": page,
        "rows": [(each, name_part(each.part, declared) if each.part else "") for each in page],
        "may_manage": request.user.may(Role.MANAGER),
    }
    return render(request, "events/list.html", context)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def event_new(request: StaffRequest) -> HttpResponse:
    """Add one; also the way back from deleting it."""
    if request.method != "POST":
        survey = Survey.objects.filter(slug=read_text(request, "survey", longest=80)).first()
        today = timezone.localdate(timezone=get_organisation().zone)
        return _draw_form(request, EventForm(initial={"survey": survey, "first_day": today}))
    now = timezone.now()
    form = EventForm(request.POST, instance=Event(created_by=request.user, created_at=now))
    if not form.is_valid():
        return _draw_form(request, form, status=422)
    event = form.save()
    messages.success(request, _("“%(event)s” is added.") % {"event": event})
    return redirect("events")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def event_edit(request: StaffRequest, pk: int) -> HttpResponse:
    event = get_event(pk)
    if request.method != "POST":
        return _draw_form(request, EventForm(instance=event))
    form = EventForm(request.POST, instance=event)
    if not form.is_valid():
        return _draw_form(request, form, status=422)
    form.save()
    messages.success(request, _("“%(event)s” is saved.") % {"event": event})
    return redirect("events")


@requires(Role.MANAGER)
@require_post_else("event_edit", "pk")
def event_delete(request: StaffRequest, pk: int) -> HttpResponse:
    event = get_event(pk)
    offer_undo(
        request,
        _("“%(event)s” is deleted.") % {"event": event},
        url=reverse("event_new"),
        label=event.label,
        kind=event.kind,
        first_day=event.first_day.isoformat(),
        last_day=event.last_day.isoformat() if event.last_day else "",
        survey=event.survey_id or "",
        segment=event.segment,
    )
    event.delete()
    return redirect("events")


def _draw_form(request: StaffRequest, form: EventForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "event": form.instance if form.instance.pk else None}
    return render(request, "events/form.html", context, status=status)
