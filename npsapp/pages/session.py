"""Logging in and out, and the reader's language."""

from __future__ import annotations

import datetime as dt
import math

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import check_for_language
from django.views.decorators.http import require_http_methods, require_POST

from npsapp import throttle
from npsapp.models import User
from npsapp.requests import read_next
from npsapp.roles import public


class LogInView(LoginView):
    template_name = "login.html"
    redirect_authenticated_user = True

    def get_success_url(self) -> str:
        """Where `next` says, unless that is here: whoever is logged in would go in circles."""
        url: str = super().get_success_url()
        is_here = url.partition("?")[0] == self.request.path
        return self.get_default_redirect_url() if is_here else url


@public
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponseBase:
    """E-mail and password. A wrong one is answered 422, without saying which of the two it was.

    Too many are answered 429 for a while, whether the account exists or not.
    """
    if request.method == "POST":
        who = {
            "account": request.POST.get("username", ""),
            "address": throttle.find_address(request),
        }
        if wait := throttle.knock(throttle.LOGIN, **who, now=timezone.now()):
            return refuse_for_now(request, wait)
    view = LogInView.as_view(extra_context={"nobody_yet": not User.objects.exists()})
    response = view(request)
    if request.method == "POST" and response.status_code == 200:
        response.status_code = 422
    elif request.method == "POST":
        throttle.forgive(throttle.LOGIN, **who)
    return response


def refuse_for_now(request: HttpRequest, wait: dt.timedelta) -> HttpResponse:
    minutes = math.ceil(wait.total_seconds() / 60)
    context = {"wait_minutes": minutes, "next": request.POST.get("next", "")}
    response = render(request, "login.html", context, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


@public
@require_POST
def log_out(request: HttpRequest) -> HttpResponseBase:
    response = LogoutView.as_view()(request)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language in the user's profile, or in a cookie before login."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(read_next(request, default="dashboard"))
    if language not in dict(settings.LANGUAGES) or not check_for_language(language):
        return response
    if isinstance(request.user, User):
        request.user.language = language
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
