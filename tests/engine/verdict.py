"""What became of all mails of a run, and everything about it that must not be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from tests.engine.theatre import Theatre

HEAD = ("scenario", "messages", "kills", "duplicates", "lost", "unknown", "accepted", "looks")


@dataclass
class Verdict:
    """`accepted` are those of the unknown that the sink had taken."""

    scenario: str
    messages: int
    kills: int
    duplicates: int = 0
    lost: int = 0
    unknown: int = 0
    accepted: int = 0
    looks: int = 0
    violations: list[str] = field(default_factory=list)


TABLE: list[Verdict] = []


def judge(
    theatre: Theatre,
    scenario: str,
    *,
    in_hand: int = 1,
    doubts: int = 0,
    fails: Collection[str] = (),
) -> Verdict:
    """Call when everybody is gone. A worker that is killed has so many mails `in_hand`.

    `doubts`: how many may be unknown besides. `fails`: whom the sink refuses for good.
    """
    observer = theatre.observer
    accepted, states = observer.diary.accepted, observer.states
    duplicates = [address for address, times in accepted.items() if times > 1]
    lost = [
        address
        for address, state in states.items()
        if (state == "sent" and address not in accepted)
        or (state != "unknown" and state != ("failed" if address in fails else "sent"))
    ]
    unknown = [address for address, state in states.items() if state == "unknown"]
    found = Verdict(
        scenario,
        messages=observer.planned,
        kills=theatre.kills,
        duplicates=len(duplicates),
        lost=len(lost),
        unknown=len(unknown),
        accepted=len(accepted.keys() & set(unknown)),
        looks=observer.samples,
        violations=list(observer.violations),
    )
    found.violations += [f"{address} got {accepted[address]} mails" for address in duplicates]
    found.violations += [f"{address} is {states[address]}" for address in lost]
    if len(unknown) > theatre.kills * in_hand + doubts:
        found.violations.append(f"{len(unknown)} in doubt after {theatre.kills} kills")
    if strangers := accepted.keys() - states.keys():
        found.violations.append(f"mail for strangers: {strangers}")
    TABLE.append(found)
    return found


def write_table() -> list[str]:
    rows = [HEAD, *(tuple(str(getattr(row, name)) for name in HEAD) for row in TABLE)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
