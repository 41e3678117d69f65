"""The comparison of rounds on the page of a campaign, which itself knows nothing of answers."""

from __future__ import annotations

from typing import Any

from django import template

from responses.reports.rounds import compare_rounds
from surveys.models import Campaign, get_organisation

register = template.Library()


@register.inclusion_tag("campaigns/rounds.html")
def rounds_of(campaign: Campaign) -> dict[str, Any]:
    rounds = compare_rounds(campaign, zone=get_organisation().zone)
    return {"campaign": campaign, "rounds": rounds}
