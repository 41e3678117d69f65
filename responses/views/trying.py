"""Where a test mail leads: the customers' own pages, for an answer that counts nowhere."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.roles import public
from responses.forms.answer import AnswerForm, CommentForm
from responses.trying import find_test_answer, record_test
from responses.views.answer import choose_initial
from responses.views.drawing import show_question, show_thanks
from surveys.respondent import Visit, find_test
from surveys.views.guarding import refuse_other_sites, respondent_page


@public
@csrf_exempt
@respondent_page
@refuse_other_sites
@require_http_methods(["GET", "HEAD", "POST"])
def answer_test(request: HttpRequest, token: str) -> HttpResponse:
    """The question, marked as a test. Opening it writes nothing; sending it in opens the test's
    follow-up."""
    now = timezone.now()
    campaign, tester = find_test(token)
    survey = campaign.survey
    visit = Visit(request, survey, None, tester=tester)
    given = find_test_answer(survey, tester)
    if request.method != "POST":
        form = AnswerForm(visit=visit, initial=choose_initial(request, survey, given))
        return show_question(visit, form, None, given, now=now)
    form = AnswerForm(request.POST, visit=visit)
    if not form.is_valid():
        return show_question(visit, form, None, given, now=now, status=422)
    record_test(
        campaign,
        tester=tester,
        score=form.cleaned_data["score"],
        comment=form.cleaned_data["comment"],
        language=visit.language,
        now=now,
    )
    done = reverse("answer_test_done", args=[token])
    return HttpResponseRedirect(done + visit.language_query)


@public
@csrf_exempt
@respondent_page
@require_safe
def answer_test_done(request: HttpRequest, token: str) -> HttpResponse:
    """Thank you, as customers see it."""
    campaign, tester = find_test(token)
    visit = Visit(request, campaign.survey, None, tester=tester)
    given = find_test_answer(campaign.survey, tester)
    if given is None:
        question = reverse("answer_test", args=[token])
        return HttpResponseRedirect(question + visit.language_query)
    return show_thanks(visit, CommentForm(visit=visit), None, given, now=timezone.now())
