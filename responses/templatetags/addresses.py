"""For pages that people read who may see no addresses."""

from __future__ import annotations

from django import template
from django.template import Context

from npsapp.models import User
from npsapp.roles import Role
from responses.addresses import without_addresses

register = template.Library()
register.filter(without_addresses)


@register.simple_tag(takes_context=True)
def campaign_name(context: Context, campaign: object) -> str:
    """The name of a campaign for whoever looks at the page; without `user`, for anybody."""
    return for_reader(campaign, context.get("user"))


@register.filter
def for_reader(value: object, reader: object) -> str:
    """The text of `value`, for whoever writes to nobody (or is not logged in) without addresses."""
    may = isinstance(reader, User) and reader.may(Role.AGENT)
    return str(value) if may else without_addresses(value) or "–"
