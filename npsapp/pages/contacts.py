"""The list of contacts, each with the last answer."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.reports.people import find_last_responses
from surveys.filtering import list_chips
from surveys.forms.contacts import SearchForm
from surveys.forms.filtering import list_property_fields, sample_values
from surveys.models import Contact

PAGE_LENGTH = 50


@requires(Role.AGENT)
@require_safe
def contacts(request: StaffRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    form.is_valid()
    words = form.cleaned_data.get("q", "")
    found = form.narrow(Contact.objects.all()).select_related("account")
    page = Paginator(found, PAGE_LENGTH).get_page(request.GET.get("page"))
    last = find_last_responses([contact.pk for contact in page])
    context = {
        "form": form,
        "words": words,
        "page": page,
        "rows": [(contact, last.get(contact.pk)) for contact in page],
        "account": form.cleaned_data.get("account"),
        "is_narrowed": bool(form.query()),
        "has_contacts": bool(page.paginator.count or (form.query() and Contact.objects.exists())),
        "chips": list_chips(form.filters, lambda kept: f"?{form.query(filters=kept)}"),
        "remarks": form.remarks,
        "property_fields": list_property_fields(
            form.filters,
            offered=sample_values(Contact.objects.order_by("-pk")),
            with_language=True,
        ),
        "may_import": request.user.may(Role.MANAGER),
        "query": form.query(),
    }
    return render(request, "contacts/list.html", context)
