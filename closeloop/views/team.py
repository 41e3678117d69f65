"""The team: who is on duty, and the words it closes follow-ups with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from closeloop import tasks
from closeloop.access import get_member, get_root_cause
from closeloop.assigning import preview_share, share_out
from closeloop.capacity import list_coming
from closeloop.causes import MOST, delete_unused, ensure_root_causes, list_causes
from closeloop.forms.team import DutyForm, MemberForm, RootCauseForm, SignatureForm
from closeloop.models import FollowUp, Member, RootCause
from closeloop.reports.handing import list_handings
from closeloop.reports.team import draw_team
from closeloop.views.me import draw_me, find_me
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from surveys.models import get_organisation
from surveys.nudging import nudge

COMING_DAYS = 14


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
    organisation, now = get_organisation(), timezone.now()
    team, causes = draw_team(organisation, now=now), list_causes()
    unassigned = FollowUp.objects.open().unassigned().count()
    shares = preview_share(now=now) if unassigned else []
    sent_in = cause_form.instance.pk if cause_form else None
    context: dict[str, Any] = {
        "team": team,
        "members": team.members,
        "coming": list_coming(organisation, now=now, days=COMING_DAYS),
        "handings": list_handings(now=now),
        "unassigned": unassigned,
        "shares": ", ".join(f"{user} ({n})" for user, n in shares),
        "member_form": member_form or MemberForm(),
        "cause_forms": [
            cause_form if cause_form and cause.pk == sent_in else RootCauseForm(instance=cause)
            for cause, _is_named in causes
        ],
        "deletable": {cause.pk for cause, is_named in causes if not is_named},
        "new_cause_form": cause_form if cause_form and not sent_in else RootCauseForm(),
        "failed": member_form or cause_form,
        "in_use": sum(cause.is_active for cause, _is_named in causes),
        "most": MOST,
        "may_invite": request.user.may(Role.ADMIN),
    }
    return render(request, "closeloop/team.html", context, status=status)


@requires(Role.MANAGER)
@require_post_else("team")
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
        nudge(tasks.tell_capacity)
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
@require_post_else("team")
def root_cause_add(request: StaffRequest) -> HttpResponse:
    return _save_cause(request, RootCauseForm(request.POST, instance=RootCause()))


@requires(Role.MANAGER)
@require_post_else("team")
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
    """Start an empty list with the usual causes, in the language of who asks for them."""
    ensure_root_causes(language=get_language() or get_organisation().default_language)
    return redirect("team")


@requires(Role.MANAGER)
@require_POST
def root_cause_delete(request: StaffRequest, pk: int) -> HttpResponse:
    cause = get_root_cause(pk)
    if delete_unused(cause):
        messages.success(request, _("“%(cause)s” is deleted.") % {"cause": cause})
    else:
        text = _("“%(cause)s” stays: follow-ups were closed with it. Take it out of use instead.")
        messages.error(request, text % {"cause": cause})
    return redirect("team")


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def team_me(request: StaffRequest) -> HttpResponse:
    """One's own signature and absences. Having them does not put anybody on duty."""
    if request.method != "POST":
        return draw_me(request)
    form = SignatureForm(request.POST, instance=find_me(request.user))
    if not form.is_valid():
        return draw_me(request, form=form, status=422)
    form.save()
    messages.success(request, _("Your signature is saved."))
    return redirect("team_me")
