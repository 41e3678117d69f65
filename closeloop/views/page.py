"""The page of one follow-up, as it is drawn afresh and after something went wrong on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from closeloop.access import get_follow_up
from closeloop.clock import offer_moments
from closeloop.closing import needs_root_cause
from closeloop.drafting import find_drafts
from closeloop.forms.acting import (
    AssignForm,
    CallForm,
    CloseForm,
    GestureForm,
    NoteForm,
    ReopenForm,
    ReplyForm,
)
from closeloop.forms.base import ActingForm
from closeloop.forms.snoozing import SnoozeForm
from closeloop.forms.tagging import TagForm
from closeloop.models import Activity, Draft, FollowUp
from closeloop.replying import Draft as Beginning
from closeloop.replying import draft_reply, find_obstacle, find_recipient
from closeloop.reports.account import list_neighbours
from closeloop.reports.due import describe_due
from closeloop.reports.history import list_history
from closeloop.reports.queue import find_next
from closeloop.reports.timeline import build_timeline, describe_activity
from closeloop.spreading import with_news
from npsapp.models import User
from npsapp.requests import StaffRequest
from responses.models import Response
from surveys.properties import name_properties

PANELS = ("reply", "note", "call", "gesture", "snooze", "close", "reopen", "assign", "tag")


def draw_follow_up(
    request: StaffRequest,
    follow_up: FollowUp,
    *,
    now: dt.datetime,
    form: ActingForm | None = None,
    status: int = 200,
    meanwhile: list[Activity] | None = None,
    draft: Beginning | None = None,
    kept_typed: bool = False,
) -> HttpResponse:
    """Render the page; `form` is one that was sent in, and stands open with what it holds."""
    draft = draft or draft_reply(follow_up, user=request.user, template=request.GET.get("template"))
    draft = with_news(draft, follow_up, request.GET.get("improvement"))
    forms = _draw_forms(follow_up, draft, now=now)
    drafts = _fill_in_drafts(forms, draft, user=request.user)
    obstacle = find_obstacle(follow_up.response)
    panel = _choose_panel(request, can_reply=not (obstacle or follow_up.is_closed))
    if form:
        forms[form.name] = form
        # What was sent in holds more than what was kept while it was typed.
        drafts.pop(form.name, None)
        panel = form.name if form.name in PANELS else panel
    context = _tell_about(follow_up, user=request.user, now=now) | {
        "forms": forms,
        "failed": form,
        "panel": panel,
        "draft": draft,
        "drafts": drafts,
        "kept_typed": kept_typed,
        "obstacle": obstacle,
        "meanwhile": [describe_activity(activity) for activity in meanwhile or []],
    }
    return render(request, "closeloop/follow_up.html", context, status=status)


def _tell_about(follow_up: FollowUp, *, user: User, now: dt.datetime) -> dict[str, Any]:
    """What the page says whatever is done on it."""
    response = follow_up.response
    return {
        "follow_up": follow_up,
        "response": response,
        "contact": response.contact,
        "order": find_order(response),
        "recipient": find_recipient(response),
        "due": describe_due(follow_up, now=now),
        "timeline": build_timeline(follow_up),
        "history": list_history(follow_up),
        "neighbours": list_neighbours(response.contact),
        "properties": name_properties(response.properties),
        "next": find_next(follow_up, user=user, now=now),
        "is_asleep": follow_up.is_snoozed(now),
        "needs_root_cause": needs_root_cause(follow_up),
    }


def _draw_forms(
    follow_up: FollowUp, draft: Beginning, *, now: dt.datetime
) -> dict[str, ActingForm]:
    """Every form of the page, empty."""
    simple = (AssignForm, NoteForm, CallForm, GestureForm, CloseForm, ReopenForm, TagForm)
    forms: dict[str, ActingForm] = {
        form_class.name: form_class(follow_up=follow_up) for form_class in simple
    }
    forms["reply"] = _fill_reply_form(follow_up, draft)
    forms["snooze"] = make_snooze_form(follow_up, now=now)
    return forms


def _fill_in_drafts(
    forms: dict[str, ActingForm], draft: Beginning, *, user: User
) -> dict[str, Draft]:
    """Let the forms hold what the user began, and return that by the names of the forms."""
    drafts = find_drafts(forms["reply"].follow_up, user=user)
    if draft.template:
        # Somebody just asked for this text; what they had begun is kept until they type on.
        drafts.pop("reply", None)
    for kind, begun in drafts.items():
        forms[kind].initial.update(subject=begun.subject, text=begun.text)
    return drafts


def find_order(response: Response) -> str:
    """The order it is about; an imported answer names it itself."""
    invitation = response.invitation
    return response.occasion or (invitation.occasion if invitation else "")


def _choose_panel(request: StaffRequest, *, can_reply: bool) -> str:
    """Which act stands open: what the address asks for, else what comes first."""
    asked = request.GET.get("act", "")
    return asked if asked in PANELS else "reply" if can_reply else "call"


def make_snooze_form(
    follow_up: FollowUp, *, now: dt.datetime, data: QueryDict | None = None
) -> SnoozeForm:
    return SnoozeForm(data, follow_up=follow_up, moments=offer_moments(follow_up, now=now))


def make_reply_form(follow_up: FollowUp, *, user: User, data: QueryDict | None = None) -> ReplyForm:
    return _fill_reply_form(follow_up, draft_reply(follow_up, user=user), data)


def _fill_reply_form(
    follow_up: FollowUp, draft: Beginning, data: QueryDict | None = None
) -> ReplyForm:
    initial = {"subject": draft.subject, "text": draft.text}
    return ReplyForm(data, follow_up=follow_up, initial=initial)


def draw_collision(
    request: StaffRequest, form: ActingForm, *, seen: int, now: dt.datetime
) -> HttpResponse:
    """Show what others did since `seen`, with what was typed still in its form: 409.

    The form now carries the new version, so sending it once more says: I have seen it.
    """
    follow_up = get_follow_up(form.follow_up.pk)
    data = request.POST.copy()
    data["version"] = str(follow_up.version)
    if isinstance(form, ReplyForm):
        again: ActingForm = make_reply_form(follow_up, user=request.user, data=data)
    elif isinstance(form, SnoozeForm):
        again = make_snooze_form(follow_up, now=now, data=data)
    else:
        again = type(form)(data, follow_up=follow_up)
    since = follow_up.activities.after(seen).select_related("actor", "mail")
    return draw_follow_up(
        request, follow_up, now=now, form=again, status=409, meanwhile=list(since)
    )
