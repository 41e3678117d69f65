"""Who can log in to the sample data. `manage.py up` prints these."""

from __future__ import annotations

from npsapp.roles import Role

DOMAIN = "papiereneend.example"
PASSWORD = "papieren-eend"  # noqa: S105  (the sample data listens on this machine only)

# address: name, role, language
PEOPLE = {
    f"beheer@{DOMAIN}": ("Odilia Ordekast", Role.ADMIN, "nl"),
    f"manager@{DOMAIN}": ("Marius Meetlat", Role.MANAGER, "en"),
    f"agent@{DOMAIN}": ("Saartje Sluitring", Role.AGENT, "nl"),
    f"lezer@{DOMAIN}": ("Lubbert Leesplank", Role.VIEWER, "nl"),
}
LOGINS = list(PEOPLE)
# A colleague who shares the work, so that owners differ; nobody logs in as this person.
COLLEAGUE = (f"collega@{DOMAIN}", "Bastiaan Belgerust", Role.AGENT, "nl")
