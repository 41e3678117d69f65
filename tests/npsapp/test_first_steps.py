"""The list of first steps: ticked off by what is there, put away when done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from npsapp.first_steps import find_first_steps, list_first_steps
from npsapp.models import User
from npsapp.roles import Role
from surveys.models import Campaign, Mail, Organisation, Sender, Survey, get_organisation
from tests.factories import (
    make_campaign,
    make_contact,
    make_mail,
    make_member,
    make_organisation,
    make_response,
    make_sender,
    make_survey,
    make_test,
)
from tests.responses.customers import preview_path
from tests.snapshots import snapshot_rows

pytestmark = pytest.mark.django_db


def list_done() -> list[str]:
    return [step.title for step, _ in list_first_steps(Role.ADMIN).steps if step.is_done]


def take_all_steps() -> None:
    make_organisation(test_answered_at=timezone.now())
    make_sender()
    notices = make_sender(lane=Sender.Lane.TRANSACTIONAL)
    make_contact()
    make_member()
    make_campaign()
    make_mail(kind=Mail.Kind.TEST, state=Mail.State.SENT, sent_at=timezone.now(), sender=notices)


def test_nothing_is_done_at_first(admin_client: Client) -> None:
    page = admin_client.get(reverse("dashboard")).content.decode()

    assert list_done() == []
    assert "0 of 8 are done." in page
    assert "Next: Your company." in page


def test_each_step_ticks_itself_off() -> None:
    done = []
    acts: list[Callable[[], object]] = [
        lambda: make_organisation(),
        lambda: Organisation.objects.update(accent="#0055aa"),
        lambda: [make_sender(), make_sender(lane=Sender.Lane.TRANSACTIONAL)],
        lambda: make_contact(),
        lambda: make_member(),
        lambda: make_survey(),
        lambda: make_mail(kind=Mail.Kind.TEST, state=Mail.State.SENT, sent_at=timezone.now()),
        lambda: make_test(campaign=make_campaign(survey=Survey.objects.first(), state="draft")),
        lambda: make_campaign(),
    ]

    for act in acts:
        act()
        done.append(list_done())

    assert [len(titles) for titles in done] == list(range(1, 10))
    assert [titles[-1] for titles in done] == [
        "Your company",
        "Logo and colour",
        "Senders",
        "Contacts",
        "Who follows up",
        "The question",
        "A test mail",
        "Your own answer to it",
        "Launch",
    ]


def test_half_of_a_step_is_no_step() -> None:
    make_organisation(postal_address="")
    make_sender()
    make_campaign(state=Campaign.State.DRAFT)
    make_mail(kind=Mail.Kind.TEST, sender=Sender.objects.first())
    make_member(on_duty=False)

    assert list_done() == ["The question"]


def test_every_link_leads_to_a_page(admin_client: Client) -> None:
    for _ in range(2):
        for step, _may in list_first_steps(Role.ADMIN).steps:
            assert admin_client.get(step.url).status_code == 200
        make_campaign(state=Campaign.State.DRAFT)


def test_manager_is_told_what_an_admin_does(manager_client: Client) -> None:
    page = manager_client.get(reverse("first_steps")).content.decode()

    assert "An admin does this." in page
    assert reverse("sender_new") not in page


def test_list_is_put_away_only_when_done(admin_client: Client) -> None:
    make_organisation()
    refused = admin_client.post(reverse("first_steps_close"))
    assert refused.headers["Location"] == reverse("first_steps")
    assert get_organisation().first_steps_closed_at is None

    take_all_steps()
    assert "put the list away" in admin_client.get(reverse("dashboard")).content.decode()
    admin_client.post(reverse("first_steps_close"))

    assert get_organisation().first_steps_closed_at is not None
    assert "first-steps-title" not in admin_client.get(reverse("dashboard")).content.decode()


def test_sample_company_and_agents_have_no_first_steps(agent: User, client: Client) -> None:
    client.force_login(agent)
    assert "first-steps-title" not in client.get(reverse("dashboard")).content.decode()

    make_organisation(is_sample=True)
    assert find_first_steps(Role.ADMIN, get_organisation()) is None


def test_real_answers_make_the_trial_needless() -> None:
    make_organisation()
    make_response()

    assert "Your own answer to it" in list_done()


def test_looking_writes_nothing(admin_client: Client) -> None:
    admin_client.get(reverse("dashboard"))
    before = snapshot_rows()

    admin_client.get(reverse("first_steps"))

    assert snapshot_rows() == before


def test_own_answer_leads_to_its_follow_up_and_stays_ticked(admin_client: Client) -> None:
    make_organisation()
    test = make_test()

    step = next(s for s, _ in list_first_steps(Role.ADMIN).steps if "own answer" in s.title)
    admin_client.post(reverse("follow_ups_remove_tests"))

    assert step.url == test.get_absolute_url()
    assert "Your own answer to it" in list_done()


def test_looking_at_a_preview_is_no_answer(client: Client) -> None:
    make_organisation()
    client.post(preview_path(make_campaign()), {"score": "9"})

    assert "Your own answer to it" not in list_done()


def test_numbers_end_at_the_count_and_skip_the_optional_step() -> None:
    listed = list_first_steps(Role.ADMIN)

    numbers = [number for _step, _may, number in listed.numbered if number]
    assert numbers == list(range(1, listed.needed + 1))
    assert [s.title for s, _, number in listed.numbered if not number] == ["Logo and colour"]
