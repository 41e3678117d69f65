"""Names in a text that stand for what is only known later: {{first_name}}, {{score}} …"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Anything between double braces, so that a name nobody knows is found as well.
_PLACE = re.compile(r"\{\{([^{}]*)\}\}")

# A line between square brackets tells the writer what to say there.
_INSTRUCTION = re.compile(r"^[ \t]*(\[[^\[\]\n]{3,}\])[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its values in it; `missing` are the names for which there was none."""

    text: str
    missing: tuple[str, ...] = ()


def write_place(name: str) -> str:
    return "{{" + name + "}}"


def find_unknown(text: str, known: Iterable[str]) -> list[str]:
    """Return the names that nobody knows, in the order in which they stand there."""
    allowed = set(known)
    names = [name.strip() for name in _PLACE.findall(text)]
    return list(dict.fromkeys(name for name in names if name not in allowed))


def fill_in(text: str, values: Mapping[str, str]) -> Filled:
    """Put the values in, in one go: what looks like a name inside a value stays as it is."""
    missing: dict[str, None] = {}

    def replace(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name not in values:
            return found[0]
        if not values[name]:
            missing[name] = None
        return values[name]

    filled = _PLACE.sub(replace, text)
    return Filled(filled, tuple(missing))


def find_instruction(text: str) -> str:
    """Return the first line that is still an instruction to the writer; '' for none."""
    found = _INSTRUCTION.search(text)
    return found[1] if found else ""
