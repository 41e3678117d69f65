"""The page above a page: the link over its title."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest
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


def find_way_back(request: HttpRequest) -> WayBack | None:
    """Where the page of a request hangs under; None for the places of the rail."""
    match = request.resolver_match
    above = ABOVE.get(match.url_name or "") if match else None
    if above is None or match is None:
        return None
    number = {"pk": match.kwargs["pk"]} if above.takes_number else {}
    return WayBack(above.title, reverse(above.name, kwargs=number))
