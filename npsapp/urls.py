"""Every address of the product. Each app lists its own; pages that span apps stand here."""

from __future__ import annotations

from django.urls import include, path

from npsapp.pages import (
    accounts,
    contacts,
    dashboard,
    first_steps,
    outbox,
    passwords,
    person,
    privacy,
    profile,
    readiness,
    retention,
    session,
    setup,
    users,
)

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("login/", session.log_in, name="login"),
    path("logout/", session.log_out, name="logout"),
    path("language/", session.set_language, name="set_language"),
    path("healthz", readiness.healthz, name="healthz"),
    path("readyz", readiness.readyz, name="readyz"),
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("password/", passwords.password_forgotten, name="password_forgotten"),
    path("password/asked/", passwords.password_asked, name="password_asked"),
    path("password/<str:purpose>/<str:token>/", passwords.password_new, name="password_new"),
    path("me/", profile.profile, name="profile"),
    path("me/password/", profile.profile_password, name="profile_password"),
    path("settings/users/", users.users, name="users"),
    path("settings/users/new/", users.user_invite, name="user_invite"),
    path("settings/users/<int:pk>/", users.user, name="user"),
    path("settings/users/<int:pk>/invite/", users.user_invite_again, name="user_invite_again"),
    path("settings/users/<int:pk>/deactivate/", users.user_deactivate, name="user_deactivate"),
    path("settings/users/<int:pk>/reactivate/", users.user_reactivate, name="user_reactivate"),
    path("settings/retention/", retention.retention, name="retention"),
    path("settings/retention/people/", retention.retention_people, name="retention_people"),
    path("first-steps/", first_steps.first_steps, name="first_steps"),
    path("first-steps/close/", first_steps.first_steps_close, name="first_steps_close"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/<int:pk>/", person.contact, name="contact"),
    path("contacts/<int:pk>/erase/", privacy.contact_erase, name="contact_erase"),
    path("contacts/<int:pk>/export.<str:form>", privacy.contact_export, name="contact_export"),
    path("contacts/accounts/", accounts.accounts, name="accounts"),
    path("contacts/accounts/<int:pk>/", accounts.account, name="account"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.outbox_mail, name="outbox_mail"),
    path("outbox/<str:name>/html/", outbox.outbox_html, name="outbox_html"),
    path("", include("surveys.urls")),
    path("", include("responses.urls")),
    path("", include("closeloop.urls")),
]
