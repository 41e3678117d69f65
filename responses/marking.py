"""What a search found, marked in the comments of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from responses.models import Response
from responses.searching import CONFIGS, END, START, marked_words, read_sought

# A hit further on would be out of sight: the comment then begins a little before it.
OUT_OF_SIGHT = 160
LED_BY = 60
_SIGNS = re.compile(f"[{START}{END}]")

Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Marked:
    """Comments by the key of their response, safe to print."""

    comments: dict[int, SafeString] = field(default_factory=dict)
    # Whether no comment has the words as words: they stand inside of others.
    is_inside: bool = False


def mark_comments(responses: Sequence[Response], text: str) -> Marked:
    """Mark what `text` found in these responses (one query, none without a text)."""
    if not text or not responses:
        return Marked()
    hits = _find_words(responses, text)
    is_inside = not any(hits.values())
    if is_inside:
        hits = {each.pk: _find_inside(each.comment, text) for each in responses}
    comments = {each.pk: mark(each.comment, hits.get(each.pk, [])) for each in responses}
    return Marked(comments, is_inside)


def mark(comment: str, hits: Ranges) -> SafeString:
    """Return the comment as HTML, from a little before its first hit on."""
    first = hits[0][0] if hits else 0
    begin = 0
    if first > OUT_OF_SIGHT:
        space = comment.find(" ", first - LED_BY, first)
        begin = space + 1 if space >= 0 else first
    pieces = [escape("… ")] if begin else []
    at = begin
    for start, end in hits:
        pieces += [escape(comment[at:start]), format_html("<mark>{}</mark>", comment[start:end])]
        at = end
    return mark_safe("".join([*pieces, escape(comment[at:])]))  # noqa: S308 - each is escaped


def _find_words(responses: Sequence[Response], text: str) -> dict[int, Ranges]:
    """Return where the words stand, by every configuration: each knows other forms of a word."""
    sought = read_sought(text)
    if not sought.wanted:
        return {}
    columns = [marked_words(F("comment"), sought.query, config) for config in CONFIGS]
    rows = Response.objects.order_by().filter(pk__in=[each.pk for each in responses])
    return {
        pk: _join(comment, texts)
        for pk, comment, *texts in rows.values_list("pk", "comment", *columns)
    }


def _join(comment: str, texts: Sequence[str]) -> Ranges:
    """Return what any of the marked texts marks; they have as many characters as the comment."""
    if _SIGNS.search(comment):
        return []
    marked: set[tuple[int, int]] = set()
    for text in texts:
        at, start = 0, 0
        for piece in re.split(f"([{START}{END}])", text):
            if piece == START:
                start = at
            elif piece == END:
                marked.add((start, at))
            else:
                at += len(piece)
    joined: Ranges = []
    for start, end in sorted(marked):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _find_inside(comment: str, text: str) -> Ranges:
    return [match.span() for match in re.finditer(re.escape(text), comment, re.IGNORECASE)]
