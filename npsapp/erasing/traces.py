"""By what somebody can be recognised in a text: the address and, if nobody shares it, the name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from surveys.models import Contact

# What stands where the address or the name was. A word, so that a condition keeps a value.
REPLACEMENT = "[erased]"


@dataclass(frozen=True, slots=True)
class Traces:
    """The strings that must not be found anywhere afterwards."""

    strings: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        parts = []
        for text in self.strings:
            # A longer address or name that merely holds this one is somebody else's.
            before = r"(?<![\w.+-])" if "@" in text else r"(?<!\w)"
            after = r"(?![\w-]|\.\w)" if "@" in text else r"(?!\w)"
            parts.append(before + r"\s+".join(map(re.escape, text.split())) + after)
        return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    def occur_in(self, text: str) -> bool:
        return bool(self.pattern.search(text))

    def scrub(self, value: Any) -> Any:
        """Return the value without the traces, however deep it is nested."""
        if isinstance(value, str):
            return self.pattern.sub(REPLACEMENT, value)
        if isinstance(value, list):
            return [self.scrub(each) for each in value]
        if isinstance(value, dict):
            return {key: self.scrub(each) for key, each in value.items()}
        return value


def find_traces(address: str, person: Contact | None) -> Traces:
    """Return what to look for.

    A single word is no name to search by, and a name that another contact has as well would take
    that other person's texts along: then only what hangs on the person's own rows is erased.
    """
    strings = [address] if address else []
    name = person.full_name if person else ""
    if person and " " in name and not _is_shared(person):
        strings.append(name)
    return Traces(tuple(strings))


def _is_shared(person: Contact) -> bool:
    others = Contact.objects.exclude(pk=person.pk)
    return others.filter(
        first_name__iexact=person.first_name, last_name__iexact=person.last_name
    ).exists()
