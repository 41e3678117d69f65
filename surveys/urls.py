from __future__ import annotations

from django.urls import URLPattern, path

from surveys.views import imports, unsubscribe

urlpatterns: list[URLPattern] = [
    path("contacts/import/", imports.contact_import, name="contact_import"),
    path("contacts/import/<int:pk>/", imports.import_batch, name="import_batch"),
    path(
        "contacts/import/<int:pk>/problems.csv", imports.import_problems, name="import_problems"
    ),
    path("u/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
