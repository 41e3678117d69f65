"""Mail in doubt, for whoever decides; and a held sender, for whoever mended it."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.requests import StaffRequest, read_next, require_post_else
from npsapp.roles import Role, requires
from surveys.access import get_campaign, get_delivery, get_sender
from surveys.forms.deliveries import ReleaseForm, ResolutionForm, SettleForm
from surveys.history import acting
from surveys.models import Campaign, Delivery
from surveys.nudging import nudge
from surveys.sending.alarm import list_troubled
from surveys.sending.hold import release_by_hand
from surveys.sending.restored import ErasuresMissing, describe_restore, release_sending
from surveys.sending.settling import count_doubt, list_groups, measure_arrivals, settle_all
from surveys.sending.unknown import CannotResolve, Doubts, resolve_unknown
from surveys.tasks import send_due

PAGE_LENGTH = 50


@requires(Role.MANAGER)
@require_safe
def unknown_deliveries(request: StaffRequest) -> HttpResponse:
    """Every mail of which nobody knows whether it arrived, the newest first."""
    chosen = request.GET.get("campaign", "")
    campaign = get_campaign(int(chosen)) if chosen.isdecimal() else None
    return _show_unknown(request, campaign)


def _show_unknown(
    request: StaffRequest, campaign: Campaign | None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    doubts = cast(Any, Doubts(campaign, now))
    context = {
        "page": Paginator(doubts, PAGE_LENGTH).get_page(request.GET.get("page")),
        "groups": list_groups(now=now),
        "arrivals": measure_arrivals(),
        "campaign": campaign,
        "query": f"campaign={campaign.pk}" if campaign else "",
        "problem": problem,
    }
    return render(request, "deliveries/unknown.html", context, status=status)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def unknown_settle(request: StaffRequest) -> HttpResponse:
    """Decide about all mail in doubt, or all of a campaign, after saying whom it may hit twice."""
    form = SettleForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return _show_unknown(
            request, None, problem=_("Choose what should happen with this mail."), status=422
        )
    now, chosen = timezone.now(), form.cleaned_data
    problem = ""
    if request.method == "POST":
        try:
            count = _settle(request, chosen, now=now)
        except CannotResolve as refusal:
            problem = str(refusal)
        else:
            text = ngettext("%(count)d mail is settled.", "%(count)d mails are settled.", count)
            messages.success(request, text % {"count": count})
            return redirect("unknown_deliveries")
    total, again = count_doubt(chosen["campaign"], now=now)
    is_again = chosen["resolution"] == Delivery.Resolution.SEND_AGAIN
    arrivals = measure_arrivals()
    context = {
        "campaign": chosen["campaign"],
        "resolution": chosen["resolution"],
        "is_again": is_again,
        "mails": again if is_again else total,
        "staying": total - again if is_again else 0,
        "arrivals": arrivals,
        "expected": arrivals.expect(again) if arrivals else None,
        "problem": problem,
    }
    status = 409 if problem else 200
    return render(request, "deliveries/settle.html", context, status=status)


def _settle(request: StaffRequest, chosen: dict[str, Any], *, now: dt.datetime) -> int:
    with acting(request.user):
        count = settle_all(
            chosen["campaign"],
            resolution=chosen["resolution"],
            most=chosen["most"] or 0,
            user=request.user,
            now=now,
        )
    nudge(send_due)
    return count


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def held_deliveries(request: StaffRequest) -> HttpResponse:
    """What was stopped, by a restore or by an alarm, and the choice how to let it go."""
    restored = describe_restore()
    context: dict[str, Any] = {"restored": restored, "troubled": list_troubled()}
    if restored is None:
        return render(request, "deliveries/held.html", context)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            release_sending(doubt=form.cleaned_data["between"] == "doubt", now=timezone.now())
        except ErasuresMissing:
            # The page itself says what is missing.
            context["form"] = form
            return render(request, "deliveries/held.html", context, status=409)
        nudge(send_due)
        messages.success(request, _("Mail leaves again."))
        return redirect("campaigns")
    status = 422 if form.is_bound else 200
    return render(request, "deliveries/held.html", {**context, "form": form}, status=status)


@requires(Role.MANAGER)
@require_post_else("unknown_deliveries")
def delivery_resolve(request: StaffRequest, kind: str, pk: int) -> HttpResponse:
    delivery = get_delivery(kind, pk)
    form = ResolutionForm(request.POST)
    try:
        if not form.is_valid():
            raise CannotResolve(_("Choose what should happen with this mail."))
        with acting(request.user):
            resolve_unknown(
                delivery,
                resolution=form.cleaned_data["resolution"],
                user=request.user,
                now=timezone.now(),
            )
    except CannotResolve as problem:
        return _show_unknown(request, None, problem=str(problem), status=422)
    nudge(send_due)
    messages.success(request, _("Done."))
    return redirect("unknown_deliveries")


@requires(Role.MANAGER)
@require_POST
def sender_try_now(request: StaffRequest, pk: int) -> HttpResponse:
    """End the wait of a sender that was held, and go back to where the button was."""
    sender = get_sender(pk)
    release_by_hand(get_sender(pk), now=timezone.now())
    nudge(send_due)
    told = _("Trying again now. If it fails, the reason will be here again.")
    if sender.is_held_by_alarm:
        told = _("Mail leaves from this sender again; its results are counted anew.")
    messages.success(request, told)
    return redirect(read_next(request, default="campaigns"))
