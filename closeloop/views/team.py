"""The team: who is on duty, and the words it closes follow-ups with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from closeloop.access import get_member, get_root_cause
from closeloop.assigning import share_out
from closeloop.causes import MOST, ensure_root_causes
from closeloop.forms.team import DutyForm, MemberForm, RootCauseForm, SignatureForm
from closeloop.models import FollowUp, Member, RootCause
from closeloop.reports.team import list_members
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from surveys.models import get_organisation


@requires(Role.MANAGER)
@require_safe
def team(request: StaffRequest) -> HttpResponse:
    return _draw_team(request)


def _draw_team(
    request: StaffRequest,
    *,
    member_form: MemberForm | None = None,
    cause_form: RootCauseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    causes = list(RootCause.objects.order_by("-is_active", "label"))
    sent_in = cause_form.instance.pk if cause_form else None
    context: dict[str, Any] = {
        "members": list(list_members(now=timezone.now())),
        "unassigned": FollowUp.objects.open().unassigned().count(),
        "member_form": member_form or MemberForm(),
        "cause_forms": [
            cause_form if cause_form and cause.pk == sent_in else RootCauseForm(instance=cause)
            for cause in causes
        ],
        "new_cause_form": cause_form if cause_form and not sent_in else RootCauseForm(),
        "failed": member_form or cause_form,
        "in_use": sum(cause.is_active for cause in causes),
        "most": MOST,
    }
    return render(request, "closeloop/team.html", context, status=status)


@requires(Role.MANAGER)
@require_POST
def member_add(request: StaffRequest) -> HttpResponse:
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _draw_team(request, member_form=form, status=422)
    member, _created = Member.objects.get_or_create(user=form.cleaned_data["user"])
    messages.success(request, _("%(name)s now follows up.") % {"name": member})
    return redirect("team")


@requires(Role.MANAGER)
@require_POST
def member_duty(request: StaffRequest, pk: int) -> HttpResponse:
    member = get_member(pk)
    form = DutyForm(request.POST)
    if form.is_valid():
        member.on_duty = form.cleaned_data["on_duty"]
        member.save(update_fields=["on_duty"])
        on, off = _("%(name)s takes new follow-ups."), _("%(name)s takes no new follow-ups.")
        text = (on if member.on_duty else off) % {"name": member}
        back = "no" if member.on_duty else "yes"
        offer_undo(request, text, url=reverse("member_duty", args=[pk]), on_duty=back)
    return redirect("team")


@requires(Role.MANAGER)
@require_POST
def team_share_out(request: StaffRequest) -> HttpResponse:
    shared = share_out(user=request.user, now=timezone.now())
    text = ngettext(
        "%(n)s follow-up found an owner.", "%(n)s follow-ups found an owner.", shared
    ) % {"n": shared}
    messages.success(request, text)
    return redirect("team")


@requires(Role.MANAGER)
@require_POST
def root_cause_add(request: StaffRequest) -> HttpResponse:
    return _save_cause(request, RootCauseForm(request.POST, instance=RootCause()))


@requires(Role.MANAGER)
@require_POST
def root_cause_edit(request: StaffRequest, pk: int) -> HttpResponse:
    return _save_cause(request, RootCauseForm(request.POST, instance=get_root_cause(pk)))


def _save_cause(request: StaffRequest, form: RootCauseForm) -> HttpResponse:
    if not form.is_valid():
        return _draw_team(request, cause_form=form, status=422)
    form.save()
    messages.success(request, _("The list of root causes is saved."))
    return redirect("team")


@requires(Role.MANAGER)
@require_POST
def root_causes_usual(request: StaffRequest) -> HttpResponse:
    """Start an empty list with the usual causes."""
    ensure_root_causes(language=get_organisation().default_language)
    return redirect("team")


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def team_me(request: StaffRequest) -> HttpResponse:
    """One's own signature. Having one does not put anybody on duty."""
    member = Member.objects.filter(user=request.user).first()
    member = member or Member(user=request.user, on_duty=False)
    form = SignatureForm(request.POST or None, instance=member)
    if request.method != "POST":
        return render(request, "closeloop/team_me.html", {"form": form, "member": member})
    if not form.is_valid():
        context = {"form": form, "member": member}
        return render(request, "closeloop/team_me.html", context, status=422)
    form.save()
    messages.success(request, _("Your signature is saved."))
    return redirect("team_me")
