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


def must_ask(frame: Frame, name: str) -> bool:
    """Whether a panel that counts rows waits until the address asks for it by name."""
    return frame.headline.n > COUNTED_AT_ONCE and name not in frame.options
