"""The outer loop: what the company changes because of what customers said."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from closeloop import improving
from closeloop.access import get_improvement
from closeloop.changing import StaleVersion
from closeloop.forms.improving import ChosenForm, ImprovementForm, RemarkForm, StateForm
from closeloop.models import Improvement
from closeloop.reports.improvements import (
    VIEWS,
    count_untold,
    count_views,
    describe_event,
    list_voices,
    measure_effect,
    select_improvements,
)
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from surveys.models import get_organisation

PAGE_LENGTH = 50
VOICES_SHOWN = 200


@requires(Role.VIEWER)
@require_safe
def improvements(request: StaffRequest) -> HttpResponse:
    view = request.GET.get("view", "")
    view = view if view in VIEWS else VIEWS[0]
    counts = count_views(request.user)
    titles = {"open": _("Under way"), "mine": _("Mine"), "done": _("Ended"), "all": _("All")}
    paginator = Paginator(select_improvements(view, user=request.user), PAGE_LENGTH)
    # The tabs have counted these rows already.
    paginator.count = counts[view]
    context = {
        "view": view,
        "tabs": [(name, titles[name], counts[name]) for name in VIEWS],
        "page": paginator.get_page(request.GET.get("page")),
        "today": timezone.localdate(timezone=get_organisation().zone),
        "may_create": request.user.may(Role.AGENT),
    }
    return render(request, "closeloop/improvements.html", context)


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def improvement_new(request: StaffRequest) -> HttpResponse:
    """Write one down; `follow_up` in the address names the customers it begins with."""
    chosen = ChosenForm(request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        form = ImprovementForm(initial={"owner": request.user.pk})
        return _draw_form(request, form, follow_ups=chosen.pks)
    form = ImprovementForm(request.POST)
    if not form.is_valid():
        return _draw_form(request, form, follow_ups=chosen.pks, status=422)
    written = improving.write_down(
        Improvement(**form.values(), once=form.cleaned_data["once"]),
        follow_ups=chosen.pks,
        user=request.user,
        now=timezone.now(),
    )
    messages.success(request, _("The improvement is written down."))
    return redirect(written)


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def improvement_edit(request: StaffRequest, pk: int) -> HttpResponse:
    improvement = _get_own(request, pk)
    if request.method != "POST":
        return _draw_form(request, ImprovementForm(instance=improvement))
    form = ImprovementForm(request.POST, instance=get_improvement(pk))
    if not form.is_valid():
        return _draw_form(request, form, status=422)
    try:
        after = improving.change(
            improvement,
            values=form.values(),
            version=form.cleaned_data["version"] or 0,
            user=request.user,
            now=timezone.now(),
        )
    except StaleVersion:
        return _draw_changed(request, pk)
    messages.success(request, _("The improvement is saved."))
    return redirect(after)


def _draw_changed(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what was typed with the new version: sending it once more says: I have seen it."""
    now_is = get_improvement(pk)
    data = request.POST.copy()
    data["version"] = str(now_is.version)
    return _draw_form(
        request, ImprovementForm(data, instance=now_is), now_is=get_improvement(pk), status=409
    )


def _draw_form(
    request: StaffRequest,
    form: ImprovementForm,
    *,
    follow_ups: list[int] | None = None,
    now_is: Improvement | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "improvement": form.instance if form.instance.pk else None,
        "follow_ups": follow_ups or [],
        "now_is": now_is,
        "last": now_is.events.select_related("actor").last() if now_is else None,
    }
    return render(request, "closeloop/improvement_form.html", context, status=status)


@requires(Role.VIEWER)
@require_safe
def improvement(request: StaffRequest, pk: int) -> HttpResponse:
    return draw_improvement(request, get_improvement(pk))


def draw_improvement(
    request: StaffRequest,
    shown: Improvement,
    *,
    remark: RemarkForm | None = None,
    status: int = 200,
) -> HttpResponse:
    organisation = get_organisation()
    today = timezone.localdate(timezone=organisation.zone)
    voices = list(list_voices(shown)[: VOICES_SHOWN + 1])
    context = {
        "improvement": shown,
        "today": today,
        "effect": measure_effect(shown, today=today, organisation=organisation),
        "voices": voices[:VOICES_SHOWN],
        "has_more_voices": len(voices) > VOICES_SHOWN,
        "untold": count_untold(shown) if shown.done_on else 0,
        "events": [
            (event, describe_event(event)) for event in shown.events.select_related("actor")
        ],
        "state_form": StateForm(initial={"state": shown.state, "version": shown.version}),
        "remark": remark or RemarkForm(),
        "may_change": improving.may_change(request.user, shown),
        "may_follow_up": request.user.may(Role.AGENT),
        "failed": remark,
    }
    return render(request, "closeloop/improvement.html", context, status=status)


@requires(Role.VIEWER)
@require_post_else("improvement", "pk")
def improvement_state(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = _get_own(request, pk)
    form = StateForm(request.POST)
    if not form.is_valid():
        return draw_improvement(request, chosen, status=422)
    try:
        improving.move(
            chosen,
            state=form.cleaned_data["state"],
            version=form.cleaned_data["version"],
            user=request.user,
            now=timezone.now(),
        )
    except StaleVersion:
        messages.warning(request, _("Somebody changed it just before you. Look again."))
    else:
        messages.success(request, _("The state is saved."))
    return redirect(chosen)


@requires(Role.VIEWER)
@require_post_else("improvement", "pk")
def improvement_note(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = _get_own(request, pk)
    form = RemarkForm(request.POST)
    if not form.is_valid():
        return draw_improvement(request, chosen, remark=form, status=422)
    improving.add_note(
        chosen, text=form.cleaned_data["text"], user=request.user, now=timezone.now()
    )
    messages.success(request, _("The note is added."))
    return redirect(chosen)


def _get_own(request: StaffRequest, pk: int) -> Improvement:
    """One that this person may change; who only reads may change what is theirs."""
    found = get_improvement(pk)
    if not improving.may_change(request.user, found):
        raise PermissionDenied
    return found
