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
    for index in range(len(lines)):
        if _begins_history(bare, index):
            # Only quoted: then that is what they sent, a forward for example.
            if not any(bare[:index]):
                break
            return Parts("".join(lines[:index]), "".join(lines[index:]))
    return Parts(text, "")


def _begins_history(lines: list[str], index: int) -> bool:
    line = lines[index]
    if not line:
        return False
    if line.startswith(">"):
        return (index == 0 or not lines[index - 1].startswith(">")) and _is_quoted(lines[index:])
    if _DIVIDERS.match(line):
        return True
    if _UNDERSCORES.match(line):
        return _has_heads(lines, _skip_blank(lines, index + 1))
    if _FROM.match(line):
        return _has_heads(lines, index)
    after = _end_of_lead(lines, index)
    return after is not None and _is_history_below(lines[after:])


def _is_quoted(lines: list[str]) -> bool:
    return all(line.startswith(">") for line in lines if line)


def _is_history_below(lines: list[str]) -> bool:
    """Quoted to the end, or not marked as quoted at all; with an answer in between, neither."""
    first = next((line.startswith(">") for line in lines if line), None)
    return first is not None and all(line.startswith(">") == first for line in lines if line)


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
