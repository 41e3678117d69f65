"""What staff read: the list of answers, one answer, and the two judgements of a manager."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from responses.access import get_response
from responses.bulk import MOST
from responses.export_files import MOST_AT_ONCE
from responses.forms.bulk import AnswersForm
from responses.forms.judging import ExclusionForm
from responses.forms.listing import ResponseListForm
from responses.judging import accept_response, exclude_response, restore_response
from responses.marking import mark_comments
from responses.models import ExportFile, Response, Tag
from responses.reports.listing import list_properties
from responses.views.listing import list_filters, list_tabs
from responses.writing import ExportStyle
from surveys.forms.filtering import list_property_fields, sample_values
from surveys.models import get_organisation

PAGE_LENGTH = 50
FILES_SHOWN = 3


@requires(Role.VIEWER)
@require_safe
def responses(request: StaffRequest) -> HttpResponse:
    """Every answer of a selection, newest first, whether it counts or not."""
    return draw_responses(request, request.GET)


def draw_responses(
    request: StaffRequest, sent: QueryDict, *, bulk: AnswersForm | None = None, status: int = 200
) -> HttpResponse:
    """Render the list; `bulk` is a form that could not be done as it was sent."""
    form = ResponseListForm(sent, organisation=get_organisation(), now=timezone.now())
    if not (may_follow_up := request.user.may(Role.AGENT)):
        form.hide_addresses()
    if not form.is_valid():
        return render(request, "responses/list.html", {"form": form}, status=422)
    selection, found = form.selection(), form.find()
    rows = found.in_selection(selection).select_related("survey", "contact__account", "follow_up")
    rows = rows.prefetch_related("tags")
    tabs = list_tabs(found, selection, form)
    paginator = Paginator(rows, PAGE_LENGTH)
    # The tabs have counted these rows already.
    paginator.count = next(tab.n for tab in tabs if tab.is_current)
    page = paginator.get_page(sent.get("page"))
    query, may = form.query_of(selection), powers(request)
    context = {
        "form": form,
        "selection": selection,
        "tabs": tabs,
        "filters": list_filters(form, selection, with_addresses=may_follow_up),
        "remarks": form.remarks,
        "property_fields": list_property_fields(
            selection.filters, offered=sample_values(Response.objects.order_by("-pk"))
        ),
        "page": page,
        "marked": mark_comments(list(page), form.cleaned_data["q"]),
        "query": query,
        "kept": parse_qsl(query),
        "styles": ExportStyle.choices,
        "is_large": paginator.count > MOST_AT_ONCE,
        "files": ExportFile.objects.filter(user=request.user)[:FILES_SHOWN],
        "shows_surveys": selection.survey is None,
        **may,
    }
    if may["may_follow_up"]:
        seen = Response.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        query_of_page = "&".join(filter(None, [query, f"page={page.number}"]))
        context |= {
            "bulk": bulk or AnswersForm(seen=seen, query=query_of_page),
            "failed": bulk,
            "most": MOST,
        }
    return render(request, "responses/list.html", context, status=status)


@requires(Role.VIEWER)
@require_safe
def response(request: StaffRequest, pk: int) -> HttpResponse:
    """One answer: what was said, by whom, every version of it, and whether it counts."""
    return show_response(request, get_response(pk), ExclusionForm())


@requires(Role.MANAGER)
@require_POST
def response_accept(request: StaffRequest, pk: int) -> HttpResponse:
    """Count an answer that looked automatic."""
    accepted = accept_response(get_response(pk), user=request.user, now=timezone.now())
    messages.success(request, _("This answer counts now, and is followed up like any other."))
    return redirect(accepted)


@requires(Role.MANAGER)
@require_post_else("response", "pk")
def response_exclude(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an answer out of the score, with a reason that everybody sees."""
    judged = get_response(pk)
    form = ExclusionForm(request.POST)
    if not form.is_valid():
        return show_response(request, judged, form, status=422)
    exclude_response(
        judged,
        user=request.user,
        reason=form.what(),
        now=timezone.now(),
    )
    text = _("This answer no longer counts. It stays visible with its reason.")
    offer_undo(request, text, url=reverse("response_restore", args=[pk]))
    return redirect(judged)


@requires(Role.MANAGER)
@require_POST
def response_restore(request: StaffRequest, pk: int) -> HttpResponse:
    """Undo an exclusion."""
    judged = get_response(pk)
    if restore_response(judged, user=request.user, now=timezone.now()):
        messages.success(request, _("This answer counts again."))
    else:
        messages.warning(request, _("Nothing was changed."))
    return redirect(judged)


def show_response(
    request: StaffRequest, shown: Response, form: ExclusionForm, *, status: int = 200
) -> HttpResponse:
    may = powers(request)
    context = {
        "response": shown,
        "form": form,
        "versions": shown.versions.all(),
        "tags": shown.tags.all(),
        "known_tags": Tag.objects.all() if may["may_follow_up"] else [],
        "language_name": dict(settings.LANGUAGES).get(shown.language, shown.language),
        "properties": list_properties(shown, with_addresses=may["may_follow_up"]),
        **may,
    }
    return render(request, "responses/response.html", context, status=status)


def powers(request: StaffRequest) -> dict[str, bool]:
    """What the reader may do here; only those who write to people see addresses."""
    return {
        "may_follow_up": request.user.may(Role.AGENT),
        "may_manage": request.user.may(Role.MANAGER),
    }
