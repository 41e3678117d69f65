"""Where the new part of a mail ends and the history below it begins.

Nothing is ever taken away: both parts together are the text. In doubt everything is new, since a
sentence that nobody unfolds is a sentence that nobody read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A line that begins like one of these may be the head of a history, when it also ends like it.
# "On Monday 3 November 2026, X wrote:" may be broken over three lines.
_LEADS = re.compile(r"^(on|op|am|le|el|il)\b.{4,}", re.IGNORECASE)
_ENDS = re.compile(
    r"(wrote|schreef|schrieb|geschreven|a écrit|escribió|ha scritto)\b[^:]{0,120}:$", re.IGNORECASE
)
_NUMBER_OR_ADDRESS = re.compile(r"\d|@")
_DIVIDERS = re.compile(
    r"^-{2,}\s*(original message|oorspronkelijk bericht|forwarded message|doorgestuurd bericht"
    r"|ursprüngliche nachricht|message d'origine)\s*-{2,}$",
    re.IGNORECASE,
)
_UNDERSCORES = re.compile(r"^_{10,}$")
_FROM = re.compile(r"^\*?(from|van|von|de)\s?:\*?\s+\S", re.IGNORECASE)
_SENT = re.compile(r"^\*?(sent|date|verzonden|datum|gesendet|envoyé)\s?:\*?\s.*\d", re.IGNORECASE)
_OTHER_HEADS = re.compile(
    r"^\*?(to|subject|cc|aan|onderwerp|an|betreff|à|objet)\s?:\*?(\s|$)", re.IGNORECASE
)
_LONGEST_LEAD_LINES = 3


class Parts(NamedTuple):
    """`new + quoted` is the text as it came, to the letter."""

    new: str
    quoted: str


def split_history(text: str) -> Parts:
    """Tell what somebody wrote from what their mail program put below it."""
    lines = text.splitlines(keepends=True)
    bare = [line.strip() for line in lines]
    ends = _find_ends(bare)
    for index in range(len(lines)):
        if _begins_history(bare, index, ends):
            # Only quoted: then that is what they sent, a forward for example.
            if not any(bare[:index]):
                break
            return Parts("".join(lines[:index]), "".join(lines[index:]))
    return Parts(text, "")


class _Ends(NamedTuple):
    """From which line on every line is quoted, none is, or nothing is written any more."""

    quoted: int
    unquoted: int
    blank: int


def _find_ends(lines: list[str]) -> _Ends:
    """Looked up once from the end: looked up at every mark, a hostile mail takes minutes."""
    last_written = last_quoted = last_unquoted = -1
    for index, line in enumerate(lines):
        if line.startswith(">"):
            last_written = last_quoted = index
        elif line:
            last_written = last_unquoted = index
    return _Ends(quoted=last_unquoted + 1, unquoted=last_quoted + 1, blank=last_written + 1)


def _begins_history(lines: list[str], index: int, ends: _Ends) -> bool:
    line = lines[index]
    if not line:
        return False
    if line.startswith(">"):
        return (index == 0 or not lines[index - 1].startswith(">")) and index >= ends.quoted
    if _DIVIDERS.match(line):
        return True
    if _UNDERSCORES.match(line):
        return _has_heads(lines, _skip_blank(lines, index + 1))
    if _FROM.match(line):
        return _has_heads(lines, index)
    after = _end_of_lead(lines, index)
    return after is not None and _is_history_below(after, ends)


def _is_history_below(index: int, ends: _Ends) -> bool:
    """Quoted to the end, or not marked as quoted at all; with an answer in between, neither."""
    return min(ends.quoted, ends.unquoted) <= index < ends.blank


def _end_of_lead(lines: list[str], index: int) -> int | None:
    """The line after "On … wrote:", if that begins here."""
    if not _LEADS.match(lines[index]):
        return None
    lead = ""
    for end in range(index, min(index + _LONGEST_LEAD_LINES, len(lines))):
        if not lines[end]:
            return None
        lead = f"{lead} {lines[end]}".strip()
        if _ENDS.search(lead):
            return end + 1 if _NUMBER_OR_ADDRESS.search(lead) else None
    return None


def _has_heads(lines: list[str], index: int) -> bool:
    """From:, Sent: with a date, To:, Subject: under each other, as Outlook puts them."""
    block = lines[index : index + 5]
    return (
        len(block) > 1
        and bool(_FROM.match(block[0]))
        and any(_SENT.match(line) for line in block[1:])
        and any(_OTHER_HEADS.match(line) for line in block[1:])
    )


def _skip_blank(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index]:
        index += 1
    return index
