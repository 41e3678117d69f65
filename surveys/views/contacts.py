"""Contacts by hand, and the properties they have."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_contact, get_property
from surveys.declaring import InUse, count_carriers, count_filled, delete_property, find_uses
from surveys.forms.contacts import ContactForm
from surveys.forms.properties import PropertyForm
from surveys.models import Contact, Property


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: StaffRequest) -> HttpResponse:
    return _edit_contact(request, Contact())


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request: StaffRequest, pk: int) -> HttpResponse:
    return _edit_contact(request, get_contact(pk))


def _edit_contact(request: StaffRequest, contact: Contact) -> HttpResponse:
    form = ContactForm(request.POST if request.method == "POST" else None, instance=contact)
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, _("The contact is saved."))
        return redirect(saved)
    # An invalid form has written into `contact` already.
    person = Contact.objects.filter(pk=contact.pk).first()
    fields = [form[f"property_{entry.pk}"] for entry in form.properties]
    context = {"form": form, "person": person, "property_fields": fields}
    status = 422 if form.is_bound else 200
    return render(request, "contacts/edit.html", context, status=status)


@requires(Role.MANAGER)
@require_safe
def properties(request: StaffRequest) -> HttpResponse:
    filled = count_filled()
    rows = [(entry, filled.get(entry.key, 0)) for entry in Property.objects.all()]
    return render(request, "contacts/properties.html", {"rows": rows})


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def property_new(request: StaffRequest) -> HttpResponse:
    return _edit_property(request, Property())


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def property_edit(request: StaffRequest, pk: int) -> HttpResponse:
    return _edit_property(request, get_property(pk))


def _edit_property(request: StaffRequest, entry: Property) -> HttpResponse:
    form = PropertyForm(request.POST if request.method == "POST" else None, instance=entry)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("The property is saved."))
        return redirect("properties")
    known = Property.objects.filter(pk=entry.pk).first()
    status = 422 if form.is_bound else 200
    return render(request, "contacts/property.html", {"form": form, "known": known}, status=status)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def property_delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Say how many contacts lose a value, and refuse while a campaign speaks of the property."""
    entry = get_property(pk)
    if request.method == "POST":
        try:
            count = delete_property(entry)
        except InUse as use:
            context = {"entry": entry, "uses": use.campaigns}
            return render(request, "contacts/property_delete.html", context, status=422)
        said = ngettext(
            "The property is deleted, with the value of %(count)s contact.",
            "The property is deleted, with the values of %(count)s contacts.",
            count,
        )
        messages.success(request, said % {"count": count})
        return redirect("properties")
    context = {
        "entry": entry,
        "uses": find_uses(entry.key),
        "carriers": count_carriers(entry.key),
    }
    return render(request, "contacts/property_delete.html", context)
