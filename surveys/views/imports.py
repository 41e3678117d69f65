"""Bringing contacts in: upload, preview, confirm."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_import_batch
from surveys.forms.imports import ColumnsForm, UploadForm
from surveys.importing.batches import (
    change_uses,
    confirm_batch,
    discard_batch,
    list_batches,
    open_batch,
    read_batch,
    read_problem_file,
)
from surveys.importing.previewing import show_preview
from surveys.models import ImportBatch


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_import(request: StaffRequest) -> HttpResponse:
    is_upload = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if is_upload else UploadForm()
    if is_upload and form.is_valid():
        file = form.cleaned_data["file"]
        batch = open_batch(file.read(), file.name or "", user=request.user, now=timezone.now())
        return redirect(batch)
    context = {"form": form, "batches": list_batches()}
    return render(request, "contacts/import.html", context, status=422 if form.is_bound else 200)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_batch(request: StaffRequest, pk: int) -> HttpResponse:
    """The preview of a file, with its columns to match; afterwards what became of it."""
    batch = get_import_batch(pk)
    if batch.state != ImportBatch.State.PREVIEWED:
        usable = batch.summary["rows"] - batch.summary["refused"]
        return render(request, "contacts/import_done.html", {"batch": batch, "usable": usable})
    if request.method == "POST" and request.POST.get("action") == "discard":
        discard_batch(batch)
        messages.success(request, _("The file was thrown away. Nothing was imported."))
        return redirect("contact_import")
    table, uses = read_batch(batch)
    form = ColumnsForm(table, uses, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _take_columns(request, batch, form)
    preview = show_preview(batch, now=timezone.now())
    columns = list(zip(form, preview["samples"], strict=True))
    context = {"form": form, "columns": columns, **preview}
    return render(
        request, "contacts/import_preview.html", context, status=422 if form.is_bound else 200
    )


def _take_columns(request: StaffRequest, batch: ImportBatch, form: ColumnsForm) -> HttpResponse:
    """Import only what was previewed: with other columns the preview comes first."""
    is_seen = not form.has_changed()
    if not is_seen:
        change_uses(batch, form.uses)
    if request.POST.get("action") == "confirm":
        if is_seen:
            confirm_batch(batch, user=request.user, now=timezone.now())
        else:
            messages.warning(request, _("You changed the columns. Look once more, then import."))
    return redirect(batch)


@requires(Role.MANAGER)
@require_safe
def import_problems(request: StaffRequest, pk: int) -> HttpResponse:
    """The refused rows as a file, to be mended and brought in again."""
    batch = get_import_batch(pk)
    return HttpResponse(
        read_problem_file(batch, now=timezone.now()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="problems-{batch.pk}.csv"'},
    )
