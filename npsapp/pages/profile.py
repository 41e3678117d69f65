"""One's own name, language and password."""

from __future__ import annotations

import math

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from npsapp import throttle
from npsapp.models import User
from npsapp.people.forms import PasswordChangeForm, PersonForm
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires


@requires(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    # A copy: what is typed must not stand in the rail before it is saved.
    person = User.objects.get(pk=request.user.pk)
    form = PersonForm(request.POST or None, instance=person)
    if form.is_valid():
        form.save()
        with translation.override(person.language):
            messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return _draw(request, form=form, status=422 if form.is_bound else 200)


@requires(Role.VIEWER)
@require_POST
def profile_password(request: StaffRequest) -> HttpResponse:
    """Change the password. Every other session of this person ends; this one goes on."""
    who = {"account": request.user.email, "address": throttle.find_address(request)}
    wait = throttle.knock(throttle.PASSWORD_CHANGE, **who, now=timezone.now())
    if wait:
        minutes = math.ceil(wait.total_seconds() / 60)
        text = ngettext(
            "Too many attempts. Try again in %(n)s minute.",
            "Too many attempts. Try again in %(n)s minutes.",
            minutes,
        )
        messages.error(request, text % {"n": minutes})
        return _draw(request, status=429)
    person = User.objects.get(pk=request.user.pk)
    form = PasswordChangeForm(request.POST, user=person)
    if not form.is_valid():
        return _draw(request, password_form=form, status=422)
    throttle.forgive(throttle.PASSWORD_CHANGE, **who)
    person.set_password(form.cleaned_data["new_password"])
    person.save(update_fields=["password"])
    update_session_auth_hash(request, person)
    messages.success(request, _("Your password is changed. Other devices are logged out."))
    return redirect("profile")


def _draw(
    request: StaffRequest,
    *,
    form: PersonForm | None = None,
    password_form: PasswordChangeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form or PersonForm(instance=User.objects.get(pk=request.user.pk)),
        "password_form": password_form or PasswordChangeForm(user=request.user),
        "failed": password_form or form,
        "may_sign": request.user.may(Role.AGENT),
    }
    return render(request, "people/profile.html", context, status=status)
