"""The pages a customer answers on. Nothing but a POST ever writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from npsapp.roles import public
from responses.automatic import judge
from responses.forms.answer import AnswerForm, CommentForm
from responses.models import Response
from responses.recording import Closed, record_comment, record_response
from responses.stamps import read_stamp
from responses.views.drawing import show_closed, show_question, show_thanks
from surveys import links
from surveys.models import Invitation, Survey
from surveys.respondent import Visit, find_campaign, find_invitation
from surveys.views.guarding import refuse_flood, refuse_other_sites, respondent_page

# The thank-you page stays this long even where an answer can never be changed.
THANKS_SHOWN = dt.timedelta(hours=1)


@public
@csrf_exempt
@respondent_page
@refuse_other_sites
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The question. `?score=9` only chooses a 9; `?change` shows the answer that was given."""
    now = timezone.now()
    invitation = find_invitation(links.ANSWER, token, "response")
    visit = Visit(request, invitation.campaign.survey, invitation.contact)
    given = get_response(invitation)
    if given and not given.is_changeable(now):
        return show_closed(visit)
    if request.method == "POST":
        if too_many := refuse_flood(visit, invitation, now=now):
            return too_many
        form = AnswerForm(request.POST, visit=visit)
        if form.is_valid():
            try:
                record_response(
                    invitation,
                    score=form.cleaned_data["score"],
                    comment=form.cleaned_data["comment"],
                    language=visit.language,
                    now=now,
                    automatic_reason=judge_post(form, invitation, now=now),
                )
            except Closed:
                return show_closed(visit)
            return HttpResponseRedirect(reverse("answer_done", args=[token]) + visit.language_query)
        return show_question(visit, form, invitation, given, now=now, status=422)
    # A scanner's answer is not shown to the person, unless they say that it is theirs.
    if given and given.status == Response.Status.PROVISIONAL and "change" not in request.GET:
        given = None
    form = AnswerForm(visit=visit, initial=choose_initial(request, visit.survey, given))
    return show_question(visit, form, invitation, given, now=now)


@public
@csrf_exempt
@respondent_page
@refuse_other_sites
@require_http_methods(["GET", "HEAD", "POST"])
def answer_done(request: HttpRequest, token: str) -> HttpResponse:
    """Thank you: what we received, what happens next, and room for a word more."""
    now = timezone.now()
    invitation = find_invitation(links.ANSWER, token, "response")
    visit = Visit(request, invitation.campaign.survey, invitation.contact)
    given = get_response(invitation)
    if given is None:
        return HttpResponseRedirect(reverse("answer", args=[token]) + visit.language_query)
    if not given.is_changeable(now) and now - given.last_written_at > THANKS_SHOWN:
        return show_closed(visit)
    if request.method == "POST":
        if too_many := refuse_flood(visit, invitation, now=now):
            return too_many
        form = CommentForm(request.POST, visit=visit)
        if form.is_valid():
            try:
                record_comment(
                    invitation,
                    comment=form.cleaned_data["comment"],
                    now=now,
                    automatic_reason=judge_post(form, invitation, now=now),
                    # Silence is no wish to be contacted: a box that is cleared says nothing.
                    may_contact=False if form.cleaned_data["no_contact"] else None,
                )
            except Closed:
                return show_closed(visit)
            return HttpResponseRedirect(request.path + visit.language_query)
        return show_thanks(visit, form, invitation, given, now=now, status=422)
    form = CommentForm(visit=visit, initial={"no_contact": given.may_contact is False})
    return show_thanks(visit, form, invitation, given, now=now)


@public
@csrf_exempt
@respondent_page
@refuse_other_sites
@require_http_methods(["GET", "HEAD", "POST"])
def answer_preview(request: HttpRequest, token: str) -> HttpResponse:
    """The question before a campaign: marked as a preview, and nothing is kept."""
    now = timezone.now()
    survey = find_campaign(links.PREVIEW, token).survey
    visit = Visit(request, survey, None)
    if request.method == "POST":
        form = AnswerForm(request.POST, visit=visit)
        if not form.is_valid():
            return show_question(visit, form, None, None, now=now, status=422)
        shown = Response(
            survey=survey,
            score=form.cleaned_data["score"],
            comment=form.cleaned_data["comment"],
            answered_at=now,
        )
        return show_thanks(visit, CommentForm(visit=visit), None, shown, now=now)
    form = AnswerForm(visit=visit, initial=choose_initial(request, survey, None))
    return show_question(visit, form, None, None, now=now)


def get_response(invitation: Invitation) -> Response | None:
    """Return the answer that was read along with the invitation, without asking again."""
    response: Response | None = getattr(invitation, "response", None)
    if response:
        response.survey = invitation.campaign.survey
    return response


def choose_initial(request: HttpRequest, survey: Survey, given: Response | None) -> dict[str, Any]:
    """What stands in the form: the answer given, and above it the number clicked in the mail."""
    initial: dict[str, Any] = {}
    if given:
        initial = {"score": given.score, "comment": given.comment}
    numbers = {str(number): number for number in survey.scores}
    if (clicked := numbers.get(request.GET.get("score", ""))) is not None:
        initial["score"] = clicked
    return initial


def judge_post(form: CommentForm, invitation: Invitation, *, now: dt.datetime) -> str:
    """Return the sign that no person sent this form, or nothing."""
    drawn_at = read_stamp(form.cleaned_data["drawn"], invitation.pk)
    left_at = invitation.sent_at or invitation.intent_at
    return judge(
        on_page=now - drawn_at if drawn_at else None,
        since_sent=now - left_at if left_at else None,
        hidden_field=form.cleaned_data["second_remark"],
        has_comment=bool(form.cleaned_data["comment"]),
    )
