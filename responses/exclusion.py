"""Why an answer was taken out of the score: one of a short list, and words of the manager's own.

Both stand in `Response.status_reason`: the key of the list, and after a colon the words. Reasons
that are no more than words are older than the list, or of none of it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_WORDS = 160


class Exclusion(models.TextChoices):
    OWN_TEST = "own_test", _("A test of our own")
    TWICE = "twice", _("The same answer twice")
    OTHER_MATTER = "other_matter", _("About something else than this survey")
    OTHER_PERSON = "other_person", _("By somebody else than the one who was asked")
    MACHINE = "machine", _("Sent by a machine")
    OTHER = "other", _("Something else")


def write_reason(key: str, words: str = "") -> str:
    """Return a reason as it is kept."""
    if key == Exclusion.OTHER and words:
        return words
    return f"{key}: {words}" if words else key


def _part(kept: str) -> tuple[str, str]:
    key, _colon, words = kept.partition(": ")
    return (key, words) if key in Exclusion.values else ("", kept)


def say_reason(kept: str) -> str:
    """Return a kept reason in the reader's language; the manager's words stay as they are."""
    key, words = _part(kept)
    label = str(Exclusion(key).label) if key else ""
    return ": ".join(filter(None, [label, words]))


def without_words(kept: str) -> str:
    """Return what of a reason can say nothing about a person."""
    return _part(kept)[0]
