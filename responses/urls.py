from __future__ import annotations

from django.urls import path

from responses.views import answer, exporting, responses

urlpatterns = [
    path("responses/", responses.responses, name="responses"),
    path("responses/export/", exporting.responses_export, name="responses_export"),
    path("responses/<int:pk>/", responses.response, name="response"),
    path("responses/<int:pk>/accept/", responses.response_accept, name="response_accept"),
    path("responses/<int:pk>/exclude/", responses.response_exclude, name="response_exclude"),
    path("responses/<int:pk>/restore/", responses.response_restore, name="response_restore"),
    path("s/preview/<str:token>/", answer.answer_preview, name="answer_preview"),
    path("s/<str:token>/", answer.answer, name="answer"),
    path("s/<str:token>/done/", answer.answer_done, name="answer_done"),
]
