"""Choosing a password without knowing the old one: by a link in a mail."""

from __future__ import annotations

import datetime as dt
import time

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from npsapp import throttle
from npsapp.models import User
from npsapp.pages.setup import BACKEND
from npsapp.people.accounts import choose_password
from npsapp.people.forms import AddressForm, PasswordForm
from npsapp.people.links import DeadLink, read_password_token
from npsapp.people.mails import can_mail, send_reset
from npsapp.roles import public

# Longer than writing a mail takes: how long the answer takes does not tell whether one was written.
SHORTEST_ANSWER_SECONDS = 0.4


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same whether somebody has that address or not."""
    started = time.monotonic()
    form = AddressForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "can_mail": can_mail()}
        status = 422 if form.is_bound else 200
        return render(request, "people/password_forgotten.html", context, status=status)
    address = throttle.find_address(request)
    mail_link(form.cleaned_data["email"], address=address, now=timezone.now())
    time.sleep(max(0.0, SHORTEST_ANSWER_SECONDS - (time.monotonic() - started)))
    return redirect("password_asked")


def mail_link(email: str, *, address: str, now: dt.datetime) -> None:
    """Mail a link to whom the address belongs; do nothing, quietly, in any other case."""
    if throttle.knock(throttle.RESET, account=email, address=address, now=now):
        return
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None or not can_mail():
        return
    send_reset(user, now=now)


@public
@never_cache
@require_http_methods(["GET", "HEAD"])
def password_asked(request: HttpRequest) -> HttpResponse:
    return render(request, "people/password_asked.html")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_new(request: HttpRequest, purpose: str, token: str) -> HttpResponse:
    """Choose a password by the link of an invitation or of a forgotten one; it works once."""
    try:
        link = read_password_token(purpose, token)
        form = PasswordForm(request.POST or None, user=link.user)
        if not form.is_valid():
            context = {"form": form, "person": link.user, "purpose": purpose}
            status = 422 if form.is_bound else 200
            return render(request, "people/password_new.html", context, status=status)
        user = choose_password(purpose, token, password=form.cleaned_data["new_password"])
    except DeadLink:
        return render(request, "people/password_dead.html", status=404)
    throttle.forgive(throttle.LOGIN, account=user.email, address=throttle.find_address(request))
    login(request, user, backend=BACKEND)
    messages.success(request, _("Your password is saved, and you are logged in."))
    return redirect("dashboard")
