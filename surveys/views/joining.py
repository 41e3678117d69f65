"""Adding people to a campaign under way: who they are, when they would be asked, then doing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_campaign
from surveys.campaigns import CannotMove, PreviewOutdated
from surveys.forms.campaign import JoinForm
from surveys.joining import let_join, look_at_newcomers
from surveys.models import Campaign, get_organisation
from surveys.progress import draw_joined_days, name_reasons


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_join(request: StaffRequest, pk: int) -> HttpResponse:
    subject = get_campaign(pk)
    if not subject.is_under_way:
        messages.warning(request, _("This campaign is over."))
        return redirect(subject)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            added = let_join(
                subject, **form.cleaned_data, by=request.user, now=timezone.now()
            ).mails
        except PreviewOutdated as refusal:
            messages.warning(request, str(refusal))
        except CannotMove as refusal:
            messages.warning(request, str(refusal))
            return redirect(subject)
        else:
            text = ngettext(
                "%(count)s person joins the campaign.",
                "%(count)s people join the campaign.",
                added,
            )
            messages.success(request, text % {"count": number_format(added)})
            return redirect(subject)
    return _show(request, subject)


def _show(request: StaffRequest, subject: Campaign) -> HttpResponse:
    now, zone = timezone.now(), get_organisation().zone
    newcomers = look_at_newcomers(subject, now=now)
    today = now.astimezone(zone).date()
    left_out = [
        (entry, newcomers.left_out[entry.reason])
        for entry in name_reasons(newcomers.addition.left_out)
    ]
    joined = newcomers.addition.mails_by_day
    context = {
        "campaign": subject,
        "addition": newcomers.addition,
        "first": newcomers.first,
        "left_out": left_out,
        "form": JoinForm(initial=newcomers.seen),
        "strip": draw_joined_days(subject, joined, zone=zone, today=today),
    }
    return render(request, "campaigns/join.html", context)
