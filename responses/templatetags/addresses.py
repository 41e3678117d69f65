"""For pages that people read who may see no addresses."""

from __future__ import annotations

from django import template

from responses.addresses import without_addresses

register = template.Library()
register.filter(without_addresses)
