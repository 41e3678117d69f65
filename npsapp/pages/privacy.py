"""What a person may ask of us: a copy of what we keep, and to be forgotten."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from npsapp.erasing.erase import CannotEraseNow, MailLeaving, erase, look_ahead
from npsapp.erasing.ledger import LedgerClosed
from npsapp.exporting import export_person, write_json, write_table
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.models import Contact


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def contact_erase(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask first, with a box to tick; then erase for good."""
    person = find_person(pk)
    problem = ""
    if request.method == "POST":
        problem = _try_to_erase(request, person)
        if not problem:
            messages.success(request, _("The person was erased. The scores stay, without a name."))
            return redirect("contacts")
    context = {"person": person, "problem": problem, **look_ahead(person)}
    return render(request, "contacts/erase.html", context, status=422 if problem else 200)


def _try_to_erase(request: StaffRequest, person: Contact) -> str:
    """Erase; return the sentence that says why not, '' when it is done."""
    if request.POST.get("understood") != "yes":
        return _("Tick the box: what is erased cannot be brought back.")
    try:
        erase(person.email, person, user=request.user, now=timezone.now())
    except CannotEraseNow as reason:
        return explain(reason)
    return ""


def explain(reason: CannotEraseNow) -> str:
    if isinstance(reason, MailLeaving):
        return _("A mail to this person is leaving at this very moment. Try again in a minute.")
    if isinstance(reason, LedgerClosed):
        return _("The list of erasures cannot be written; nothing was erased. Tell the operator.")
    return _("A file with this person in it is being imported. Try again when that is done.")


@requires(Role.MANAGER)
@require_safe
def contact_export(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """Everything we keep about the person, as a download. `form` is json or csv."""
    if form not in {"json", "csv"}:
        raise Http404
    exported = export_person(find_person(pk), now=timezone.now())
    content = write_json(exported) if form == "json" else write_table(exported)
    kind = "application/json" if form == "json" else "text/csv; charset=utf-8"
    name = f'attachment; filename="person-{pk}.{form}"'
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": name})


def find_person(pk: int) -> Contact:
    person = Contact.objects.select_related("account").filter(pk=pk).first()
    if person is None:
        raise Http404
    return person
