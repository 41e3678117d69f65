"""One act on many rows of the queue, and what was said about it afterwards."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from closeloop import bulk
from closeloop.access import get_bulk_act
from closeloop.bulk import Chosen, Outcome
from closeloop.forms.bulk import BulkForm
from closeloop.forms.filtering import FilterForm
from closeloop.forms.improving import ChosenForm
from closeloop.models import FollowUp
from closeloop.notifying import name_person
from closeloop.reports.queue import View
from closeloop.views.queue import draw_queue, find_chosen
from npsapp.models import User
from npsapp.requests import StaffRequest, read_next, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo

MOST_NAMED = 5


@requires(Role.AGENT)
@require_post_else("follow_ups")
def follow_ups_bulk(request: StaffRequest) -> HttpResponse:
    """Do something with what is ticked, or with all that the filter speaks of."""
    now = timezone.now()
    form = BulkForm(request.POST)
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    if not form.is_valid():
        return draw_queue(request, sent, now=now, bulk=form, status=422)
    if form.cleaned_data["all"]:
        filters = FilterForm(sent, user=request.user)
        found = find_chosen(View.read(sent.get("view")), filters, now=now)
        chosen = bulk.pick_all(found, seen=form.cleaned_data["seen"])
    else:
        chosen = bulk.pick(form.list_picked())
    is_closing = form.cleaned_data["act"] == "close"
    if is_closing and bulk.has_detractor(chosen) and not form.demand_root_cause():
        return draw_queue(request, sent, now=now, bulk=form, status=422)
    if form.cleaned_data["act"] == "gather":
        return _gather(request, chosen)
    outcome = _act(form, chosen, user=request.user, now=now)
    _tell(request, form.cleaned_data["act"], outcome, chosen, back=sent)
    return redirect(f"{reverse('follow_ups')}?{sent.urlencode()}")


def _gather(request: StaffRequest, chosen: Chosen) -> HttpResponse:
    """Go to where follow-ups are put behind an improvement, with these."""
    pks = [follow_up.pk for follow_up, _version in chosen.rows]
    if chosen.matching > ChosenForm.MOST:
        more = _("Of %(all)s that match only the first %(most)s were looked at.")
        messages.warning(request, more % {"all": chosen.matching, "most": ChosenForm.MOST})
    query = urlencode({"follow_up": pks[: ChosenForm.MOST]}, doseq=True)
    return redirect(f"{reverse('improvement_gather')}?{query}")


def _act(form: BulkForm, chosen: Chosen, *, user: User, now: dt.datetime) -> Outcome:
    asked = form.cleaned_data
    match asked["act"]:
        case "own":
            return bulk.assign(chosen, to=user, user=user, now=now)
        case "assign":
            return bulk.assign(chosen, to=asked["to"], user=user, now=now)
        case "tag":
            return bulk.tag(chosen, add=asked["add"], remove=asked["remove"], user=user, now=now)
        case "snooze":
            until = form.find_moment(user, now=now)
            return bulk.snooze(chosen, until=until, user=user, now=now)
    return bulk.close(chosen, form.what_came_of_it(), user=user, now=now)


def _tell(
    request: StaffRequest, act: str, outcome: Outcome, chosen: Chosen, *, back: QueryDict
) -> None:
    """Say in one message what was done and what was not, with the way back."""
    number = len(outcome.done)
    done = {
        "own": ngettext("%(n)s follow-up is yours now.", "%(n)s follow-ups are yours now.", number),
        "assign": ngettext(
            "%(n)s follow-up has another owner now.",
            "%(n)s follow-ups have another owner now.",
            number,
        ),
        "tag": ngettext(
            "The tags of %(n)s follow-up are changed.",
            "The tags of %(n)s follow-ups are changed.",
            number,
        ),
        "snooze": ngettext("%(n)s follow-up sleeps now.", "%(n)s follow-ups sleep now.", number),
        "close": ngettext("%(n)s follow-up is closed.", "%(n)s follow-ups are closed.", number),
    }[act]
    text = " ".join([done % {"n": number}, *_say_rest(outcome)])
    if chosen.matching > bulk.MOST:
        more = _("Of %(all)s that match only the first %(most)s were looked at.")
        text += " " + more % {"all": chosen.matching, "most": bulk.MOST}
    if outcome.act:
        url = reverse("follow_ups_undo", args=[outcome.act.pk])
        offer_undo(request, text, url=url, next=f"{reverse('follow_ups')}?{back.urlencode()}")
    else:
        messages.warning(request, text)


def _say_rest(outcome: Outcome) -> list[str]:
    said = []
    if number := outcome.unchanged:
        text = ngettext("%(n)s was so already.", "%(n)s were so already.", number)
        said.append(text % {"n": number})
    if number := len(outcome.changed):
        text = ngettext(
            "%(n)s was left as it is, because it changed meanwhile: %(names)s.",
            "%(n)s were left as they are, because they changed meanwhile: %(names)s.",
            number,
        )
        said.append(text % {"n": number, "names": _name(outcome.changed)})
    if number := len(outcome.full):
        text = ngettext(
            "%(n)s has as many tags as there may be: %(names)s.",
            "%(n)s have as many tags as there may be: %(names)s.",
            number,
        )
        said.append(text % {"n": number, "names": _name(outcome.full)})
    return said


def _name(follow_ups: list[FollowUp]) -> str:
    names = [f"{name_person(each)} ({each.response.score})" for each in follow_ups[:MOST_NAMED]]
    more = len(follow_ups) - MOST_NAMED
    if more > 0:
        names.append(_("and %(n)s more") % {"n": more})
    return ", ".join(names)


@requires(Role.AGENT)
@require_POST
def follow_ups_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one's own act back, from those rows that nothing happened to since."""
    now = timezone.now()
    outcome = bulk.undo(get_bulk_act(pk, user=request.user, now=now), user=request.user, now=now)
    number = len(outcome.done)
    text = ngettext("%(n)s follow-up is as it was.", "%(n)s follow-ups are as they were.", number)
    said = " ".join([text % {"n": number}, *_say_rest(outcome)])
    (messages.success if outcome.done else messages.warning)(request, said)
    return redirect(read_next(request, default="follow_ups"))


@requires(Role.AGENT)
@require_POST
def queue_shortcuts(request: StaffRequest) -> HttpResponse:
    """Turn the keys of the queue on or off for oneself."""
    request.user.shortcuts = request.POST.get("shortcuts") == "on"
    request.user.save(update_fields=["shortcuts"])
    on, off = _("The keyboard shortcuts are on."), _("The keyboard shortcuts are off.")
    messages.success(request, on if request.user.shortcuts else off)
    return redirect(read_next(request, default="follow_ups"))
