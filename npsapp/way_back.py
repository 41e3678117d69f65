"""The page above a page: the link over its title."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Above(NamedTuple):
    """A page above others. One that is about a single thing shares its number with those below."""

    title: str | Promise
    name: str
    takes_number: bool = False


class WayBack(NamedTuple):
    title: str | Promise
    url: str


ACCOUNTS = Above(_("Accounts"), "accounts")
BENCHMARKS = Above(_("Published figures"), "benchmarks")
CAMPAIGN = Above(_("Back to the campaign"), "campaign", takes_number=True)
CAMPAIGNS = Above(_("Campaigns"), "campaigns")
CONTACT = Above(_("Back to the person"), "contact", takes_number=True)
CONTACTS = Above(_("Contacts"), "contacts")
CONTACT_IMPORTS = Above(_("Import contacts"), "contact_import")
DASHBOARD = Above(_("Dashboard"), "dashboard")
EVENTS = Above(_("Events"), "events")
FOLLOW_UPS = Above(_("Follow-ups"), "follow_ups")
IMPROVEMENT = Above(_("Back to the improvement"), "improvement", takes_number=True)
IMPROVEMENTS = Above(_("Improvements"), "improvements")
LOOP = Above(_("Is the loop closed?"), "loop")
OUTBOX = Above(_("Outbox"), "outbox")
PROFILE = Above(_("My profile"), "profile")
PROPERTIES = Above(_("Properties"), "properties")
REPLY_TEXTS = Above(_("Reply texts"), "reply_templates")
RESPONSES = Above(_("Responses"), "responses")
RESPONSE_IMPORTS = Above(_("Import past answers"), "response_import")
SENDER = Above(_("Back to the sender"), "sender", takes_number=True)
SETTINGS = Above(_("Settings"), "settings")
SUPPRESSIONS = Above(_("Not to be mailed"), "suppressions")
SURVEYS = Above(_("Surveys"), "surveys")
TEAM = Above(_("Team"), "team")
USERS = Above(_("Users"), "users")
WRITING_ROUNDS = Above(_("Thank promoters"), "writing_rounds")

ABOVE = {
    "account": ACCOUNTS,
    "automatic_reply": REPLY_TEXTS,
    "benchmark": BENCHMARKS,
    "benchmark_new": BENCHMARKS,
    "benchmarks": DASHBOARD,
    "campaign": CAMPAIGNS,
    "campaign_edit": CAMPAIGN,
    "campaign_new": CAMPAIGNS,
    "campaign_people": CAMPAIGN,
    "compare": DASHBOARD,
    "contact": CONTACTS,
    "contact_edit": CONTACT,
    "contact_erase": CONTACT,
    "contact_import": CONTACTS,
    "contact_new": CONTACTS,
    "dashboard_digests": DASHBOARD,
    "dashboard_shares": DASHBOARD,
    "first_steps": DASHBOARD,
    "event_edit": EVENTS,
    "event_new": EVENTS,
    "events": DASHBOARD,
    "follow_ups_filter": FOLLOW_UPS,
    "held_deliveries": CAMPAIGNS,
    "escalation": TEAM,
    "import_batch": CONTACT_IMPORTS,
    "improvement": IMPROVEMENTS,
    "improvement_edit": IMPROVEMENT,
    "improvement_gather": FOLLOW_UPS,
    "improvement_new": IMPROVEMENTS,
    "my_digests": PROFILE,
    "my_notices": PROFILE,
    "member": TEAM,
    "huddle": FOLLOW_UPS,
    "loop": FOLLOW_UPS,
    "loop_rows": LOOP,
    "outbox_mail": OUTBOX,
    "pairs": DASHBOARD,
    "property_edit": PROPERTIES,
    "property_new": PROPERTIES,
    "recipes": TEAM,
    "reply_template": REPLY_TEXTS,
    "reply_template_new": REPLY_TEXTS,
    "reply_templates": TEAM,
    "response": RESPONSES,
    "response_batch": RESPONSE_IMPORTS,
    "response_import": RESPONSES,
    "responses_export": RESPONSES,
    "responses_file": RESPONSES,
    "sender": SETTINGS,
    "sender_mail": SENDER,
    "sender_new": SETTINGS,
    "stray_mails": REPLY_TEXTS,
    "suppression_remove": SUPPRESSIONS,
    "survey": SURVEYS,
    "survey_new": SURVEYS,
    "survey_preview": SURVEYS,
    "team_me": FOLLOW_UPS,
    "unknown_deliveries": CAMPAIGNS,
    "user": USERS,
    "user_invite": USERS,
    "users": SETTINGS,
    "writing_round": WRITING_ROUNDS,
    "writing_rounds": FOLLOW_UPS,
}


# What a page adds to the selection that it was opened with.
OWN = {"page", "step", "style"}


def keep_selection(asked: QueryDict) -> list[tuple[str, str]]:
    return [(name, each) for name, values in asked.lists() if name not in OWN for each in values]


def keep_side(asked: QueryDict) -> list[tuple[str, str]]:
    """Of two selections side by side the one with which somebody came."""
    start = "b." if asked.get("of") == "b" else "a."
    return [
        (name.removeprefix(start), each)
        for name, values in asked.lists()
        if name.startswith(start) and name != f"{start}shown"
        for each in values
        if each
    ]


# Pages that were opened from a selection, and go back to it.
KEPT: dict[str, Callable[[QueryDict], list[tuple[str, str]]]] = {
    "compare": keep_side,
    "dashboard_shares": keep_selection,
    "pairs": keep_selection,
    "responses_export": keep_selection,
}


def find_way_back(request: HttpRequest) -> WayBack | None:
    """Where the page of a request hangs under; None for the places of the rail."""
    match = request.resolver_match
    page = (match.url_name or "") if match else ""
    above = ABOVE.get(page)
    if above is None or match is None:
        return None
    number = {"pk": match.kwargs["pk"]} if above.takes_number else {}
    url = reverse(above.name, kwargs=number)
    kept = KEPT[page](request.GET) if page in KEPT else []
    return WayBack(above.title, f"{url}?{urlencode(kept)}" if kept else url)
