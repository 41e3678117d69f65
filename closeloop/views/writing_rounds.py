"""Thanking promoters, or writing to any category, one person after the other."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from closeloop.access import get_follow_up, get_writing_round
from closeloop.changing import AlreadyDone, StaleVersion, WrongState
from closeloop.closing import needs_root_cause
from closeloop.drafting import find_drafts
from closeloop.forms.acting import ReplyForm
from closeloop.forms.desk import DraftForm
from closeloop.forms.letters import RoundForm
from closeloop.models import Draft, FollowUp, RoundItem, WritingRound
from closeloop.notifying import name_person
from closeloop.replying import CannotReply
from closeloop.views.page import make_reply_form
from closeloop.writing import (
    count_candidates,
    draft_for,
    find_candidates,
    find_current,
    keep_words,
    list_unfinished,
    measure,
    send_item,
    settle_item,
    start_round,
)
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.models import Category
from surveys.sending.queueing import NoSender


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def writing_rounds(request: StaffRequest) -> HttpResponse:
    """Whom to write to; and the rounds that one has not finished."""
    now = timezone.now()
    category = _read_category(request.GET.get("category"))
    counts = count_candidates(category, user=request.user, now=now)
    data = request.POST if request.method == "POST" else None
    form = RoundForm(data, category=category, counts=counts)
    if form.is_bound and form.is_valid():
        owners = form.cleaned_data["owners"]
        started = start_round(
            find_candidates(category, owners=owners, user=request.user, now=now),
            category=category,
            templates=form.cleaned_data["templates"],
            user=request.user,
            now=now,
        )
        if started:
            return redirect(started)
        form.add_error("owners", _("There is nobody to write to among these."))
    context = {
        "form": form,
        "category": category,
        "categories": Category,
        "counts": counts,
        "unfinished": list_unfinished(request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "closeloop/letters/rounds.html", context, status=status)


def _read_category(text: str | None) -> str:
    return text if text in Category.values else Category.PROMOTER.value


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def writing_round(request: StaffRequest, pk: int) -> HttpResponse:
    """The person whose turn it is, and what becomes of the mail to them."""
    chosen = get_writing_round(pk, request.user)
    if request.method != "POST":
        return _draw(request, chosen, find_current(chosen))
    item = chosen.items.filter(pk=_read_number(request.POST.get("item"))).first()
    if item is None:
        return redirect(chosen)
    if request.POST.get("then") in {"skip", "stop"}:
        return _leave(request, chosen, item, now=timezone.now())
    return _send(request, chosen, item, now=timezone.now())


def _leave(
    request: StaffRequest, chosen: WritingRound, item: RoundItem, *, now: dt.datetime
) -> HttpResponse:
    """Go on to the next one, or out of the round; what was typed stays as a draft."""
    follow_up = get_follow_up(item.follow_up_id)
    if not _keep(request, item, follow_up, now=now):
        form = _make_form(request, item, follow_up)
        return _draw(request, chosen, item, form=form, status=422)
    if request.POST["then"] == "stop":
        return redirect("writing_rounds")
    settle_item(item, RoundItem.State.SKIPPED)
    return redirect(chosen)


def _keep(request: StaffRequest, item: RoundItem, follow_up: FollowUp, *, now: dt.datetime) -> bool:
    """Keep what was typed and say so; False when it is longer than a mail may be."""
    if "text" not in request.POST:
        return True
    data = request.POST.copy()
    data["kind"] = Draft.Kind.REPLY
    form = DraftForm(data, follow_up=follow_up)
    if not form.is_valid():
        return False
    draft = keep_words(
        item,
        follow_up,
        subject=form.cleaned_data["subject"],
        text=form.cleaned_data["text"],
        version=form.cleaned_data["version"],
        user=request.user,
        now=now,
    )
    if draft:
        said = _("What you typed for %(name)s is kept as a draft.")
        messages.info(request, said % {"name": name_person(follow_up)})
    return True


def _read_number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _send(
    request: StaffRequest, chosen: WritingRound, item: RoundItem, *, now: dt.datetime
) -> HttpResponse:
    follow_up = get_follow_up(item.follow_up_id)
    form = _make_form(request, item, follow_up)
    if not form.is_valid():
        return _draw(request, chosen, item, form=form, status=422)
    try:
        send_item(
            item,
            subject=form.cleaned_data["subject"],
            text=form.cleaned_data["text"],
            user=request.user,
            version=form.cleaned_data["version"],
            now=now,
            closing=form.what_came_of_it() if form.is_closing() else None,
        )
    except (AlreadyDone, WrongState):
        messages.info(request, _("A mail or a colleague was there first; nothing was sent twice."))
        _keep(request, item, follow_up, now=now)
    except StaleVersion:
        return _draw_changed(request, chosen, item, now=now)
    except (CannotReply, NoSender):
        form.add_error(None, _("No mail can leave for this person now."))
        return _draw(request, chosen, item, form=form, status=422)
    return redirect(chosen)


def _make_form(request: StaffRequest, item: RoundItem, follow_up: FollowUp) -> ReplyForm:
    if request.method == "POST":
        # What counts as an empty reply is a greeting alone; a template as it stands may leave.
        return make_reply_form(follow_up, user=request.user, data=request.POST)
    draft = draft_for(item, follow_up, user=request.user)
    # What somebody began before goes before what the round proposes.
    begun = find_drafts(follow_up, user=request.user).get("reply") or draft
    initial = {"subject": begun.subject, "text": begun.text, "outcome": _usual_outcome(follow_up)}
    return ReplyForm(follow_up=follow_up, initial=initial)


def _usual_outcome(follow_up: FollowUp) -> str:
    is_promoter = follow_up.response.category == Category.PROMOTER
    return FollowUp.Outcome.THANKED.value if is_promoter else ""


def _draw_changed(
    request: StaffRequest, chosen: WritingRound, item: RoundItem, *, now: dt.datetime
) -> HttpResponse:
    """Somebody did something meanwhile: show it again as it is now, with what was typed."""
    follow_up = get_follow_up(item.follow_up_id)
    if follow_up.is_closed or not follow_up.awaiting_contact:
        messages.info(request, _("A colleague was there first; nothing was sent."))
        _keep(request, item, follow_up, now=now)
        return redirect(chosen)
    data = request.POST.copy()
    data["version"] = str(follow_up.version)
    form = make_reply_form(follow_up, user=request.user, data=data)
    return _draw(request, chosen, item, form=form, status=409)


def _draw(
    request: StaffRequest,
    chosen: WritingRound,
    item: RoundItem | None,
    *,
    form: ReplyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"round": chosen, "progress": measure(chosen), "item": item, "changed": status == 409}
    if item is None:
        context["skipped"] = chosen.items.filter(state=RoundItem.State.SKIPPED).select_related(
            "follow_up__response__contact"
        )
        return render(request, "closeloop/letters/round_done.html", context)
    follow_up = get_follow_up(item.follow_up_id)
    context |= {
        "follow_up": follow_up,
        "response": follow_up.response,
        "contact": follow_up.response.contact,
        "form": form or _make_form(request, item, follow_up),
        "draft": draft_for(item, follow_up, user=request.user),
        # What was sent in holds more than what was kept while it was typed.
        "kept": None if form else find_drafts(follow_up, user=request.user).get("reply"),
        "needs_root_cause": needs_root_cause(follow_up),
    }
    return render(request, "closeloop/letters/round.html", context, status=status)
