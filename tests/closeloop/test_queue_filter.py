"""What the queue is narrowed to and ordered by, all of it in the address."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from closeloop.models import FollowUp, RootCause
from closeloop.reports.queue import queue_counts
from closeloop.searching import narrow_to_words
from npsapp.models import User
from responses.models import Tag
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_property,
    make_response,
    make_survey,
    make_user,
)

URL = "/follow-ups/?view=all&"
DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def make_named(
    last_name: str, *, score: int = 9, properties: dict[str, str] | None = None, **fields: object
) -> FollowUp:
    account = fields.pop("account", "")
    contact = make_contact(
        first_name="Fenna",
        last_name=last_name,
        email=f"{last_name.lower()}@klanten.example",
        account=make_account(name=account) if account else None,
    )
    response = make_response(
        invitation=make_invitation(contact=contact, state="sent"),
        score=score,
        comment=fields.pop("comment", ""),
        properties=properties or {},
    )
    return make_follow_up(response=response, **fields)


def names(client: Client, query: str) -> list[str]:
    page = client.get(URL + query).context["page"]
    return [each.response.contact.last_name for each in page]


@pytest.fixture
def two(agent: User) -> None:
    """Jansen has everything that a filter may ask for, Bakker has other things or none."""
    make_property(key="region", label="Region")
    jansen = make_named(
        "Jansen",
        account="De Molen BV",
        owner=agent,
        comment="De doos (e-mail volgt) was nat",
        properties={"region": "North"},
    )
    jansen.tags.add(Tag.objects.create(pk=1_000_071, label="leveringen"))
    jansen.root_cause = RootCause.objects.create(pk=1_000_081, label="Te nat")
    jansen.save()
    make_named("Bakker", owner=make_user(), properties={"region": "South"}, comment="prima")
    make_named("Niemands", comment="prima")


@pytest.mark.parametrize(
    "query",
    [
        "owner=me",
        "tag=1000071",
        "cause=1000081",
        "account=molen",
        "property.region=North",
        "q=jans",
        "q=jansen@klanten.example",
        "q=doos+jansen",
        "q=mail",
        "q=MOLEN",
        "q=Molen+nat",
        "q='doos'+|+!prima+%26+doos",
    ],
)
def test_filter_finds_what_it_names(agent_client: Client, two: None, query: str) -> None:
    if "prima" in query:
        # Signs of the database's own query language are no words: “prima” must occur as well.
        assert names(agent_client, query) == []
    else:
        assert names(agent_client, query) == ["Jansen"]


def test_filter_by_campaign_owner_and_nobody(agent_client: Client, two: None) -> None:
    campaign = make_campaign(survey=make_survey(), state="running")
    contact = make_contact(last_name="Visser")
    invitation = make_invitation(campaign=campaign, contact=contact, state="sent")
    other = make_user()
    make_follow_up(response=make_response(invitation=invitation), owner=other)

    assert names(agent_client, f"campaign={campaign.pk}") == ["Visser"]
    assert names(agent_client, f"owner={other.pk}") == ["Visser"]
    assert names(agent_client, "owner=none") == ["Niemands"]


def test_chips_say_what_is_chosen_and_each_leads_to_the_rest(
    agent_client: Client, two: None
) -> None:
    query = "category=promoter&owner=me&property.region=North&q=nat"

    chips = agent_client.get(URL + query).context["chips"]

    assert {chip.text for chip in chips} == {
        "Search: nat",
        "Category: Promoter",
        "Owner: Me",
        "Region: North",
    }
    by_text = {chip.text: chip.url for chip in chips}
    assert by_text["Region: North"] == "?view=all&q=nat&category=promoter&owner=me"
    assert by_text["Owner: Me"] == "?view=all&q=nat&category=promoter&property.region=North"


def test_filter_that_names_nothing_is_said(agent_client: Client, two: None) -> None:
    page = html.unescape(agent_client.get(f"{URL}tag=999&property.shoe=43").content.decode())

    assert "The filter “Tag” names nothing there is" in page
    assert "There is no property “shoe”" in page


def test_filter_page_holds_every_choice_and_keeps_the_present_one(
    agent_client: Client, two: None
) -> None:
    page = agent_client.get("/follow-ups/filter/?view=overdue&tag=1000071").content.decode()
    part = agent_client.get("/follow-ups/filter/?tag=1000071", headers={"HX-Request": "true"})

    assert '<option value="1000071" selected>leveringen</option>' in page
    assert 'name="view" value="overdue"' in page
    assert 'name="property.region"' in page
    assert "<html" not in part.content.decode()


def test_most_valuable_detractors_come_first(agent_client: Client) -> None:
    make_property(key="revenue", label="Revenue", kind="money")
    make_named("Small", score=2, properties={"revenue": "900,50"}, due_at=NOON)
    make_named("Large", score=6, properties={"revenue": "12000"}, due_at=NOON + DAY)
    make_named("Unknown", score=0, due_at=NOON - DAY)
    make_named("Richest", score=10, properties={"revenue": "99999"}, due_at=NOON - DAY)

    response = agent_client.get(URL + "sort=revenue")

    assert names(agent_client, "sort=revenue") == ["Large", "Small", "Unknown", "Richest"]
    assert "Most valuable first: Revenue" in response.content.decode()
    assert names(agent_client, "sort=shoe") == ["Unknown", "Richest", "Small", "Large"]


def test_who_asked_for_contact_stands_before_what_is_due(agent_client: Client) -> None:
    make_named("Due", due_at=NOON)
    make_named("Asked", due_at=NOON + DAY, wants_contact=True)

    assert names(agent_client, "") == ["Asked", "Due"]


def test_snoozed_ones_are_in_their_own_view_until_they_return(
    agent_client: Client, agent: User
) -> None:
    now = timezone.now()
    make_named("Asleep", owner=agent, due_at=now - DAY, snoozed_until=now + DAY)
    make_named("Back", owner=agent, due_at=now - DAY, returned_at=now)

    views = {
        view: [
            each.response.contact.last_name
            for each in agent_client.get(f"/follow-ups/?view={view}").context["page"]
        ]
        for view in ("mine", "overdue", "all", "snoozed")
    }

    assert views == {
        "mine": ["Back"],
        "overdue": ["Back"],
        "all": ["Back"],
        "snoozed": ["Asleep"],
    }
    counts = queue_counts(user=agent, now=now)
    assert (counts.mine, counts.overdue, counts.open, counts.snoozed) == (1, 1, 1, 1)


def test_row_says_that_it_is_back_its_tags_age_and_language(
    agent_client: Client, two: None
) -> None:
    response = FollowUp.objects.get(response__tags=1_000_071).response
    response.language, response.answered_at = "nl", timezone.now() - 3 * DAY
    response.save()
    FollowUp.objects.filter(response__tags=1_000_071).update(returned_at=timezone.now())

    page = agent_client.get(URL + "tag=1000071").content.decode()

    assert '<span class="badge badge-strong">back</span>' in page
    assert '<span class="badge">leveringen</span>' in page
    assert "3 d old" in page
    assert "Language </span>NL" in page


def test_due_today_ends_at_midnight_of_the_organisation(agent: User) -> None:
    for hours in (-1, 1, 10, 12):
        make_follow_up(due_at=NOON + dt.timedelta(hours=hours))

    with timezone.override("Europe/Amsterdam"):
        counts = queue_counts(user=agent, now=NOON)

    # 23:00 in Amsterdam is 22:00 in UTC; 12 hours after noon it is tomorrow there.
    assert (counts.overdue, counts.today, counts.open) == (1, 2, 4)


def test_count_of_closed_ones_ends_at_a_thousand(agent: User) -> None:
    make_follow_up(state="closed", outcome="thanked", closed_at=NOON)

    assert queue_counts(user=agent, now=NOON).closed == 1


def test_words_are_found_through_their_index(two: None) -> None:
    found = narrow_to_words(FollowUp.objects.all(), "nat")

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = found.explain()

    assert "response_comment_words" in plan
    assert "contact_words" in plan
