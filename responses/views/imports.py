"""Bringing past answers in: upload, preview, confirm, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.access import get_answers_batch
from responses.forms.imports import AnswerColumnsForm, AnswersUploadForm
from responses.importing import CannotUndo, undo_import
from responses.previewing import show_preview
from responses.uploading import (
    begin_again,
    change_matching,
    is_complete,
    open_upload,
    queue_answers,
    survey_of,
)
from surveys.importing.batches import discard_batch, list_batches
from surveys.models import ImportBatch, Survey
from surveys.views.progress import show_progress

BATCHES_SHOWN = 10


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def response_import(request: StaffRequest) -> HttpResponse:
    is_upload = request.method == "POST"
    form = AnswersUploadForm(request.POST, request.FILES) if is_upload else AnswersUploadForm()
    if is_upload and form.is_valid():
        file, survey = form.cleaned_data["file"], form.cleaned_data["survey"]
        now = timezone.now()
        return redirect(open_upload(file.read(), file.name, survey, user=request.user, now=now))
    page = Paginator(list_batches(ImportBatch.Kind.RESPONSES), BATCHES_SHOWN).get_page(
        request.GET.get("page")
    )
    context = {"form": form, "page": page, "has_surveys": Survey.objects.exists()}
    return render(request, "responses/import.html", context, status=422 if form.is_bound else 200)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def response_batch(request: StaffRequest, pk: int) -> HttpResponse:
    """The preview of a file, with its columns to match; afterwards what became of it."""
    batch = get_answers_batch(pk)
    survey = survey_of(batch)
    is_discarded = request.method == "POST" and request.POST.get("action") == "discard"
    if is_discarded or (survey is None and batch.content is not None):
        if discard_batch(batch):
            messages.success(request, _("The file was thrown away. Nothing was imported."))
        return redirect("response_import")
    if batch.state != ImportBatch.State.PREVIEWED or batch.preview is None or survey is None:
        return _show_state(request, batch)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    header = batch.preview["header"]
    form = AnswerColumnsForm(header, batch, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _take_columns(request, batch, form)
    context: dict[str, Any] = {"form": form, "batch": batch, "survey": survey}
    context |= show_preview(batch, survey)
    context["columns"] = list(zip(form.column_fields, context["samples"], strict=True))
    context["column_errors"] = form.non_field_errors()
    return render(
        request, "responses/import_preview.html", context, status=422 if form.is_bound else 200
    )


def _take_columns(
    request: StaffRequest, batch: ImportBatch, form: AnswerColumnsForm
) -> HttpResponse:
    """Import only what was previewed: with other columns the preview comes first."""
    is_seen = not form.has_changed() and is_complete(batch)
    if not is_seen:
        change_matching(
            batch,
            form.uses,
            order=form.cleaned_data["order"],
            day=form.chosen_day,
            now=timezone.now(),
        )
    if request.POST.get("action") == "confirm":
        if is_seen:
            queue_answers(batch, user=request.user)
        else:
            messages.warning(request, _("You changed the columns. Look once more, then import."))
    return redirect(batch)


def _show_state(request: StaffRequest, batch: ImportBatch) -> HttpResponse:
    if batch.is_under_way:
        return show_progress(request, batch)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if batch.state in {ImportBatch.State.FAILED, ImportBatch.State.PREVIEWED}:
        if request.method == "POST":
            begin_again(batch, now=timezone.now())
            return redirect(batch)
        return render(request, "contacts/import_failed.html", {"batch": batch})
    return render(
        request, "responses/import_done.html", {"batch": batch, "survey": survey_of(batch)}
    )


@requires(Role.MANAGER)
@require_safe
def response_problems(request: StaffRequest, pk: int) -> HttpResponse:
    """The refused rows as a file, to be mended and brought in again."""
    batch = get_answers_batch(pk)
    return HttpResponse(
        bytes(batch.problem_file or b""),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="problems-{batch.pk}.csv"'},
    )


@requires(Role.MANAGER)
@require_POST
def response_undo(request: StaffRequest, pk: int) -> HttpResponse:
    batch = get_answers_batch(pk)
    try:
        removed = undo_import(batch, now=timezone.now())
    except CannotUndo as reason:
        messages.warning(request, str(reason))
    else:
        said = ngettext("%(count)s answer removed.", "%(count)s answers removed.", removed)
        messages.success(request, said % {"count": removed})
    return redirect(batch)
