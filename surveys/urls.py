from __future__ import annotations

from django.urls import URLPattern, path

from surveys.views import unsubscribe

urlpatterns: list[URLPattern] = [
    path("u/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
