"""Texts to write with, for tests."""

from __future__ import annotations

from typing import Any

from closeloop.models import ReplyTemplate


def make_template(**fields: Any) -> ReplyTemplate:
    """In Dutch, for promoters, unless told otherwise."""
    defaults = {
        "category": "promoter",
        "language": "nl",
        "name": "Bedankt",
        "body": "{{greeting}}\n\nDank voor de {{score}}.",
    }
    return ReplyTemplate.objects.create(**defaults | fields)
