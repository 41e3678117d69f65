"""One follow-up, and everything that can be done with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

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
    ActingForm,
    AssignForm,
    CallForm,
    CloseForm,
    NoteForm,
    ReopenForm,
    VersionForm,
)
from closeloop.models import FollowUp
from closeloop.views.page import draw_collision, draw_follow_up, make_reply_form
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from surveys.sending.queueing import NoSender

Act = Callable[[int, dt.datetime], FollowUp]
Tell = Callable[[FollowUp], None]


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
    url = reverse("follow_up_assign", args=[after.pk])
    offer_undo(request, text, url=url, version=after.version, to=before.owner_id or "")


def _say_too_late(request: StaffRequest, now_is: FollowUp) -> None:
    if now_is.is_closed:
        text = _("This follow-up was closed just before you took it.")
    elif now_is.owner and now_is.owner != request.user:
        text = _("%(name)s took this follow-up just before you.") % {"name": now_is.owner}
    else:
        text = _("This follow-up changed just before you took it. Look again, then take it.")
    messages.warning(request, text)


@requires(Role.AGENT)
@require_POST
def follow_up_assign(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = AssignForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        to = form.cleaned_data["to"]
        return assigning.assign(chosen, to=to, user=request.user, version=version, now=now)

    def tell(after: FollowUp) -> None:
        _say_assigned(request, _("The owner is changed."), before=chosen, after=after)

    return _act(request, form, act, tell=tell)


@requires(Role.AGENT)
@require_POST
def follow_up_note(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = NoteForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        text = form.cleaned_data["text"]
        return noting.add_note(chosen, text=text, user=request.user, version=version, now=now)

    return _act(request, form, act, done=_("The note is added."))


@requires(Role.AGENT)
@require_POST
def follow_up_call(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = CallForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return noting.log_call(
            chosen,
            reached=form.cleaned_data["reached"],
            text=form.cleaned_data["text"],
            user=request.user,
            version=version,
            now=now,
        )

    return _act(request, form, act, done=_("The call is written down."))


@requires(Role.AGENT)
@require_POST
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
    return _act(request, form, act, done=done)


@requires(Role.AGENT)
@require_POST
def follow_up_close(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = CloseForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        what = form.what_came_of_it()
        return closing.close(chosen, what, user=request.user, version=version, now=now)

    def tell(after: FollowUp) -> None:
        url = reverse("follow_up_unclose", args=[after.pk])
        offer_undo(request, _("The follow-up is closed."), url=url, version=after.version)

    return _act(request, form, act, tell=tell)


@requires(Role.AGENT)
@require_POST
def follow_up_unclose(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one's own closing back, as long as nothing happened since."""
    chosen = get_follow_up(pk)
    form = VersionForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        return closing.undo_close(chosen, user=request.user, version=version, now=now)

    return _act(request, form, act, done=_("The follow-up is open again, as it was."))


@requires(Role.AGENT)
@require_POST
def follow_up_reopen(request: StaffRequest, pk: int) -> HttpResponse:
    chosen = get_follow_up(pk)
    form = ReopenForm(request.POST, follow_up=chosen)

    def act(version: int, now: dt.datetime) -> FollowUp:
        text = form.cleaned_data["text"]
        return closing.reopen(chosen, text=text, user=request.user, version=version, now=now)

    return _act(request, form, act, done=_("The follow-up is open again."))


def _act(
    request: StaffRequest, form: ActingForm, act: Act, *, done: str = "", tell: Tell | None = None
) -> HttpResponse:
    """Do what a form asks for, or show the page again with the form and why not.

    Afterwards `tell` says so, or the words of `done`.
    """
    now = timezone.now()
    if not form.is_valid():
        return draw_follow_up(request, form.follow_up, now=now, form=form, status=422)
    seen = form.cleaned_data["version"]
    try:
        after = act(seen, now)
    except AlreadyDone:
        messages.info(request, _("That was saved already; it was not done twice."))
    except StaleVersion:
        return draw_collision(request, form, seen=seen, now=now)
    except WrongState:
        messages.warning(request, _("That is not possible in the state the follow-up is in."))
    except replying.CannotReply:
        form.add_error(None, _("No mail can leave for this person."))
        return draw_follow_up(request, form.follow_up, now=now, form=form, status=422)
    except NoSender:
        form.add_error(None, _("There is no sender for replies yet. An admin adds it in Settings."))
        return draw_follow_up(request, form.follow_up, now=now, form=form, status=422)
    else:
        tell(after) if tell else messages.success(request, done)
    return redirect(form.follow_up)
