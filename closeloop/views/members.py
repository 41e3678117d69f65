"""One member: what they can take, when they work, when they are away. And one's own absences."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from closeloop import tasks
from closeloop.access import get_absence, get_member, get_own_member
from closeloop.assigning import hand_over
from closeloop.forms.members import AbsenceForm, WorkForm
from closeloop.models import Absence, Member
from closeloop.views.me import draw_me
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from surveys.nudging import nudge


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: StaffRequest, pk: int) -> HttpResponse:
    shown = get_member(pk)
    is_sent = request.method == "POST"
    form = WorkForm(request.POST if is_sent else None, instance=shown)
    if not is_sent or not form.is_valid():
        return _draw_member(request, shown, form=form, status=422 if is_sent else 200)
    form.save()
    nudge(tasks.tell_capacity)
    messages.success(request, _("%(name)s is changed.") % {"name": shown})
    return redirect("team")


def _draw_member(
    request: StaffRequest,
    shown: Member,
    *,
    form: WorkForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "member": shown,
        "form": form or WorkForm(instance=shown),
        "absence_form": absence_form or AbsenceForm(),
        "absences": list_absences(shown),
        "failed": absence_form or form,
    }
    return render(request, "closeloop/member.html", context, status=status)


def list_absences(shown: Member) -> list[Absence]:
    """Those that are not over yet."""
    return list(shown.absences.filter(last_day__gte=timezone.localdate()))


@requires(Role.MANAGER)
@require_post_else("member", "pk")
def absence_add(request: StaffRequest, pk: int) -> HttpResponse:
    shown = get_member(pk)
    form = AbsenceForm(request.POST, instance=Absence(member=shown))
    if not form.is_valid():
        return _draw_member(request, shown, absence_form=form, status=422)
    _say_absent(request, form.save())
    return redirect("member", pk)


@requires(Role.MANAGER)
@require_POST
def absence_remove(request: StaffRequest, pk: int) -> HttpResponse:
    absence = get_absence(pk)
    _remove(request, absence, again=reverse("absence_add", args=[absence.member_id]))
    return redirect("member", absence.member_id)


@requires(Role.MANAGER)
@require_POST
def member_hand_over(request: StaffRequest, pk: int) -> HttpResponse:
    """Give to those at work what waits for somebody who is away."""
    handed = hand_over(get_member(pk), user=request.user, now=timezone.now())
    if handed:
        text = ngettext(
            "%(n)s follow-up has a new owner.", "%(n)s follow-ups have a new owner.", handed
        )
        messages.success(request, text % {"n": handed})
    else:
        messages.warning(request, _("Nobody else is at work to take them."))
    return redirect("team")


@requires(Role.AGENT)
@require_post_else("team_me")
def my_absence_add(request: StaffRequest) -> HttpResponse:
    own = get_own_member(request.user)
    form = AbsenceForm(request.POST, instance=Absence(member=own))
    if not form.is_valid():
        return draw_me(request, absence_form=form, status=422)
    _say_absent(request, form.save())
    return redirect("team_me")


@requires(Role.AGENT)
@require_POST
def my_absence_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """One's own; that of a colleague is not found here."""
    absence = get_absence(pk, of=request.user)
    _remove(request, absence, again=reverse("my_absence_add"))
    return redirect("team_me")


def _say_absent(request: StaffRequest, absence: Absence) -> None:
    nudge(tasks.tell_capacity)
    messages.success(request, _("Away: %(days)s.") % {"days": _name_days(absence)})


def _remove(request: StaffRequest, absence: Absence, *, again: str) -> None:
    days = {"first_day": absence.first_day, "last_day": absence.last_day}
    text = _("No longer away: %(days)s.") % {"days": _name_days(absence)}
    absence.delete()
    nudge(tasks.tell_capacity)
    offer_undo(request, text, url=again, **days)


def _name_days(absence: Absence) -> str:
    first, last = date_format(absence.first_day, "j F Y"), date_format(absence.last_day, "j F Y")
    return first if first == last else f"{first} – {last}"
