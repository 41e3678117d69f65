"""Every address of the product. Each app lists its own; pages that span apps stand here."""

from __future__ import annotations

from django.urls import include, path

from npsapp.pages import accounts, contacts, dashboard, outbox, person, privacy, session

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("login/", session.log_in, name="login"),
    path("logout/", session.log_out, name="logout"),
    path("language/", session.set_language, name="set_language"),
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
