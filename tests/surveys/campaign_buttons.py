"""What a browser sends to the pages of campaigns, and a draft to send it to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from surveys.campaigns import describe_people, describe_terms
from surveys.models import Campaign
from surveys.planning.plan import draw_plan
from surveys.replanning import draw_replan
from tests.factories import (
    make_campaign,
    make_rehearsal,
    make_sender,
    make_survey,
)


def make_draft(**fields: Any) -> Campaign:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    campaign = make_campaign(**{"state": Campaign.State.DRAFT, "first_day": tomorrow} | fields)
    make_rehearsal(campaign)
    return campaign


def fill_form(**changes: Any) -> dict[str, Any]:
    """What a browser sends for a new campaign that asks everybody."""
    return {
        "name": "Autumn round",
        "survey": make_survey().pk,
        "sender": make_sender().pk,
        "first_day": timezone.localdate().isoformat(),
        "window_days": "30",
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"],
        "day_start": "00:00",
        "day_end": "23:59",
        "daily_limit": "",
        "audience-TOTAL_FORMS": "1",
        "audience-INITIAL_FORMS": "0",
        "audience-0-property": "",
        "audience-0-operator": "is",
        "audience-0-values": "",
    } | changes


def press_launch(client: Client, campaign: Campaign, *, mails: int) -> Any:
    return client.post(
        reverse("campaign_launch", args=[campaign.pk]),
        {
            "previewed": mails,
            "terms": describe_terms(campaign),
            "people": describe_people(draw_plan(campaign, now=timezone.now())),
        },
        follow=True,
    )


def press_resume(client: Client, campaign: Campaign) -> Any:
    seen = draw_replan(campaign, now=timezone.now()).seen
    sent = {name: value for name, value in seen.items() if value is not None}
    return client.post(reverse("campaign_resume", args=[campaign.pk]), sent, follow=True)
