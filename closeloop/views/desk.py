"""What the page of a follow-up hands in by itself: drafts, and that somebody is there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from closeloop.access import get_follow_up
from closeloop.drafting import discard_draft, save_draft
from closeloop.forms.desk import DiscardForm, DraftForm, PresenceForm
from closeloop.presence import note_presence
from npsapp.requests import StaffRequest, read_next, require_post_else
from npsapp.roles import Role, requires


@requires(Role.AGENT)
@require_POST
def follow_up_draft(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep what is being typed; answers with the line that says so."""
    follow_up = get_follow_up(pk)
    form = DraftForm(request.POST, follow_up=follow_up)
    if not form.is_valid():
        # Too long, for example: the page says so when the form itself is sent.
        return HttpResponse(status=422)
    draft = save_draft(
        follow_up,
        form.cleaned_data["kind"],
        subject=form.cleaned_data["subject"],
        text=form.cleaned_data["text"],
        version=form.cleaned_data["version"],
        user=request.user,
        now=timezone.now(),
    )
    return render(request, "closeloop/draft.html", {"follow_up": follow_up, "draft": draft})


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_draft_discard(request: StaffRequest, pk: int) -> HttpResponse:
    follow_up = get_follow_up(pk)
    form = DiscardForm(request.POST)
    if form.is_valid():
        discard_draft(follow_up, form.cleaned_data["kind"], user=request.user)
        messages.success(request, _("The draft is thrown away."))
    if "next" in request.POST:
        return redirect(read_next(request, default="follow_ups"))
    return redirect(follow_up)


@requires(Role.AGENT)
@require_POST
def follow_up_presence(request: StaffRequest, pk: int) -> HttpResponse:
    """Say that somebody is here; answers with who else is, and whether the page is still true."""
    follow_up = get_follow_up(pk)
    form = PresenceForm(request.POST, follow_up=follow_up)
    if not form.is_valid():
        return HttpResponse(status=422)
    others = note_presence(
        follow_up,
        user=request.user,
        is_writing=form.cleaned_data["is_writing"],
        now=timezone.now(),
    )
    since = follow_up.activities.after(form.cleaned_data["version"]).select_related("actor")
    # The first act that this reader has not seen; everything after it is on the page it links to.
    context = {"follow_up": follow_up, "others": others, "unseen": since.first()}
    return render(request, "closeloop/presence.html", context)
