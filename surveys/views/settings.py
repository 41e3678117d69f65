"""Settings: the organisation."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.brand import logo_url, replace_logo
from surveys.forms.settings import OrganisationForm
from surveys.free_days import name_free_days
from surveys.models import Organisation, Sender, get_organisation


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: StaffRequest) -> HttpResponse:
    organisation = get_organisation()
    form = OrganisationForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        instance=organisation,
    )
    if form.is_bound and form.is_valid():
        saved = form.save()
        if form.drawing or form.cleaned_data["logo_remove"]:
            replace_logo(saved, form.drawing)
        messages.success(request, _("The settings are saved."))
        return redirect("settings")
    senders = list(Sender.objects.all())
    # The form writes what was typed onto its own copy, also when it is refused.
    kept = get_organisation()
    lanes = {sender.lane for sender in senders}
    context = {
        "form": form,
        "kept": kept,
        "senders": senders,
        "logo_url": logo_url(kept),
        "free_days": list_coming_free_days(kept, now=timezone.now()),
        "missing_lanes": [lane for lane in Sender.Lane if lane not in lanes],
    }
    status = 422 if form.is_bound else 200
    return render(request, "settings/settings.html", context, status=status)


def list_coming_free_days(organisation: Organisation, *, now: dt.datetime) -> dict[dt.date, str]:
    """The free days of the year that begins today, named in the reader's language."""
    today = now.astimezone(organisation.zone).date()
    return name_free_days(
        organisation,
        first=today,
        last=today + dt.timedelta(days=365),
        language=get_language() or "en",
    )
