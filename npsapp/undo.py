"""A message that something was done, with a button that takes it back.

The button is a form that posts to a view which exists anyway; nothing is kept for it but the
message itself, so it is gone with the next page.
"""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


def offer_undo(request: HttpRequest, text: str, *, url: str, **fields: object) -> None:
    """Tell that something was done; `fields` are what the undoing view is sent."""
    way_back = {"url": url, "fields": {name: str(value) for name, value in fields.items()}}
    messages.success(request, text, extra_tags=json.dumps(way_back))


def find_undo(message: Message) -> dict[str, object] | None:
    """What `offer_undo` put into a message, or nothing for any other message."""
    if not (message.extra_tags or "").startswith("{"):
        return None
    way_back: dict[str, object] = json.loads(message.extra_tags)
    return way_back
