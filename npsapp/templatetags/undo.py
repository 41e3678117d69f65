"""`{{ message|undo }}`: the button that belongs to a message."""

from __future__ import annotations

from django import template
from django.contrib.messages.storage.base import Message

from npsapp.undo import find_undo

register = template.Library()


@register.filter
def undo(message: Message) -> dict[str, object] | None:
    return find_undo(message)
