"""Every route × role × method: who may open what is decided here, and nowhere by accident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from npsapp.models import User
from npsapp.roles import Role
from tests.factories import make_user

PUBLIC = {
    "answer",
    "answer_done",
    "answer_preview",
    "answer_test",
    "answer_test_done",
    "brand_logo",
    "brand_style",
    "healthz",
    "inbound_mail",
    "login",
    "logout",
    "password_asked",
    "password_forgotten",
    "password_new",
    "provider_events",
    "readyz",
    "set_language",
    "setup",
    "shared",
    "resubscribe",
    "unsubscribe",
}
# Posted from a mail or a cookie-free page: there is no session that could be abused.
CSRF_EXEMPT = {
    "answer",
    "answer_done",
    "answer_preview",
    "answer_test",
    "answer_test_done",
    "inbound_mail",
    "provider_events",
    "resubscribe",
    "unsubscribe",
}

VIEWER = {
    "compare",
    "dashboard",
    "dashboard_view_add",
    "dashboard_view_delete",
    "dashboard_view_edit",
    "events",
    "improvement",
    "improvement_edit",
    "improvement_note",
    "improvement_state",
    "improvements",
    "invited",
    "my_digest_switch",
    "my_digests",
    "my_notices",
    "pairs",
    "panel_csv",
    "panel_svg",
    "profile",
    "profile_password",
    "response",
    "responses",
    "responses_export",
    "responses_file",
    "responses_file_content",
    "responses_file_new",
}
AGENT = {
    "account",
    "accounts",
    "contact",
    "contacts",
    "follow_up",
    "follow_up_assign",
    "follow_up_call",
    "follow_up_close",
    "follow_up_draft",
    "follow_up_draft_discard",
    "follow_up_gesture",
    "follow_up_note",
    "follow_up_own",
    "follow_up_presence",
    "follow_up_reopen",
    "follow_up_reply",
    "follow_up_remove_test",
    "follow_up_snooze",
    "follow_up_step",
    "follow_up_tag",
    "follow_up_template",
    "follow_up_unassign",
    "follow_up_unclose",
    "follow_up_wake",
    "follow_ups",
    "improvement_gather",
    "improvement_new",
    "my_absence_add",
    "my_absence_remove",
    "follow_ups_bulk",
    "follow_ups_filter",
    "follow_ups_news",
    "follow_ups_undo",
    "queue_shortcuts",
    "responses_bulk",
    "responses_undo",
    "saved_view_add",
    "saved_view_delete",
    "saved_view_edit",
    "huddle",
    "team_me",
    "voice_remove",
    "voice_told",
    "voice_write",
    "writing_round",
    "writing_rounds",
}
MANAGER = {
    "absence_add",
    "absence_remove",
    "account_merge",
    "account_rename",
    "automatic_reply",
    "benchmark",
    "benchmark_delete",
    "benchmark_new",
    "benchmarks",
    "benchmarks_usual",
    "campaign",
    "campaign_audience",
    "campaign_cancel",
    "campaign_delete",
    "campaign_edit",
    "campaign_join",
    "campaign_launch",
    "campaign_mail",
    "campaign_new",
    "campaign_pause",
    "campaign_people",
    "campaign_reminders",
    "campaign_repeat",
    "campaign_repetition",
    "campaign_resume",
    "campaign_test",
    "campaigns",
    "invitation_hold",
    "invitation_let_go",
    "dashboard_digest_edit",
    "dashboard_digest_end",
    "dashboard_digests",
    "dashboard_share_revoke",
    "dashboard_shares",
    "contact_edit",
    "contact_erase",
    "contact_export",
    "contact_import",
    "contact_new",
    "escalation",
    "event_delete",
    "event_edit",
    "event_new",
    "first_steps",
    "first_steps_close",
    "follow_ups_remove_tests",
    "import_batch",
    "import_problems",
    "import_undo",
    "member",
    "loop",
    "loop_file",
    "loop_rows",
    "member_add",
    "member_duty",
    "member_hand_over",
    "outbox",
    "outbox_html",
    "unknown_deliveries",
    "sending",
    "unknown_settle",
    "delivery_resolve",
    "held_deliveries",
    "sender_try_now",
    "outbox_mail",
    "properties",
    "property_delete",
    "property_edit",
    "property_new",
    "recipe_save",
    "recipe_usual",
    "recipes",
    "reply_template",
    "reply_template_delete",
    "reply_template_new",
    "reply_templates",
    "reply_templates_usual",
    "response_accept",
    "response_exclude",
    "response_batch",
    "response_import",
    "response_problems",
    "response_restore",
    "responses_exclude",
    "response_undo",
    "root_cause_add",
    "root_cause_delete",
    "root_cause_edit",
    "root_causes_usual",
    "stray_mail_discard",
    "stray_mail_file",
    "stray_mails",
    "suppression_add",
    "suppression_remove",
    "suppressions",
    "survey",
    "survey_new",
    "survey_preview",
    "surveys",
    "team",
    "team_share_out",
}
ADMIN = {
    "retention",
    "retention_people",
    "sender",
    "sender_mail",
    "sender_new",
    "sending_go",
    "sending_stop",
    "settings",
    "user",
    "user_deactivate",
    "user_invite",
    "user_invite_again",
    "user_reactivate",
    "users",
}
ROLE_OF = {
    **dict.fromkeys(VIEWER, Role.VIEWER),
    **dict.fromkeys(AGENT, Role.AGENT),
    **dict.fromkeys(MANAGER, Role.MANAGER),
    **dict.fromkeys(ADMIN, Role.ADMIN),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern


ROUTES = {str(route.name): (path, route) for path, route in walk(get_resolver().url_patterns)}


def make_path(path: str) -> str:
    """A path of that shape which names nothing that exists."""
    for converter in ("<int:", "<str:", "<slug:", "<path:"):
        while converter in path:
            start = path.index(converter)
            end = path.index(">", start)
            path = (
                path[:start]
                + ("987654321" if converter == "<int:" else "nothing")
                + path[end + 1 :]
            )
    return "/" + path


def test_route_names_are_unique() -> None:
    names = [route.name for _, route in walk(get_resolver().url_patterns)]

    assert len(names) == len(set(names))


def test_routes_are_all_decided() -> None:
    decided = PUBLIC | set(ROLE_OF)

    assert set(ROUTES) == decided


def test_public_routes_equal_the_decorators() -> None:
    marked = {
        name
        for name, (_, route) in ROUTES.items()
        if getattr(route.callback, "login_required", True) is False
    }

    assert marked == PUBLIC


def test_csrf_exempt_routes_equal_the_decorators() -> None:
    marked = {
        name for name, (_, route) in ROUTES.items() if getattr(route.callback, "csrf_exempt", False)
    }

    assert marked == CSRF_EXEMPT


def test_roles_equal_the_decorators() -> None:
    marked = {
        name: getattr(route.callback, "required_role", None)
        for name, (_, route) in ROUTES.items()
        if name not in PUBLIC
    }

    assert marked == ROLE_OF


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ROLE_OF))
@pytest.mark.parametrize("method", METHODS)
def test_anonymous_is_sent_to_login(name: str, method: str, client: Client) -> None:
    path = make_path(ROUTES[name][0])

    response = client.generic(method, path)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_what_it_covers(role: Role, client: Client) -> None:
    client.force_login(make_user(role=role))
    wrong = []

    for name, needed in ROLE_OF.items():
        for method in METHODS:
            status = client.generic(method, make_path(ROUTES[name][0])).status_code
            allowed = role.covers(needed)
            # Inside, a stranger's object is missing (404), a method unknown (405), a form empty.
            expected = {200, 302, 404, 405, 422} if allowed else {403}
            if status not in expected:
                wrong.append(f"{method} {name} as {role}: {status}")

    assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ROLE_OF))
def test_deactivated_person_is_out_at_once(name: str, client: Client) -> None:
    person: User = make_user(role=Role.ADMIN)
    client.force_login(person)
    person.is_active = False
    person.save(update_fields=["is_active"])

    response = client.get(make_path(ROUTES[name][0]))

    assert response.status_code == 302
