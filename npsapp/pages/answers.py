"""One act on many answers of the list: tags, and whether they count."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from npsapp.requests import StaffRequest, read_next, require_post_else
from npsapp.roles import Role, requires
from npsapp.tagging import writing_as
from npsapp.undo import offer_undo
from responses import bulk
from responses.access import get_answers_act
from responses.bulk import Chosen, Outcome
from responses.forms.bulk import AnswersForm, read_keys
from responses.forms.judging import ExclusionForm
from responses.forms.listing import ResponseListForm
from responses.reports.listing import count_effect
from responses.views.responses import draw_responses
from surveys.models import get_organisation


@requires(Role.AGENT)
@require_post_else("responses")
def responses_bulk(request: StaffRequest) -> HttpResponse:
    """Do something with what is ticked, or with all that the filter speaks of."""
    form, now = AnswersForm(request.POST), timezone.now()
    sent = QueryDict(request.POST.get("query", "")[:4_000])
    if not form.is_valid():
        return draw_responses(request, sent, bulk=form, status=422)
    asked, user = form.cleaned_data, request.user
    chosen = _choose(form, sent)
    if asked["act"] == "tag":
        write = writing_as(user, now=now)
        add, remove = asked["add"], asked["remove"]
        done = bulk.tag(chosen, add=add, remove=remove, write=write, user=user, now=now)
        return _tell(request, "tag", done, chosen, query=sent.urlencode())
    if not user.may(Role.MANAGER):
        raise PermissionDenied
    if asked["act"] == "restore":
        done = bulk.restore(chosen, user=user, now=now)
        return _tell(request, "restore", done, chosen, query=sent.urlencode())
    return _confirm(request, chosen, ExclusionForm(), query=sent.urlencode())


def _choose(form: AnswersForm, sent: QueryDict) -> Chosen:
    if not form.cleaned_data["all"]:
        return bulk.pick(form.list_picked())
    listing = ResponseListForm(sent, organisation=get_organisation(), now=timezone.now())
    if not listing.is_valid():
        return Chosen()
    rows = listing.find().in_selection(listing.selection())
    return bulk.pick_all(rows, seen=form.cleaned_data["seen"])


def _confirm(
    request: StaffRequest, chosen: Chosen, form: ExclusionForm, *, query: str, status: int = 200
) -> HttpResponse:
    """Ask for the reason, and say what the exclusion of these does."""
    context = {
        "form": form,
        "effect": count_effect(chosen.rows),
        "chosen": " ".join(str(row.pk) for row in chosen.rows),
        "matching": chosen.matching,
        "most": bulk.MOST,
        "query": query,
    }
    return render(request, "responses/exclude.html", context, status=status)


@requires(Role.MANAGER)
@require_post_else("responses")
def responses_exclude(request: StaffRequest) -> HttpResponse:
    """Take the answers that were confirmed out of the score, with a reason that everybody sees."""
    form, now = ExclusionForm(request.POST), timezone.now()
    query = QueryDict(request.POST.get("query", "")[:4_000]).urlencode()
    chosen = bulk.pick(read_keys(request.POST.get("chosen", "").split()))
    if not form.is_valid():
        return _confirm(request, chosen, form, query=query, status=422)
    done = bulk.exclude(chosen, reason=form.what(), user=request.user, now=now)
    return _tell(request, "exclude", done, chosen, query=query)


def _tell(
    request: StaffRequest, act: str, outcome: Outcome, chosen: Chosen, *, query: str
) -> HttpResponse:
    """Say in one message what was done and what was not, with the way back."""
    number = outcome.done
    done = {
        "tag": ngettext(
            "The tags of %(n)s answer are changed.",
            "The tags of %(n)s answers are changed.",
            number,
        ),
        "exclude": ngettext(
            "%(n)s answer no longer counts.", "%(n)s answers no longer count.", number
        ),
        "restore": ngettext("%(n)s answer counts again.", "%(n)s answers count again.", number),
    }[act]
    first = done % {"n": number} if number else _("Nothing was changed.")
    text = " ".join([first, *_say_rest(outcome, chosen)])
    # From the page of one answer it goes back there.
    is_of_list = "next" not in request.POST
    back = (
        f"{reverse('responses')}?{query}" if is_of_list else read_next(request, default="responses")
    )
    if outcome.act:
        offer_undo(request, text, url=reverse("responses_undo", args=[outcome.act.pk]), next=back)
    else:
        messages.warning(request, text)
    return redirect(back)


def _say_rest(outcome: Outcome, chosen: Chosen) -> list[str]:
    said = []
    if number := outcome.unchanged:
        text = ngettext("%(n)s was left as it is.", "%(n)s were left as they are.", number)
        said.append(text % {"n": number})
    if number := outcome.full:
        text = ngettext(
            "%(n)s has as many tags as there may be.",
            "%(n)s have as many tags as there may be.",
            number,
        )
        said.append(text % {"n": number})
    if chosen.matching > bulk.MOST:
        more = _("Of %(all)s that match only the first %(most)s were looked at.")
        said.append(more % {"all": chosen.matching, "most": bulk.MOST})
    return said


@requires(Role.AGENT)
@require_POST
def responses_undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take one's own act back, from those answers that nobody judged since."""
    now = timezone.now()
    act = get_answers_act(pk, user=request.user, now=now)
    if act.kind != bulk.Kind.TAG and not request.user.may(Role.MANAGER):
        raise PermissionDenied
    outcome = bulk.undo(act, write=writing_as(request.user, now=now), user=request.user, now=now)
    number = outcome.done
    text = ngettext("%(n)s answer is as it was.", "%(n)s answers are as they were.", number)
    said = " ".join([text % {"n": number}, *_say_rest(outcome, Chosen())])
    (messages.success if outcome.done else messages.warning)(request, said)
    return redirect(read_next(request, default="responses"))
