"""What belongs to a row, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from django import template

register = template.Library()
Value = TypeVar("Value")


@register.filter
def of(values: Mapping[int, Value], key: int) -> Value | str:
    """Return the value of a key, or nothing."""
    return values.get(key, "")
