"""One's own choice of mails, and what managers set for what is late."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from closeloop.forms.notices import EscalationForm, NoticesForm
from closeloop.models import EscalationRule, NoticeChoices
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def my_notices(request: StaffRequest) -> HttpResponse:
    choices = NoticeChoices.objects.filter(user=request.user).first()
    choices = choices or NoticeChoices(user=request.user)
    data = request.POST if request.method == "POST" else None
    form = NoticesForm(data, instance=choices, user=request.user)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "closeloop/my_notices.html", {"form": form}, status=status)
    wanted = {kind: form.cleaned_data[kind] for kind in form.fields}
    # The digest may be writing the same row at this moment: only what was chosen is written.
    NoticeChoices.objects.update_or_create(user=request.user, defaults=wanted)
    messages.success(request, _("Your choice is saved."))
    return redirect("my_notices")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def escalation(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    rule = EscalationRule.objects.first() or EscalationRule(pk=1, since=now)
    data = request.POST if request.method == "POST" else None
    form = EscalationForm(data, instance=rule, now=now)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "closeloop/escalation.html", {"form": form}, status=status)
    form.save()
    messages.success(request, _("It is saved."))
    return redirect("escalation")
