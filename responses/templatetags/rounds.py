"""The comparison of rounds on the page of a campaign, which itself knows nothing of answers."""

from __future__ import annotations

from typing import Any

from django import template

from responses.reports.rounds import compare_rounds
from responses.thresholds import thresholds_of
from surveys.models import Campaign, get_organisation

register = template.Library()


@register.inclusion_tag("campaigns/rounds.html")
def rounds_of(campaign: Campaign) -> dict[str, Any]:
    organisation = get_organisation()
    rounds = compare_rounds(
        campaign, zone=organisation.zone, thresholds=thresholds_of(organisation)
    )
    return {"campaign": campaign, "rounds": rounds}
