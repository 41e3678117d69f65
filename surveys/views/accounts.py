"""Accounts renamed, given an owner, and merged."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.access import get_account
from surveys.accounts import NameTaken, change_account, look_ahead, merge_accounts
from surveys.forms.accounts import MergeForm, RenameForm


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def account_rename(request: StaffRequest, pk: int) -> HttpResponse:
    account = get_account(pk)
    is_sent = request.method == "POST"
    form = RenameForm(account, request.POST if is_sent else None)
    other = None
    if is_sent and form.is_valid():
        try:
            change_account(account, **form.cleaned_data)
        except NameTaken as taken:
            other = taken.other
            form.add_error("name", _("Another account has this name. You can merge the two."))
        else:
            messages.success(request, _("The account is changed."))
            return redirect("account", pk)
    context = {"account": account, "form": form, "other": other}
    return render(request, "contacts/account_rename.html", context, status=422 if is_sent else 200)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def account_merge(request: StaffRequest, pk: int) -> HttpResponse:
    """First which account stays; then, with `into` in the URL, what will happen; then a POST."""
    going = get_account(pk)
    sent = request.POST if request.method == "POST" else request.GET
    form = MergeForm(going, sent if "into" in sent or request.method == "POST" else None)
    context = {"account": going, "form": form}
    if not form.is_bound or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "contacts/account_merge.html", context, status=status)
    staying = form.cleaned_data["into"]
    if request.method == "POST":
        moved = merge_accounts(going, into=staying)
        said = ngettext(
            "%(count)s contact now belongs to %(account)s.",
            "%(count)s contacts now belong to %(account)s.",
            moved,
        )
        messages.success(request, said % {"count": moved, "account": staying})
        return redirect("account", staying.pk)
    context |= {"staying": staying, "merge": look_ahead(going, staying)}
    return render(request, "contacts/account_merge.html", context)
