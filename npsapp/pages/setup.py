"""The first admin of an empty installation, by the link on the console and no other way."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from npsapp.people.accounts import create_first_admin
from npsapp.people.forms import SetupForm
from npsapp.people.links import DeadLink, check_setup_token
from npsapp.roles import public
from responses.published import add_published

BACKEND = "django.contrib.auth.backends.ModelBackend"


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    try:
        check_setup_token(token)
        form = SetupForm(request.POST or None, initial={"language": get_language()})
        if not form.is_valid():
            status = 422 if form.is_bound else 200
            return render(request, "people/setup.html", {"form": form}, status=status)
        chosen = form.cleaned_data
        admin = create_first_admin(
            token,
            email=chosen["email"],
            name=chosen["name"],
            language=chosen["language"],
            password=chosen["new_password"],
        )
    except DeadLink:
        return render(request, "people/setup_dead.html", status=404)
    add_published(language=chosen["language"], user=admin)
    login(request, admin, backend=BACKEND)
    messages.success(request, _("Welcome. These are the first steps."))
    return redirect("first_steps")
