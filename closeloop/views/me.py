"""One's own page, as it is drawn afresh and after something went wrong on it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from closeloop.forms.members import AbsenceForm
from closeloop.forms.team import SignatureForm
from closeloop.models import Member
from npsapp.models import User
from npsapp.requests import StaffRequest


def find_me(user: User) -> Member:
    """Who signs need not be on the team: the row is kept with the first signature only."""
    return Member.objects.filter(user=user).first() or Member(user=user, on_duty=False)


def draw_me(
    request: StaffRequest,
    *,
    form: SignatureForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    member = find_me(request.user)
    absences = member.absences.filter(last_day__gte=timezone.localdate()) if member.pk else []
    context = {
        "form": form or SignatureForm(instance=member),
        "absence_form": absence_form or AbsenceForm(),
        "failed": absence_form or form,
        "member": member,
        "absences": list(absences),
    }
    return render(request, "closeloop/team_me.html", context, status=status)
