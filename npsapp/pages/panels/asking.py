"""What the address asks of a panel, and the address that asks for something else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from npsapp.pages.panels.frame import Frame
from responses.selection import Period

if TYPE_CHECKING:
    from surveys.filtering import Filters

# What no daily counts hold is counted from rows. Among more answers than these it would make
# everybody wait who opens the page, and so it is counted for those who ask for it.
COUNTED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose on the page itself; no url where nothing can be chosen."""

    label: str
    url: str
    is_current: bool


def page_url(frame: Frame, *, filters: Filters | None = None, **options: str) -> str:
    """Return the same page with other options; an empty one is left out.

    Empty on a shared page. A preset of days stays one, so that the page still moves along.
    """
    if frame.is_shared:
        return ""
    selection = frame.selection
    if filters is not None:
        selection = replace(selection, filters=filters)
    pairs = parse_qsl(selection.query)
    if frame.period != Period.CUSTOM:
        pairs = [pair for pair in pairs if pair[0] not in ("from", "to", "period")]
        pairs.append(("period", frame.period.value))
    chosen = {**frame.options, **options}
    return f"?{urlencode([*pairs, *((name, text) for name, text in chosen.items() if text)])}"


def must_ask(frame: Frame, name: str) -> bool:
    """Whether a panel that counts rows waits until the address asks for it by name."""
    return frame.headline.n > COUNTED_AT_ONCE and name not in frame.options
