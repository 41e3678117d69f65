"""Figures by mail: managers choose what goes to whom, everybody stops what comes to them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.access import get_digest, get_my_digest
from responses.digesting import choose_recipients, end_digest, list_digests, start_digest, switch
from responses.forms.digests import DigestForm, RecipientsForm
from responses.models import DigestRecipient


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_digests(request: StaffRequest) -> HttpResponse:
    form = DigestForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_bound and form.is_valid():
        digest = start_digest(
            form.cleaned_data["about"],
            rhythm=form.cleaned_data["rhythm"],
            recipients=form.cleaned_data["recipients"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("“%(name)s” is mailed from now on.") % {"name": digest})
        return redirect("dashboard_digests")
    rows = []
    for digest in list_digests():
        chosen = [each.user_id for each in digest.recipients.all()]
        rows.append((digest, RecipientsForm(initial={"recipients": chosen}, number=digest.pk)))
    context = {"form": form, "rows": rows}
    status = 422 if form.is_bound else 200
    return render(request, "dashboard/digests.html", context, status=status)


@requires(Role.MANAGER)
@require_POST
def dashboard_digest_edit(request: StaffRequest, pk: int) -> HttpResponse:
    digest = get_digest(pk)
    form = RecipientsForm(request.POST, number=pk)
    if form.is_valid():
        choose_recipients(digest, form.cleaned_data["recipients"], now=timezone.now())
        messages.success(request, _("Who gets “%(name)s” is saved.") % {"name": digest})
    else:
        messages.error(request, _("Choose at least one person, or end it."))
    return redirect("dashboard_digests")


@requires(Role.MANAGER)
@require_POST
def dashboard_digest_end(request: StaffRequest, pk: int) -> HttpResponse:
    digest = get_digest(pk)
    end_digest(digest)
    messages.success(request, _("“%(name)s” is mailed to nobody any more.") % {"name": digest})
    return redirect("dashboard_digests")


@requires(Role.VIEWER)
@require_safe
def my_digests(request: StaffRequest) -> HttpResponse:
    mine = DigestRecipient.objects.filter(user=request.user)
    context = {"mine": mine.select_related("digest__dashboard", "digest__survey")}
    return render(request, "dashboard/my_digests.html", context)


@requires(Role.VIEWER)
@require_POST
def my_digest_switch(request: StaffRequest, pk: int) -> HttpResponse:
    mine = get_my_digest(pk, user=request.user)
    switch(mine, is_on="on" in request.POST, now=timezone.now())
    text = _("You get “%(name)s” no more.") if mine.stopped_at else _("You get “%(name)s” again.")
    messages.success(request, text % {"name": mine.digest})
    return redirect("my_digests")
