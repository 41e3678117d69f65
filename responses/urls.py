from __future__ import annotations

from django.urls import path

from responses.views import answer

urlpatterns = [
    path("s/preview/<str:token>/", answer.answer_preview, name="answer_preview"),
    path("s/<str:token>/", answer.answer, name="answer"),
    path("s/<str:token>/done/", answer.answer_done, name="answer_done"),
]
