"""`{% checklist_of follow_up organisation as list %}`: an include needs nothing of its view."""

from __future__ import annotations

from django import template

from closeloop.models import FollowUp
from closeloop.ticking import Checklist, read_checklist
from surveys.models import Organisation

register = template.Library()


@register.simple_tag
def checklist_of(follow_up: FollowUp, organisation: Organisation | None = None) -> Checklist:
    """`organisation` spares a query; an empty one is looked up."""
    return read_checklist(follow_up, organisation=organisation or None)
