from __future__ import annotations

from django.urls import path

from responses.views import (
    answer,
    benchmarks,
    comparing,
    events,
    exporting,
    imports,
    invited,
    pairs,
    responses,
    trying,
)

urlpatterns = [
    path("events/", events.events, name="events"),
    path("events/new/", events.event_new, name="event_new"),
    path("events/<int:pk>/", events.event_edit, name="event_edit"),
    path("events/<int:pk>/delete/", events.event_delete, name="event_delete"),
    path("responses/", responses.responses, name="responses"),
    path("responses/invited/", invited.invited, name="invited"),
    path("responses/pairs/", pairs.pairs, name="pairs"),
    path("responses/export/", exporting.responses_export, name="responses_export"),
    path("responses/export/large/", exporting.responses_file_new, name="responses_file_new"),
    path("responses/export/<int:pk>/", exporting.responses_file, name="responses_file"),
    path(
        "responses/export/<int:pk>/content/",
        exporting.responses_file_content,
        name="responses_file_content",
    ),
    path("responses/<int:pk>/", responses.response, name="response"),
    path("responses/<int:pk>/accept/", responses.response_accept, name="response_accept"),
    path("responses/<int:pk>/exclude/", responses.response_exclude, name="response_exclude"),
    path("responses/<int:pk>/restore/", responses.response_restore, name="response_restore"),
    path("responses/import/", imports.response_import, name="response_import"),
    path("responses/import/<int:pk>/", imports.response_batch, name="response_batch"),
    path(
        "responses/import/<int:pk>/problems.csv",
        imports.response_problems,
        name="response_problems",
    ),
    path("responses/import/<int:pk>/undo/", imports.response_undo, name="response_undo"),
    path("compare/", comparing.compare, name="compare"),
    path("benchmarks/", benchmarks.benchmarks, name="benchmarks"),
    path("benchmarks/usual/", benchmarks.benchmarks_usual, name="benchmarks_usual"),
    path("benchmarks/new/", benchmarks.benchmark_new, name="benchmark_new"),
    path("benchmarks/<int:pk>/", benchmarks.benchmark, name="benchmark"),
    path("benchmarks/<int:pk>/delete/", benchmarks.benchmark_delete, name="benchmark_delete"),
    path("s/preview/<str:token>/", answer.answer_preview, name="answer_preview"),
    path("s/test/<str:token>/", trying.answer_test, name="answer_test"),
    path("s/test/<str:token>/done/", trying.answer_test_done, name="answer_test_done"),
    path("s/<str:token>/", answer.answer, name="answer"),
    path("s/<str:token>/done/", answer.answer_done, name="answer_done"),
]
