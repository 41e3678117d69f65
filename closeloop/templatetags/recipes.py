"""`{% recipe_for category organisation as recipe %}`: an include needs nothing of its view."""

from __future__ import annotations

from django import template

from closeloop.recipes import Shown, find_recipe
from surveys.models import Organisation

register = template.Library()


@register.simple_tag
def recipe_for(category: str, organisation: Organisation | None = None) -> Shown:
    """`organisation` spares a query; an empty one is looked up."""
    return find_recipe(category, organisation=organisation or None)
