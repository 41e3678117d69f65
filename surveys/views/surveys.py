"""Surveys: the list, and one page to make, read and change each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_survey
from surveys.forms.survey import SurveyForm, read_preview
from surveys.models import Survey, get_organisation
from surveys.preview import preview_question, preview_survey


@requires(Role.MANAGER)
@require_safe
def surveys(request: StaffRequest) -> HttpResponse:
    rows = [
        (survey, preview_survey(survey)[0])
        for survey in Survey.objects.with_counts().order_by("name", "pk")
    ]
    return render(request, "surveys/surveys.html", {"rows": rows})


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def survey_new(request: StaffRequest) -> HttpResponse:
    organisation = get_organisation()
    suggested = Survey(company=organisation.name)
    return _edit(request, suggested)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: StaffRequest, pk: int) -> HttpResponse:
    return _edit(request, get_survey(pk))


@requires(Role.MANAGER)
@require_safe
def survey_preview(request: StaffRequest) -> HttpResponse:
    """The question as it reads with what is typed so far; a fragment of the survey's page."""
    previews = preview_question(**read_preview(request.GET))
    template = "surveys/survey.html#preview" if request.htmx else "surveys/preview.html"
    return render(request, template, {"previews": previews})


def _edit(request: StaffRequest, subject: Survey) -> HttpResponse:
    lock = subject.find_lock()
    only_show = request.POST.get("action") == "preview"
    sent = request.POST if request.method == "POST" and not only_show else None
    form = SurveyForm(sent, instance=subject, is_locked=bool(lock))
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, _("The survey is saved."))
        return redirect(saved)
    if only_show and not lock:
        form.keep(request.POST)
    shown = read_preview(request.POST) if request.method == "POST" and not lock else None
    context = {
        "form": form,
        "survey": subject if subject.pk else None,
        "lock": lock,
        "previews": preview_question(**shown) if shown else preview_survey(subject),
        "campaigns": subject.campaigns.all()[:10] if subject.pk else [],
    }
    status = 422 if form.is_bound else 200
    return render(request, "surveys/survey.html", context, status=status)
