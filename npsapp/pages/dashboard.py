from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from npsapp.roles import Role, requires


@requires(Role.VIEWER)
def dashboard(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return render(request, "base.html")
