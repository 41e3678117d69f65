"""Which values of a property a reader is told by name, and how the other labels are said.

Whoever writes to nobody sees no address, and whoever has no login no group of so few answers that
it tells who gave them. A value that is not named is counted among the smaller ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from responses.addresses import without_addresses


@dataclass(frozen=True, slots=True)
class Naming:
    """`least`: groups of fewer stay unnamed, also by subtraction; 0 names each of them."""

    with_addresses: bool = True
    least: int = 0

    def say(self, label: object) -> str:
        return str(label) if self.with_addresses else without_addresses(label) or "–"

    def may_say(self, label: object) -> bool:
        return self.with_addresses or bool(without_addresses(label))

    def choose(
        self, ranked: Sequence[tuple[str, int]], *, most: int | None = None, without: int = 0
    ) -> list[str]:
        """Return the values to be named of those given with their sizes, the largest first.

        The groups left unnamed, with the `without` who have no value, hold nobody or at least
        `least` together: else the smallest that would be named joins them. One group alone is no
        comparison then.
        """
        sizes = dict(ranked)
        named = [value for value, n in ranked if n >= self.least and self.may_say(value)][:most]
        rest = without + sum(sizes.values()) - sum(sizes[value] for value in named)
        while named and self.is_too_few(rest):
            rest += sizes[named.pop()]
        return [] if self.least and len(named) < 2 else named

    def is_too_few(self, n: int) -> bool:
        return 0 < n < self.least


EVERYTHING = Naming()
