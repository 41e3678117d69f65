"""The test mail that a launch needs, and the mail that must be complete."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from surveys import rehearsing
from surveys.campaigns import CannotMove, describe_terms, launch
from surveys.models import Campaign, Survey, get_organisation
from surveys.planning.plan import draw_plan
from surveys.rehearsing import (
    Rehearsal,
    Sample,
    find_gaps,
    find_rehearsal,
    fingerprint,
    write_samples,
)
from surveys.sending.invitation_mail import Words
from tests.factories import (
    make_campaign,
    make_contact,
    make_organisation,
    make_rehearsal,
    make_survey,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def organisation(db: None) -> None:
    make_organisation(postal_address="D'Oude Weg 1 & 2,  1000 AA Testdam")


def make_draft() -> Campaign:
    return make_campaign(state="draft", survey=make_survey(languages=["nl", "en"]))


def look(campaign: Campaign) -> Rehearsal:
    campaign = Campaign.objects.get(pk=campaign.pk)
    return find_rehearsal(
        campaign, fingerprint(campaign, write_samples(campaign, get_organisation()))
    )


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("scheduled", Rehearsal.WAITING),
        ("sending", Rehearsal.WAITING),
        ("sent", Rehearsal.SENT),
        ("failed", Rehearsal.FAILED),
        ("unknown", Rehearsal.FAILED),
    ],
)
def test_only_a_test_mail_that_left_counts(state: str, found: Rehearsal) -> None:
    campaign = make_draft()
    assert look(campaign) == Rehearsal.NONE

    make_rehearsal(campaign, state=state)

    assert look(campaign) == found


def change_survey(campaign: Campaign) -> None:
    Survey.objects.filter(pk=campaign.survey_id).update(company="Iets anders")


def change_language(campaign: Campaign) -> None:
    Survey.objects.filter(pk=campaign.survey_id).update(languages=["nl"])


def change_address(campaign: Campaign) -> None:
    make_organisation(postal_address="Elders 3")


def change_sender(campaign: Campaign) -> None:
    campaign.sender.from_name = "Iemand"
    campaign.sender.save()


@pytest.mark.parametrize("change", [change_survey, change_language, change_address, change_sender])
def test_whatever_changes_the_mail_asks_for_another_test(change: Any) -> None:
    campaign = make_draft()
    make_rehearsal(campaign)

    change(campaign)

    assert look(campaign) == Rehearsal.OUTDATED


def test_change_of_the_window_keeps_the_test() -> None:
    campaign = make_draft()
    make_rehearsal(campaign)

    Campaign.objects.filter(pk=campaign.pk).update(window_days=3, daily_limit=5, name="Anders")

    assert look(campaign) == Rehearsal.SENT


def test_test_of_another_campaign_does_not_count() -> None:
    campaign = make_draft()
    make_rehearsal(make_campaign(state="draft", survey=campaign.survey, sender=campaign.sender))

    assert look(campaign) == Rehearsal.NONE


@pytest.mark.parametrize("state", ["", "scheduled"])
def test_launch_without_a_sent_test_is_refused(state: str) -> None:
    make_contact()
    campaign = make_draft()
    if state:
        make_rehearsal(campaign, state=state)
    plan = draw_plan(campaign, now=NOW)

    with pytest.raises(CannotMove, match="test mail"):
        launch(campaign, previewed=plan.mails, terms=describe_terms(campaign), now=NOW)

    assert not campaign.invitations.exists()


def test_our_own_mail_is_complete() -> None:
    campaign = make_draft()
    organisation = get_organisation()

    assert find_gaps(campaign, organisation, write_samples(campaign, organisation)) == []


@pytest.mark.parametrize(
    ("cut", "gap"),
    [
        ("answer?score=10", "links to the scores"),
        ("https://link.example/unsubscribe", "link to unsubscribe"),
        ("Testdam", "postal address"),
    ],
)
@pytest.mark.parametrize("part", ["text", "html"])
def test_mail_that_lacks_something_is_found_out(cut: str, gap: str, part: str) -> None:
    campaign, organisation = make_draft(), get_organisation()
    if part == "text" and "score" in cut:
        cut = "https://link.example/answer"
    samples = [
        Sample(
            sample.language,
            Words(
                sample.words.subject,
                **{
                    name: getattr(sample.words, name).replace(cut, "" if name == part else cut)
                    for name in ("text", "html")
                },
            ),
        )
        for sample in write_samples(campaign, organisation)
    ]

    gaps = find_gaps(campaign, organisation, samples)

    assert len(gaps) == 2
    assert all(gap in found for found in gaps)


def test_incomplete_mail_is_not_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    make_contact()
    campaign = make_draft()
    monkeypatch.setattr(
        rehearsing, "write_invitation", lambda *_args, **_fields: Words("Subject", "Text", "<p>")
    )
    make_rehearsal(campaign)

    with pytest.raises(CannotMove, match="lacks"):
        launch(campaign, previewed=1, terms=describe_terms(campaign), now=NOW)
