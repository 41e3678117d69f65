"""Addresses where none are expected: what only those may see who write to people."""

from __future__ import annotations

import re

# However people and programs write it: full width, spelled out, or encoded for a link or a page.
AT = r"(?:[@\uFE6B\uFF20]|[(\[{]\s?at\s?[)\]}]|%40|&#0*64;|&#x0*40;|&commat;)"
_AT = re.compile(AT, re.IGNORECASE)
_PART = r"[^\s<>()\[\]{}\"',;:@&\uFE6B\uFF20]"
# Whatever stands around it, without the brackets, quotes and full stops of its sentence. Bounded on
# both sides and from the start of a word on: looking for it costs no more than reading the text.
ADDRESS = re.compile(
    rf"(?:\"[^\"\n]{{1,64}}\"|(?<!{_PART}){_PART}{{1,64}}?)"
    rf"[\"']?[ \t]{{0,3}}{AT}[ \t]{{0,3}}[\"']?{_PART}{{1,255}}(?<![.!?])",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(rf"\w[\"'\s]{{0,8}}{AT}[\"'\s]{{0,8}}\w", re.IGNORECASE)


def without_addresses(value: object) -> str:
    """Return the text of `value`, or nothing when it holds an e-mail address.

    All of it goes, not the address alone: a customer system may use any column as its key, and
    what would be left over is no name.
    """
    text = "" if value is None else str(value)
    return "" if _AT.search(text) else text


def mask_addresses(text: str) -> str:
    """Return the text with an ellipsis in the place of each e-mail address."""
    if not _AT.search(text):
        return text
    return ADDRESS.sub("…", text)


def may_hold_address(text: str) -> bool:
    """Whether something between words still looks like an at-sign: the net below the masking."""
    return bool(_BETWEEN_WORDS.search(text))
