"""Whom we must not write to: looked up by address, for only fingerprints are kept."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_suppression
from surveys.addresses import hash_address
from surveys.forms.suppressions import AddForm, AddressForm, RemoveForm
from surveys.models import Suppression
from surveys.suppressing import lift, list_removals, suppress

REMOVALS_SHOWN = 20


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def suppressions(request: StaffRequest) -> HttpResponse:
    """How many there are and why; is this address among them? A look-up is a POST, so that no
    address comes to stand in a URL or in a log."""
    is_search = request.method == "POST"
    form = AddressForm(request.POST if is_search else None)
    context = {"form": form, "add_form": AddForm(auto_id="id_add_%s"), **count_suppressions()}
    if is_search and form.is_valid():
        address = form.cleaned_data["address"]
        found = Suppression.objects.filter(address_hash=hash_address(address)).order_by("scope")
        context |= {
            "address": address,
            "found": list(found),
            "removals": list_removals(hash_address(address)),
            "was_sought": True,
        }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "suppressions/list.html", context, status=status)


def count_suppressions() -> dict[str, object]:
    counts = Suppression.objects.values_list("reason").annotate(n=Count("pk")).order_by("-n")
    addresses = Suppression.objects.aggregate(n=Count("address_hash", distinct=True))["n"]
    labels = dict(Suppression.Reason.choices)
    return {
        "addresses": addresses,
        "reasons": [(labels.get(r, r), n) for r, n in counts],
        "latest_removals": list_removals()[:REMOVALS_SHOWN],
    }


@requires(Role.MANAGER)
@require_POST
def suppression_add(request: StaffRequest) -> HttpResponse:
    form = AddForm(request.POST, auto_id="id_add_%s")
    if not form.is_valid():
        context = {"form": AddressForm(), "add_form": form, **count_suppressions()}
        return render(request, "suppressions/list.html", context, status=422)
    suppress(
        hash_address(form.cleaned_data["address"]),
        scope=form.cleaned_data["scope"],
        reason=Suppression.Reason.MANUAL,
    )
    messages.success(request, _("The address is on the list: it gets no more mail of this kind."))
    return redirect("suppressions")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def suppression_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask why first: who let an address be written to again, and the reason, are kept."""
    suppression = get_suppression(pk)
    form = RemoveForm(suppression, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        explanation = form.cleaned_data["reason"]
        lift(suppression, explanation=explanation, user=request.user, now=timezone.now())
        messages.success(request, _("The address may be written to again."))
        return redirect("suppressions")
    context = {"form": form, "suppression": suppression}
    status = 422 if form.is_bound else 200
    return render(request, "suppressions/remove.html", context, status=status)
