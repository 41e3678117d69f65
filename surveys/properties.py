"""The properties companies bring along: how the database reads one, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Func, TextField, Value

from surveys.models import Property


def property_text(key: str, field: str = "properties") -> Func:
    """Return the property `key` as text, NULL when there is none.

    Not a JSON key transform of Django: that one takes a key made of digits for an array index.
    """
    return Func(F(field), Value(key), function="jsonb_extract_path_text", output_field=TextField())


def name_properties(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and value of what is filled in, by label."""
    filled = {key: str(value) for key, value in properties.items() if value not in ("", None)}
    if not filled:
        return []
    labels = dict(Property.objects.values_list("key", "label"))
    named = [(labels.get(key, key), value) for key, value in filled.items()]
    return sorted(named, key=lambda pair: (pair[0].casefold(), pair[1]))
