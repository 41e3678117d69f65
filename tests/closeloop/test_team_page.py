"""The team page: who is on duty, signatures, and the list of root causes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from closeloop.models import FollowUp, Member, RootCause
from npsapp.models import User
from tests.factories import make_follow_up, make_member, make_organisation, make_user

# Session, user, organisation twice, the rail, four for a manager's banners; members, the
# unassigned, causes, and who can be added; who may, absences, organisation, coming days, handings.
QUERIES = 17
POSTS = ["member_add", "team_share_out", "root_cause_add", "root_causes_usual"]


@pytest.mark.parametrize("rows", [1, 3])
def test_team_shows_load_per_member_in_as_many_queries_for_any_number(
    manager_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_organisation()
    for _ in range(rows):
        owner = make_member().user
        make_follow_up(owner=owner)
        make_follow_up(owner=owner)

    with django_assert_num_queries(QUERIES):
        members = manager_client.get(reverse("team")).context["members"]

    assert [(member.load, member.late) for member in members] == [(2, 0)] * rows


def test_team_without_members_says_what_that_means(manager_client: Client) -> None:
    html = manager_client.get(reverse("team")).content.decode()

    assert "Nobody follows up yet" in html
    assert "manage.py" not in html
    assert "An admin invites them under Settings → Users." in html


def test_admin_finds_the_way_to_invite_a_colleague(admin_client: Client) -> None:
    html = admin_client.get(reverse("team")).content.decode()

    assert f'href="{reverse("user_invite")}"' in html


def test_agent_becomes_a_member_once(manager_client: Client) -> None:
    user = make_user()

    first = manager_client.post(reverse("member_add"), {"user": user.pk})
    second = manager_client.post(reverse("member_add"), {"user": user.pk})

    assert (first.status_code, second.status_code) == (302, 422)
    assert Member.objects.get().user == user


def test_viewer_cannot_become_a_member(manager_client: Client, viewer: User) -> None:
    response = manager_client.post(reverse("member_add"), {"user": viewer.pk})

    assert (response.status_code, Member.objects.count()) == (422, 0)


@pytest.mark.parametrize(("value", "on_duty"), [("no", False), ("yes", True), ("maybe", True)])
def test_duty_is_set_to_what_the_button_says(
    manager_client: Client, value: str, on_duty: bool
) -> None:
    member = make_member()

    manager_client.post(reverse("member_duty", args=[member.pk]), {"on_duty": value})

    member.refresh_from_db()
    assert member.on_duty is on_duty


def test_unassigned_are_shared_out_by_a_button(manager_client: Client) -> None:
    follow_up = make_follow_up()
    member = make_member()

    page = manager_client.post(reverse("team_share_out"), follow=True)

    follow_up.refresh_from_db()
    assert follow_up.owner == member.user
    assert "1 follow-up found an owner." in page.content.decode()


def test_sharing_out_says_beforehand_how_many_go_to_whom(manager_client: Client) -> None:
    first, second = make_member().user, make_member().user
    make_follow_up(owner=first)
    for _ in range(3):
        make_follow_up(owner=None)

    before = manager_client.get(reverse("team")).context["shares"]
    manager_client.post(reverse("team_share_out"))

    assert before == f"{second} (2), {first} (1)"
    assert FollowUp.objects.filter(owner=second).count() == 2


def test_usual_causes_fill_an_empty_list_only(manager_client: Client) -> None:
    make_organisation(default_language="en")

    manager_client.post(reverse("root_causes_usual"))
    manager_client.post(reverse("root_causes_usual"))

    assert RootCause.objects.count() == 8


def test_usual_causes_come_in_the_language_of_who_asks(manager_client: Client) -> None:
    make_organisation(default_language="nl")

    manager_client.post(reverse("root_causes_usual"))

    assert RootCause.objects.filter(label="Delivery late").exists()


def test_cause_that_nothing_was_closed_with_can_be_deleted(manager_client: Client) -> None:
    cause = RootCause.objects.create(label="Fiets")
    url = reverse("root_cause_delete", args=[cause.pk])
    assert url in manager_client.get(reverse("team")).content.decode()

    page = manager_client.post(url, follow=True).content.decode()

    assert not RootCause.objects.exists()
    assert "“Fiets” is deleted." in page


def test_cause_of_a_follow_up_cannot_be_deleted(manager_client: Client) -> None:
    cause = RootCause.objects.create(label="Fiets")
    follow_up = make_follow_up()
    follow_up.root_cause = cause
    follow_up.save(update_fields=["root_cause"])
    url = reverse("root_cause_delete", args=[cause.pk])
    assert url not in manager_client.get(reverse("team")).content.decode()

    page = manager_client.post(url, follow=True).content.decode()

    assert RootCause.objects.get() == cause
    assert "“Fiets” stays" in page


def test_cause_is_added_renamed_and_taken_out_of_use(manager_client: Client) -> None:
    manager_client.post(reverse("root_cause_add"), {"label": "Fiets", "is_active": "on"})
    cause = RootCause.objects.get()

    manager_client.post(reverse("root_cause_edit", args=[cause.pk]), {"label": "Fietsen"})

    cause.refresh_from_db()
    assert (cause.label, cause.is_active) == ("Fietsen", False)


def test_thirteenth_cause_is_refused(manager_client: Client) -> None:
    for number in range(12):
        RootCause.objects.create(label=f"Oorzaak {number}")

    response = manager_client.post(
        reverse("root_cause_add"), {"label": "Nog een", "is_active": "on"}
    )

    assert (response.status_code, RootCause.objects.count()) == (422, 12)


def test_same_cause_twice_is_refused_with_what_was_typed(manager_client: Client) -> None:
    RootCause.objects.create(label="Fiets")

    response = manager_client.post(reverse("root_cause_add"), {"label": "Fiets"})

    assert response.status_code == 422
    assert 'value="Fiets" maxlength="80" required aria-invalid="true"' in response.content.decode()


def test_signature_is_kept_without_putting_anybody_on_duty(
    agent_client: Client, agent: User
) -> None:
    agent_client.post(reverse("team_me"), {"signature": "Arie\r\nKlantenservice"})

    member = Member.objects.get(user=agent)
    assert (member.signature, member.on_duty) == ("Arie\nKlantenservice", False)


def test_signature_can_be_removed_and_duty_stays(agent_client: Client, agent: User) -> None:
    make_member(user=agent, signature="Arie")

    agent_client.post(reverse("team_me"), {"signature": ""})

    member = Member.objects.get(user=agent)
    assert (member.signature, member.on_duty) == ("", True)


def test_signature_that_is_too_long_is_refused(agent_client: Client) -> None:
    response = agent_client.post(reverse("team_me"), {"signature": "x" * 501})

    assert (response.status_code, Member.objects.count()) == (422, 0)


def test_looking_at_ones_signature_writes_nothing(agent_client: Client) -> None:
    assert agent_client.get(reverse("team_me")).status_code == 200
    assert Member.objects.count() == 0


@pytest.mark.parametrize("name", POSTS)
def test_agent_may_not_run_the_team(agent_client: Client, name: str) -> None:
    assert agent_client.post(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", POSTS)
def test_looking_never_acts(manager_client: Client, name: str) -> None:
    response = manager_client.get(reverse(name))

    is_drawn_on = name in {"member_add", "root_cause_add"}
    assert response.status_code == (302 if is_drawn_on else 405)
    assert response.headers.get("Location") == (reverse("team") if is_drawn_on else None)
    assert not RootCause.objects.exists()


def test_agent_may_not_see_the_team_and_viewer_not_even_a_signature(
    agent_client: Client, viewer_client: Client
) -> None:
    assert agent_client.get(reverse("team")).status_code == 403
    assert viewer_client.get(reverse("team_me")).status_code == 403


@pytest.mark.parametrize("name", ["member_duty", "root_cause_delete", "root_cause_edit"])
def test_missing_row_is_not_found(manager_client: Client, name: str) -> None:
    assert manager_client.post(reverse(name, args=[987_654_321])).status_code == 404
