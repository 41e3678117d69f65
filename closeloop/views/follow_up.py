"""One follow-up, and everything that can be done with it."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from closeloop import assigning, closing, noting, replying
from closeloop.access import get_follow_up
from closeloop.changing import AlreadyDone, StaleVersion, WrongState
from closeloop.forms.acting import (
    AssignForm,
    CallForm,
    CloseForm,
    GestureForm,
    NoteForm,
    ReopenForm,
)
from closeloop.forms.base import VersionForm
from closeloop.models import FollowUp
from closeloop.views.acting import act_on
from closeloop.views.page import draw_follow_up, make_reply_form
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo


@requires(Role.AGENT)
@require_safe
def follow_up(request: StaffRequest, pk: int) -> HttpResponse:
    return draw_follow_up(request, get_follow_up(pk), now=timezone.now())


@requires(Role.AGENT)
@require_POST
def follow_up_own(request: StaffRequest, pk: int) -> HttpResponse:
    """Take it. Whoever comes second is told by whom it was taken."""
    chosen = get_follow_up(pk)
    form = VersionForm(request.POST, follow_up=chosen)
    if not form.is_valid():
        return redirect(chosen)
    version = form.cleaned_data["version"]
    try:
        taken = assigning.take(chosen, user=request.user, version=version, now=timezone.now())
    except AlreadyDone:
        pass
    except (StaleVersion, WrongState):
        _say_too_late(request, get_follow_up(pk))
    else:
        _say_assigned(request, _("This follow-up is yours now."), before=chosen, after=taken)
    return redirect(chosen)


def _say_assigned(request: StaffRequest, text: str, *, before: FollowUp, after: FollowUp) -> None:
    """With a button that gives it back to who had it."""
    if before.version == after.version:
        messages.success(request, text)
        return
    url = reverse("follow_up_unassign", args=[after.pk])
    offer_undo(request, text, url=url, version=after.version)


def _say_too_late(request: StaffRequest, now_is: FollowUp) -> None:
    if now_is.is_closed:
        text = _("This follow-up was closed just before you took it.")
    elif now_is.owner and now_is.owner != request.user:
        text = _("%(name)s took this follow-up just before you.") % {"name": now_is.owner}
    else:
        text = _("This follow-up changed just before you took it. Look again, then take it.")
    messages.warning(request, text)


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_assign(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = AssignForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        to = form.cleaned_data["to"]
        return assigning.assign(chosen, to=to, user=request.user, version=version, now=now)

    def tell(after: FollowUp) -> None:
        _say_assigned(request, _("The owner is changed."), before=chosen, after=after)

    return act_on(request, form, act, tell=tell)


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_unassign(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one's own change of owner back, as long as nothing happened since."""
    chosen = get_follow_up(pk)
    form = VersionForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return assigning.undo_assign(chosen, user=request.user, version=version, now=now)

    return act_on(request, form, act, done=_("The follow-up is as it was."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_note(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = NoteForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return noting.add_note(
            chosen,
            text=form.cleaned_data["text"],
            tell=form.cleaned_data["tell"],
            user=request.user,
            version=version,
            now=now,
        )

    return act_on(request, form, act, done=_("The note is added."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_call(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = CallForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return noting.log_call(
            chosen,
            outcome=form.cleaned_data["outcome"],
            text=form.cleaned_data["text"],
            user=request.user,
            version=version,
            now=now,
        )

    return act_on(request, form, act, done=_("The call is written down."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_gesture(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = GestureForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        what, cost = form.cleaned_data["what"], form.cleaned_data["cost"]
        return noting.give_gesture(
            chosen, what=what, cost=cost, user=request.user, version=version, now=now
        )

    return act_on(request, form, act, done=_("The gesture is written down."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_reply(request: StaffRequest, pk: int) -> HttpResponse:
    """Send a reply; with the button "Send and close", close too."""
    chosen = get_follow_up(pk)
    form = make_reply_form(chosen, user=request.user, data=request.POST)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return replying.send_reply(
            chosen,
            subject=form.cleaned_data["subject"],
            text=form.cleaned_data["text"],
            user=request.user,
            version=version,
            now=now,
            closing=form.what_came_of_it() if form.is_closing() else None,
        )

    closed = _("The reply is on its way and the follow-up is closed.")
    done = closed if form.is_closing() else _("The reply is on its way.")
    return act_on(request, form, act, done=done)


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_close(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = CloseForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        what = form.what_came_of_it()
        return closing.close(chosen, what, user=request.user, version=version, now=now)

    def tell(after: FollowUp) -> None:
        url = reverse("follow_up_unclose", args=[after.pk])
        offer_undo(request, _("The follow-up is closed."), url=url, version=after.version)

    return act_on(request, form, act, tell=tell)


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_unclose(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one's own closing back, as long as nothing happened since."""
    chosen = get_follow_up(pk)
    form = VersionForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return closing.undo_close(chosen, user=request.user, version=version, now=now)

    return act_on(request, form, act, done=_("The follow-up is open again, as it was."))


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_reopen(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = ReopenForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        text = form.cleaned_data["text"]
        return closing.reopen(chosen, text=text, user=request.user, version=version, now=now)

    return act_on(request, form, act, done=_("The follow-up is open again."))
