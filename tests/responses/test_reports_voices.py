"""Whose voice is missing: asked against answered."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from responses.differing import Verdict
from responses.models import Response
from responses.reports.response_rate import count_invited, list_invited
from responses.reports.voices import MOST_SHOWN, Voices, compare_voices
from responses.selection import Selection
from surveys.addresses import hash_address
from surveys.models import Campaign, Contact, Invitation, Property
from tests.factories import make_campaign, make_property

ZONE = ZoneInfo("Europe/Amsterdam")
NOW = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    make_property(key="land", label="Land", kind="choice", is_segment=True)
    return make_campaign()


def ask(
    campaign: Campaign, value: object, *, asked: int, answered: int, **fields: Any
) -> list[Invitation]:
    """Invite people of one value; the first of them answer."""
    start = Contact.objects.count()
    addresses = [f"k{start + number}@klanten.example" for number in range(asked)]
    people = Contact.objects.bulk_create(
        Contact(email=email, address_hash=hash_address(email), properties={"land": value})
        for email in addresses
    )
    invitations = Invitation.objects.bulk_create(
        Invitation(
            campaign=campaign,
            contact=person,
            **{
                "state": "sent",
                "sent_at": NOW,
                "answered_at": NOW if number < answered else None,
            }
            | fields,
        )
        for number, person in enumerate(people)
    )
    Response.objects.bulk_create(
        Response(
            invitation=each,
            survey=campaign.survey,
            contact=each.contact,
            scale_min=0,
            score=9,
            channel="mail",
            properties={"land": value},
            answered_at=NOW,
        )
        for each in invitations[:answered]
    )
    return invitations


def look(campaign: Campaign, **fields: Any) -> Voices:
    selection = Selection(zone=ZONE, survey=campaign.survey, **fields)
    return compare_voices(selection, Property.objects.get(key="land"))


def test_group_that_answers_less_often_is_named(
    campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask(campaign, "Nederland", asked=200, answered=60)
    ask(campaign, "België", asked=100, answered=10)

    with django_assert_num_queries(2):  # the property, and one count
        found = look(campaign)
    dutch, belgian = found.groups

    # Wilson for 10 of 100: .0552 to .1744.
    assert belgian.rate is not None
    assert tuple(belgian.rate) == pytest.approx((0.1, 0.0552, 0.1744), abs=0.0001)
    assert (belgian.verdict, dutch.verdict) == (Verdict.LOWER, Verdict.HIGHER)
    assert belgian.difference is not None
    assert belgian.difference.points == pytest.approx(-20.0)
    assert [each.segment.value for each in found.missing] == ["België"]
    assert (belgian.share_asked, belgian.share_answered) == (Decimal("33.3"), Decimal("14.3"))


def test_difference_within_the_margin_names_nobody(campaign: Campaign) -> None:
    ask(campaign, "Nederland", asked=200, answered=60)
    ask(campaign, "België", asked=100, answered=25)

    found = look(campaign)

    assert {each.verdict for each in found.groups} == {Verdict.MARGIN}
    assert found.missing == []


def test_few_who_were_asked_have_no_rate_and_no_verdict(campaign: Campaign) -> None:
    ask(campaign, "Nederland", asked=200, answered=100)
    ask(campaign, "Polen", asked=29, answered=0)
    ask(campaign, "Malta", asked=4, answered=0)

    found = {each.segment.value: each for each in look(campaign).groups}

    assert found["Polen"].rate is not None
    assert (found["Polen"].verdict, found["Malta"].rate) == (None, None)


def test_bounced_and_unsent_were_not_asked(campaign: Campaign) -> None:
    ask(campaign, "Nederland", asked=5, answered=2)
    ask(campaign, "Nederland", asked=3, answered=0, delivery_status="bounced")
    ask(campaign, "Nederland", asked=3, answered=0, state="failed")
    ask(campaign, "Nederland", asked=2, answered=0, sequence=1)

    found = look(campaign)
    rate = count_invited(Selection(zone=ZONE, survey=campaign.survey))

    assert found.everybody == (2, 5)
    assert (rate.answered, rate.reached) == (2, 5)


def test_numbers_lead_to_the_people_behind_them(campaign: Campaign) -> None:
    ask(campaign, "A & B=C", asked=6, answered=2)
    ask(campaign, "Polen", asked=3, answered=1)

    first = look(campaign).groups[0]

    assert list_invited(first.within, "reached").count() == first.asked == 6
    assert list_invited(first.within, "answered").count() == first.answered == 2
    assert first.asked_url == f"{first.within.invited_url}&part=reached"


def test_shares_add_to_a_hundred_with_the_small_and_the_unknown(campaign: Campaign) -> None:
    for number in range(MOST_SHOWN + 2):
        ask(campaign, f"Land {number:02d}", asked=7, answered=number % 3)
    ask(campaign, "", asked=5, answered=2)
    erased = ask(campaign, "Weg", asked=2, answered=1)
    Contact.objects.filter(pk__in=[each.contact_id for each in erased]).delete()

    found = look(campaign)

    assert len(found.groups) == MOST_SHOWN
    assert (found.smaller_groups, found.without_value) == (2, (3, 7))
    rest = found.smaller.total + found.without_value.total
    assert sum(each.asked for each in found.groups) + rest == found.everybody.total
    shown = sum(each.share_asked for each in found.groups)
    assert shown == pytest.approx(
        Decimal(100 * 7 * MOST_SHOWN) / (7 * (MOST_SHOWN + 2) + 7), abs=Decimal("0.2")
    )


def test_shared_page_gets_numbers_without_links(campaign: Campaign) -> None:
    ask(campaign, "Polen", asked=6, answered=2)

    (group,) = look(campaign, is_linked=False).groups

    assert (group.asked_url, group.answered_url) == ("", "")
