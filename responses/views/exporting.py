"""The list of answers as a file to take along."""

from __future__ import annotations

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.exporting import find_property_keys, list_export_rows, name_columns
from responses.forms.listing import ExportForm
from responses.models import Response
from surveys.importing.writing import stream_csv
from surveys.models import get_organisation


@requires(Role.VIEWER)
@require_safe
def responses_export(request: StaffRequest) -> HttpResponse | StreamingHttpResponse:
    """The rows that the list shows for the same address, all pages of them, as CSV."""
    now, organisation = timezone.now(), get_organisation()
    form = ExportForm(request.GET, organisation=organisation, now=now)
    if not form.is_valid():
        return render(request, "responses/list.html", {"form": form}, status=422)
    style = form.cleaned_data["style"]
    found = Response.objects.mentioning(form.cleaned_data["q"]).in_selection(form.selection())
    keys = find_property_keys(found)
    rows = list_export_rows(
        found, keys=keys, zone=organisation.zone, with_addresses=request.user.may(Role.AGENT)
    )
    content = stream_csv(name_columns(keys), rows, delimiter=style.delimiter, bom=style.has_bom)
    today = now.astimezone(organisation.zone).date()
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="responses-{today}.csv"'},
    )
