"""What a panel offers to choose, and what it counts only when the address asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from npsapp.pages.panels.frame import Frame

# What no daily counts hold is counted from rows. Among more answers than these it would make
# everybody wait who opens the page, and so it is counted for those who ask for it.
COUNTED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose on the page itself; no url where nothing can be chosen."""

    label: str
    url: str
    is_current: bool


def find_compared(frame: Frame) -> str:
    """Return the property that is compared; '' for none.

    The one asked for, else one that the page is narrowed by (whose values are all tallied), else
    the first.
    """
    keys = [group.key for group in frame.groups]
    wanted = [frame.options.get("by", ""), *(each.key for each in frame.selection.filters)]
    return next((key for key in [*wanted, *keys] if key in keys), "")


def must_ask(frame: Frame, name: str) -> bool:
    """Whether a panel that counts rows waits until the address asks for it by name."""
    if name in frame.options or any(each.answers <= COUNTED_AT_ONCE for each in frame.groups):
        return False
    return frame.headline.n > COUNTED_AT_ONCE or frame.searched > COUNTED_AT_ONCE


def must_ask_for_found(frame: Frame, name: str) -> bool:
    """The same of a panel that is worth looking for few answers among very many."""
    return name not in frame.options and frame.headline.n > COUNTED_AT_ONCE
