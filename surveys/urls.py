from __future__ import annotations

from django.urls import URLPattern, path

from surveys.views import campaigns, deliveries, imports, launching, settings, surveys, unsubscribe

urlpatterns: list[URLPattern] = [
    path("surveys/", surveys.surveys, name="surveys"),
    path("surveys/new/", surveys.survey_new, name="survey_new"),
    path("surveys/preview/", surveys.survey_preview, name="survey_preview"),
    path("surveys/<int:pk>/", surveys.survey, name="survey"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/audience/", campaigns.campaign_audience, name="campaign_audience"),
    path("campaigns/<int:pk>/", launching.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/people/", launching.campaign_people, name="campaign_people"),
    path("campaigns/<int:pk>/mail/<str:language>/", launching.campaign_mail, name="campaign_mail"),
    path("campaigns/<int:pk>/test/", launching.campaign_test, name="campaign_test"),
    path("campaigns/<int:pk>/launch/", launching.campaign_launch, name="campaign_launch"),
    path("campaigns/<int:pk>/pause/", launching.campaign_pause, name="campaign_pause"),
    path("campaigns/<int:pk>/resume/", launching.campaign_resume, name="campaign_resume"),
    path("campaigns/<int:pk>/cancel/", launching.campaign_cancel, name="campaign_cancel"),
    path("campaigns/<int:pk>/delete/", launching.campaign_delete, name="campaign_delete"),
    path("settings/", settings.settings, name="settings"),
    path("settings/senders/new/", settings.sender_new, name="sender_new"),
    path("settings/senders/<int:pk>/", settings.sender, name="sender"),
    path("contacts/import/", imports.contact_import, name="contact_import"),
    path("contacts/import/<int:pk>/", imports.import_batch, name="import_batch"),
    path("contacts/import/<int:pk>/problems.csv", imports.import_problems, name="import_problems"),
    path("contacts/import/<int:pk>/undo/", imports.import_undo, name="import_undo"),
    path("deliveries/unknown/", deliveries.unknown_deliveries, name="unknown_deliveries"),
    path(
        "deliveries/<str:kind>/<int:pk>/resolve/",
        deliveries.delivery_resolve,
        name="delivery_resolve",
    ),
    path("senders/<int:pk>/try-now/", deliveries.sender_try_now, name="sender_try_now"),
    path("u/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
