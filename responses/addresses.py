"""Addresses where none are expected: what only those may see who write to people."""

from __future__ import annotations

import re

# Whatever stands around an @, without the brackets and full stops of the sentence it stands in.
ADDRESS = re.compile(
    r"[^\s<>()\[\]\"',;:@]+\s?(?:@|\(at\)|\[at\])\s?[^\s<>()\[\]\"',;:@]+(?<![.!?])"
)


def without_addresses(value: object) -> str:
    """Return the text of `value`, or nothing when it holds an e-mail address.

    All of it goes, not the address alone: a customer system may use any column as its key, and
    what would be left over is no name.
    """
    text = "" if value is None else str(value)
    return "" if "@" in text else text


def mask_addresses(text: str) -> str:
    """Return the text with an ellipsis in the place of each e-mail address."""
    return ADDRESS.sub("…", text)
