"""The senders of the organisation's mail: who they are, how fast they go, what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_sender
from surveys.forms.settings import SenderForm
from surveys.models import Sender, get_organisation
from surveys.sending.standing import KINDS, apply_limits, describe_standing, find_mail

PAGE_LENGTH = 50


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def sender_new(request: StaffRequest) -> HttpResponse:
    organisation = get_organisation()
    lane = request.GET.get("lane", "")
    suggested = {
        "from_name": organisation.name,
        "lane": lane if lane in Sender.Lane.values else Sender.Lane.BULK,
    }
    return _edit_sender(request, Sender(), suggested)


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def sender(request: StaffRequest, pk: int) -> HttpResponse:
    return _edit_sender(request, get_sender(pk), {})


@requires(Role.ADMIN)
@require_safe
def sender_mail(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    """The rows behind a number on a sender's page."""
    if kind not in KINDS:
        raise Http404
    subject = get_sender(pk)
    found = find_mail(subject, kind, now=timezone.now())
    page = Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {
        "sender": subject,
        "kind": kind,
        "page": page,
        "is_bulk": subject.lane == Sender.Lane.BULK,
    }
    return render(request, "settings/sender_mail.html", context)


def _edit_sender(request: StaffRequest, subject: Sender, suggested: dict[str, str]) -> HttpResponse:
    is_new = subject.pk is None
    form = SenderForm(
        request.POST if request.method == "POST" else None, instance=subject, initial=suggested
    )
    if form.is_bound and form.is_valid():
        saved = form.save(commit=False)
        # Only what stands in the form: the engine writes the rest of the row all the time.
        saved.save(update_fields=None if is_new else list(form.fields))
        apply_limits(saved, set(form.changed_data), now=timezone.now())
        messages.success(request, _("The sender is saved."))
        return redirect("settings")
    # The form writes what was typed onto its own copy, also when it is refused.
    kept = None if is_new else get_sender(subject.pk)
    standing = None if kept is None else describe_standing(kept, now=timezone.now())
    context = {"form": form, "sender": kept, "standing": standing}
    status = 422 if form.is_bound else 200
    return render(request, "settings/sender.html", context, status=status)
