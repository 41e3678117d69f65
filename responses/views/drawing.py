"""How the pages that customers answer on are drawn: plain values for plain templates."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import formats, translation

from responses.forms.answer import AnswerForm, CommentForm
from responses.models import Response
from responses.stamps import draw_stamp
from surveys import links
from surveys.models import Invitation
from surveys.respondent import Visit, show_page


def show_question(
    visit: Visit,
    form: AnswerForm,
    invitation: Invitation | None,
    given: Response | None,
    *,
    now: dt.datetime,
    status: int = 200,
) -> HttpResponse:
    words, survey = visit.words, visit.survey
    chosen = form["score"].value()
    return show_page(
        visit,
        "respondent/question.html",
        status=status,
        **_frame(invitation, visit, now=now),
        form=form,
        question=visit.say(words.question),
        hint=visit.say(words.scale_hint),
        points=[
            {
                "score": score,
                "id": f"score-{score}",
                "is_chosen": str(chosen) == str(score),
                "meaning": {survey.scale_min: words.lowest, 10: words.highest}.get(score, ""),
                "chosen_text": visit.say(words.chosen, score=score),
            }
            for score in survey.scores
        ],
        action=visit.request.path + visit.language_query,
        button=words.change if given else words.send,
        is_changing=given is not None,
    )


def show_thanks(
    visit: Visit,
    form: CommentForm,
    invitation: Invitation | None,
    given: Response,
    *,
    now: dt.datetime,
    status: int = 200,
) -> HttpResponse:
    words = visit.words
    quiet = given.may_contact is False
    until = given.changeable_until.astimezone(visit.organisation.zone)
    with translation.override(visit.language):
        moment = f"{formats.date_format(until, 'l j F')}, {until:%H:%M}"
    change_url = ""
    if invitation:
        token = links.sign(links.ANSWER, invitation.pk)
        lang = f"&lang={visit.chosen_language}" if visit.chosen_language else ""
        change_url = f"{reverse('answer', args=[token])}?change=1{lang}"
    elif visit.tester:
        change_url = visit.request.path.removesuffix("done/") + visit.language_query
    return show_page(
        visit,
        "respondent/thanks.html",
        status=status,
        **_frame(invitation, visit, now=now),
        form=form,
        given=given,
        score_text=visit.say(words.thanks_score, score=given.score),
        next_text=visit.say(words.thanks_next_quiet if quiet else words.thanks_next),
        until_text=visit.say(words.change_until, moment=moment),
        change_url=change_url,
        may_change=given.is_changeable(now),
        action=visit.request.path + visit.language_query,
    )


def show_closed(visit: Visit) -> HttpResponse:
    """Gone, in friendly words and without the answer: a forwarded mail shows nothing."""
    return show_page(visit, "respondent/closed.html", status=410)


def _frame(invitation: Invitation | None, visit: Visit, *, now: dt.datetime) -> dict[str, Any]:
    """What the pages with a form share; without an invitation they are a preview or a test."""
    if invitation is None:
        is_test = visit.tester is not None
        return {"is_preview": not is_test, "is_test": is_test}
    token = links.sign(links.UNSUBSCRIBE, invitation.pk)
    return {
        "stamp": draw_stamp(invitation.pk, now=now),
        "unsubscribe_url": reverse("unsubscribe", args=[token]) + visit.language_query,
    }
