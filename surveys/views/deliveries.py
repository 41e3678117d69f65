"""Mail in doubt, for whoever decides; and a held sender, for whoever mended it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.requests import StaffRequest, read_next
from npsapp.roles import Role, requires
from surveys.access import get_delivery, get_sender
from surveys.forms.deliveries import ReleaseForm, ResolutionForm
from surveys.nudging import nudge
from surveys.sending.hold import lift_hold
from surveys.sending.restored import ErasuresMissing, describe_restore, release_sending
from surveys.sending.unknown import CannotResolve, list_unknown, resolve_unknown
from surveys.tasks import send_due

PAGE_LENGTH = 50


@requires(Role.MANAGER)
@require_safe
def unknown_deliveries(request: StaffRequest) -> HttpResponse:
    """Every mail of which nobody knows whether it arrived, the newest first."""
    page = Paginator(list_unknown(now=timezone.now()), PAGE_LENGTH).get_page(
        request.GET.get("page")
    )
    return render(request, "deliveries/unknown.html", {"page": page})


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def held_deliveries(request: StaffRequest) -> HttpResponse:
    """What waits since a backup was restored, and the choice how to let it go."""
    restored = describe_restore()
    if restored is None:
        return render(request, "deliveries/held.html", {"restored": None})
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            release_sending(doubt=form.cleaned_data["between"] == "doubt", now=timezone.now())
        except ErasuresMissing:
            # The page itself says what is missing.
            context = {"restored": restored, "form": form}
            return render(request, "deliveries/held.html", context, status=409)
        nudge(send_due)
        messages.success(request, _("Mail leaves again."))
        return redirect("campaigns")
    status = 422 if form.is_bound else 200
    return render(
        request, "deliveries/held.html", {"restored": restored, "form": form}, status=status
    )


@requires(Role.MANAGER)
@require_POST
def delivery_resolve(request: StaffRequest, kind: str, pk: int) -> HttpResponse:
    delivery = get_delivery(kind, pk)
    form = ResolutionForm(request.POST)
    try:
        if not form.is_valid():
            raise CannotResolve(_("Choose what should happen with this mail."))
        resolve_unknown(
            delivery,
            resolution=form.cleaned_data["resolution"],
            user=request.user,
            now=timezone.now(),
        )
    except CannotResolve as problem:
        page = Paginator(list_unknown(now=timezone.now()), PAGE_LENGTH).get_page(1)
        context = {"page": page, "problem": str(problem)}
        return render(request, "deliveries/unknown.html", context, status=422)
    nudge(send_due)
    messages.success(request, _("Done."))
    return redirect("unknown_deliveries")


@requires(Role.MANAGER)
@require_POST
def sender_try_now(request: StaffRequest, pk: int) -> HttpResponse:
    """End the wait of a sender that was held, and go back to where the button was."""
    lift_hold(get_sender(pk))
    nudge(send_due)
    messages.success(request, _("Trying again now. If it fails, the reason will be here again."))
    return redirect(read_next(request, default="campaigns"))
