"""Bringing contacts in: upload, preview, confirm."""

from __future__ import annotations

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
from surveys.access import get_import_batch
from surveys.forms.imports import ColumnsForm, UploadForm
from surveys.importing.batches import (
    begin_again,
    change_uses,
    discard_batch,
    list_batches,
    open_batch,
    queue_contacts,
)
from surveys.importing.headers import Field
from surveys.importing.previewing import show_preview
from surveys.importing.undoing import CannotUndo, look_ahead, undo_contacts
from surveys.models import ImportBatch
from surveys.views.progress import show_progress

BATCHES_SHOWN = 10


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_import(request: StaffRequest) -> HttpResponse:
    is_upload = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if is_upload else UploadForm()
    if is_upload and form.is_valid():
        file = form.cleaned_data["file"]
        batch = open_batch(file.read(), file.name or "", user=request.user, now=timezone.now())
        return redirect(batch)
    page = Paginator(list_batches(), BATCHES_SHOWN).get_page(request.GET.get("page"))
    context = {"form": form, "batches": page.object_list, "page": page}
    return render(request, "contacts/import.html", context, status=422 if form.is_bound else 200)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_batch(request: StaffRequest, pk: int) -> HttpResponse:
    """The preview of a file, with its columns to match; afterwards what became of it."""
    batch = get_import_batch(pk)
    if request.method == "POST" and request.POST.get("action") == "discard":
        if discard_batch(batch):
            messages.success(request, _("The file was thrown away. Nothing was imported."))
        return redirect("contact_import")
    if batch.state != ImportBatch.State.PREVIEWED or batch.preview is None:
        return show_state(request, batch)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    preview = show_preview(batch)
    uses = [Field(use) for use in batch.summary["uses"]]
    header = batch.preview["header"]
    form = ColumnsForm(header, uses, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _take_columns(request, batch, form)
    columns = list(zip(form, preview["samples"], strict=True))
    context = {
        "form": form,
        "columns": columns,
        "column_errors": form.non_field_errors(),
        **preview,
    }
    return render(
        request, "contacts/import_preview.html", context, status=422 if form.is_bound else 200
    )


def show_state(request: StaffRequest, batch: ImportBatch) -> HttpResponse:
    """How far the worker is, or what became of the file."""
    if batch.is_under_way:
        return show_progress(request, batch)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if batch.state in {ImportBatch.State.FAILED, ImportBatch.State.PREVIEWED}:
        if request.method == "POST":
            begin_again(batch, now=timezone.now())
            return redirect(batch)
        return render(request, "contacts/import_failed.html", {"batch": batch})
    context = {
        "batch": batch,
        "usable": batch.summary["rows"] - batch.summary["refused"],
        "undo": look_ahead(batch) if batch.state == ImportBatch.State.IMPORTED else None,
    }
    return render(request, "contacts/import_done.html", context)


@requires(Role.MANAGER)
@require_POST
def import_undo(request: StaffRequest, pk: int) -> HttpResponse:
    batch = get_import_batch(pk)
    try:
        undo = undo_contacts(batch, now=timezone.now())
    except CannotUndo:
        messages.warning(request, _("This import was undone before, or is not finished."))
    else:
        messages.success(
            request,
            ngettext("%(count)s contact removed.", "%(count)s contacts removed.", undo.removed)
            % {"count": undo.removed},
        )
    return redirect(batch)


def _take_columns(request: StaffRequest, batch: ImportBatch, form: ColumnsForm) -> HttpResponse:
    """Import only what was previewed: with other columns the preview comes first."""
    is_seen = not form.has_changed()
    if not is_seen:
        change_uses(batch, form.uses, now=timezone.now())
    if request.POST.get("action") == "confirm":
        if is_seen:
            queue_contacts(batch, user=request.user)
        else:
            messages.warning(request, _("You changed the columns. Look once more, then import."))
    return redirect(batch)


@requires(Role.MANAGER)
@require_safe
def import_problems(request: StaffRequest, pk: int) -> HttpResponse:
    """The refused rows as a file, to be mended and brought in again."""
    batch = get_import_batch(pk)
    return HttpResponse(
        bytes(batch.problem_file or b""),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="problems-{batch.pk}.csv"'},
    )
