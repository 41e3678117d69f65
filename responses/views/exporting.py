"""The list of answers as a file to take along: at once, or a large one written by a worker."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from responses.access import get_export
from responses.export_files import (
    KEPT,
    MOST_AT_ONCE,
    MOST_KEPT,
    MOST_WAITING,
    TooManyFiles,
    ask_for_file,
    read_pieces,
)
from responses.exporting import list_export_rows, list_properties, name_columns
from responses.forms.listing import ExportForm
from responses.models import ExportFile
from responses.models.response import ResponseQuerySet
from responses.writing import ExportStyle, stream_rows, write_workbook
from surveys.models import Organisation, get_organisation
from surveys.views.progress import is_worker_silent


@requires(Role.VIEWER)
@require_safe
def responses_export(request: StaffRequest) -> HttpResponseBase:
    """The rows that the list shows for the same address, all pages of them."""
    now, organisation = timezone.now(), get_organisation()
    form = ExportForm(request.GET, organisation=organisation, now=now)
    if not form.is_valid():
        return render(request, "responses/list.html", {"form": form}, status=422)
    style = form.cleaned_data["style"]
    found = form.find().in_selection(form.selection())
    n = found.count()
    if n > MOST_AT_ONCE:
        query = form.query_of(form.selection())
        context = {"n": n, "query": query, "kept": parse_qsl(query), "style": style}
        return render(request, "responses/export_large.html", context)
    today = now.astimezone(organisation.zone).date()
    name = f"responses-{today}.{style.extension}"
    return _send(request, found, style, name, organisation=organisation)


def _send(
    request: StaffRequest,
    found: ResponseQuerySet,
    style: ExportStyle,
    name: str,
    *,
    organisation: Organisation,
) -> HttpResponseBase:
    properties = list_properties()
    header = name_columns(properties)
    rows = list_export_rows(
        found,
        properties=properties,
        zone=organisation.zone,
        with_addresses=request.user.may(Role.AGENT),
    )
    if style.csv:
        lines = stream_rows(header, rows, style.csv)
        return StreamingHttpResponse(lines, headers=_name(name, style))
    # A workbook has its list of contents at the end: it is whole before any of it can leave.
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        write_workbook(header, rows, path)
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=name, content_type=style.content_type
        )


def _name(name: str, style: ExportStyle) -> dict[str, str]:
    return {
        "Content-Type": style.content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
    }


@requires(Role.VIEWER)
@require_post_else("responses")
def responses_file_new(request: StaffRequest) -> HttpResponse:
    """Ask for a large file."""
    now = timezone.now()
    form = ExportForm(request.POST, organisation=get_organisation(), now=now)
    if not form.is_valid():
        return render(request, "responses/list.html", {"form": form}, status=422)
    selection, style = form.selection(), form.cleaned_data["style"]
    query = form.query_of(selection)
    rows = form.find().in_selection(selection).count()
    if rows <= MOST_AT_ONCE:
        # No work for a worker.
        asked = urlencode([*parse_qsl(query), ("style", style.value)])
        return redirect(f"{reverse('responses_export')}?{asked}")
    try:
        export = ask_for_file(
            query,
            style,
            rows=rows,
            user=request.user,
            with_addresses=request.user.may(Role.AGENT),
            now=now,
        )
    except TooManyFiles as refusal:
        messages.error(request, _explain_refusal(refusal))
        return redirect(f"{reverse('responses')}?{query}")
    return redirect(export)


def _explain_refusal(refusal: TooManyFiles) -> str:
    if refusal.is_waiting:
        text = _("%(n)s of your files are being written already: wait until one is ready.")
        return text % {"n": MOST_WAITING}
    text = _("You have %(n)s files already: each is thrown away a day after you asked for it.")
    return text % {"n": MOST_KEPT}


@requires(Role.VIEWER)
@require_safe
def responses_file(request: StaffRequest, pk: int) -> HttpResponse:
    """How far the worker is with a file; once it is ready, where to fetch it."""
    export = get_export(pk, user=request.user)
    context: dict[str, Any] = {"export": export, "gone_at": export.created_at + KEPT}
    if export.is_waiting:
        context["is_worker_silent"], context["worker_seen"] = is_worker_silent()
    if not request.htmx:
        return render(request, "responses/export_file.html", context)
    if not export.is_under_way:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "responses/export_progress.html", context)


@requires(Role.VIEWER)
@require_safe
def responses_file_content(request: StaffRequest, pk: int) -> StreamingHttpResponse:
    """The file itself, for whoever asked for it."""
    export = get_export(pk, user=request.user)
    if export.state != ExportFile.State.READY:
        raise Http404
    headers = _name(export.file_name, ExportStyle(export.style))
    headers["Content-Length"] = str(export.size)
    return StreamingHttpResponse(read_pieces(export), headers=headers)
