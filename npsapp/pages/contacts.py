"""The list of contacts, each with the last answer."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from responses.reports.people import find_last_responses
from surveys.forms.contacts import SearchForm
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
        "is_narrowed": bool(form.as_query()),
        "has_contacts": bool(
            page.paginator.count or (form.as_query() and Contact.objects.exists())
        ),
        "may_import": request.user.may(Role.MANAGER),
        "query": urlencode(form.as_query()),
    }
    return render(request, "contacts/list.html", context)
