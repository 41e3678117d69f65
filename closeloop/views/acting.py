"""What every button on a follow-up comes down to: act, and say what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.changing import AlreadyDone, StaleVersion, WrongState
from closeloop.drafting import discard_draft
from closeloop.forms.base import ActingForm
from closeloop.models import FollowUp
from closeloop.replying import CannotReply
from closeloop.snoozing import BadMoment
from closeloop.ticking import NoSuchStep
from closeloop.views.page import draw_collision, draw_follow_up
from npsapp.requests import StaffRequest
from responses.tagging import TagTooLong, TooManyTags
from surveys.sending.queueing import NoSender

Act = Callable[[int, dt.datetime], FollowUp]
Tell = Callable[[FollowUp], None]
# What an act may refuse although the form is filled in well.
REFUSALS: dict[type[Exception], object] = {
    CannotReply: gettext_lazy("No mail can leave for this person."),
    NoSender: gettext_lazy("There is no sender for replies yet. An admin adds it in Settings."),
    BadMoment: gettext_lazy("Choose a moment from now on, and within 90 days."),
    TooManyTags: gettext_lazy("An answer has eight tags at most."),
    NoSuchStep: gettext_lazy("The recipe changed meanwhile: look at its steps again."),
    TagTooLong: gettext_lazy("A tag has 40 characters at most."),
}
WHY_NOT: tuple[type[Exception], ...] = (StaleVersion, WrongState, *REFUSALS)


def act_on(
    request: StaffRequest,
    form: ActingForm,
    act: Act,
    *,
    done: str = "",
    tell: Tell | None = None,
    place: str = "",
) -> HttpResponse:
    """Do what a form asks for, or show the page again with the form and why not.

    Afterwards `tell` says so, or the words of `done`, on the page at `place`.
    """
    now = timezone.now()
    if not form.is_valid():
        return draw_follow_up(request, form.follow_up, now=now, form=form, status=422)
    try:
        after = act(form.cleaned_data["version"], now)
    except AlreadyDone:
        messages.info(request, _("That was saved already; it was not done twice."))
    except WHY_NOT as why:
        return _say_why_not(request, form, why, now=now)
    else:
        tell(after) if tell else messages.success(request, done)
    # What was begun has been sent; another kind of act leaves it for later.
    discard_draft(form.follow_up, form.name, user=request.user)
    return redirect(f"{form.follow_up.get_absolute_url()}{place and f'#{place}'}")


def _say_why_not(
    request: StaffRequest, form: ActingForm, why: Exception, *, now: dt.datetime
) -> HttpResponse:
    match why:
        case StaleVersion():
            return draw_collision(request, form, seen=form.cleaned_data["version"], now=now)
        case WrongState():
            messages.warning(request, _("That is not possible in the state the follow-up is in."))
            return redirect(form.follow_up)
    form.add_error(None, str(REFUSALS[type(why)]))
    return draw_follow_up(request, form.follow_up, now=now, form=form, status=422)
