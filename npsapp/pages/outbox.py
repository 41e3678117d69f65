from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from npsapp.roles import Role, requires


@requires(Role.MANAGER)
def outbox(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


@requires(Role.MANAGER)
def outbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "base.html")


@requires(Role.MANAGER)
def outbox_html(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "base.html")
