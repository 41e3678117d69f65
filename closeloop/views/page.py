"""The page of one follow-up, as it is drawn afresh and after something went wrong on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from closeloop.access import get_follow_up
from closeloop.closing import needs_root_cause
from closeloop.forms.acting import (
    ActingForm,
    AssignForm,
    CallForm,
    CloseForm,
    NoteForm,
    ReopenForm,
    ReplyForm,
)
from closeloop.models import Activity, FollowUp
from closeloop.replying import Draft, draft_reply, find_obstacle, find_recipient
from closeloop.reports.due import describe_due
from closeloop.reports.history import list_history
from closeloop.reports.queue import find_next
from closeloop.reports.timeline import build_timeline, describe_activity
from npsapp.models import User
from npsapp.requests import StaffRequest
from surveys.properties import name_properties


def draw_follow_up(
    request: StaffRequest,
    follow_up: FollowUp,
    *,
    now: dt.datetime,
    form: ActingForm | None = None,
    status: int = 200,
    meanwhile: list[Activity] | None = None,
) -> HttpResponse:
    """Render the page; `form` is one that was sent in, and stands open with what it holds."""
    draft = draft_reply(follow_up, user=request.user)
    forms: dict[str, ActingForm] = {
        form_class.name: form_class(follow_up=follow_up)
        for form_class in (AssignForm, NoteForm, CallForm, CloseForm, ReopenForm)
    }
    forms["reply"] = _fill_reply_form(follow_up, draft)
    obstacle = find_obstacle(follow_up.response)
    panel = "call" if obstacle or follow_up.is_closed else "reply"
    if form:
        forms[form.name] = form
        panel = form.name
    context: dict[str, Any] = {
        "follow_up": follow_up,
        "response": follow_up.response,
        "contact": follow_up.response.contact,
        "recipient": find_recipient(follow_up.response),
        "due": describe_due(follow_up, now=now),
        "timeline": build_timeline(follow_up),
        "history": list_history(follow_up),
        "properties": name_properties(follow_up.response.properties),
        "next": find_next(follow_up, user=request.user, now=now),
        "forms": forms,
        "failed": form,
        "panel": panel,
        "draft": draft,
        "obstacle": obstacle,
        "needs_root_cause": needs_root_cause(follow_up),
        "meanwhile": [describe_activity(activity) for activity in meanwhile or []],
    }
    return render(request, "closeloop/follow_up.html", context, status=status)


def make_reply_form(follow_up: FollowUp, *, user: User, data: QueryDict | None = None) -> ReplyForm:
    return _fill_reply_form(follow_up, draft_reply(follow_up, user=user), data)


def _fill_reply_form(follow_up: FollowUp, draft: Draft, data: QueryDict | None = None) -> ReplyForm:
    initial = {"subject": draft.subject, "text": draft.text}
    return ReplyForm(data, follow_up=follow_up, initial=initial)


def draw_collision(
    request: StaffRequest, form: ActingForm, *, seen: int, now: dt.datetime
) -> HttpResponse:
    """Show what others did since `seen`, with what was typed still in its form: 409.

    The form now carries the new version, so sending it once more says: I have seen it.
    """
    follow_up = get_follow_up(form.follow_up.pk)
    data = QueryDict(mutable=True)
    data.update(request.POST)
    data["version"] = str(follow_up.version)
    if isinstance(form, ReplyForm):
        again: ActingForm = make_reply_form(follow_up, user=request.user, data=data)
    else:
        again = type(form)(data, follow_up=follow_up)
    since = follow_up.activities.after(seen).select_related("actor", "mail")
    return draw_follow_up(
        request, follow_up, now=now, form=again, status=409, meanwhile=list(since)
    )
