"""The sinks' diary: a line per event, on the disk before the other side hears of it.

Lines: `took ADDRESS`, `trouble NAME`, `kill PID`, `freeze PID`, `parted PID`.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


class Diary:
    """For a sink: what stands here happened, whatever becomes of anybody."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.taken = 0

    def write(self, event: str, what: object) -> None:
        os.write(self.file, f"{event} {what}\n".encode())
        os.fsync(self.file)

    def take(self, address: str) -> int:
        """Return the how manieth it is."""
        self.write("took", address)
        with self.lock:
            self.taken += 1
            return self.taken


@dataclass
class Reading:
    """For the tests: read on from where they were."""

    path: Path
    accepted: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    order: list[tuple[str, str]] = field(default_factory=list)
    _offset: int = 0

    def read_on(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        text = text[: text.rfind(b"\n") + 1]
        self._offset += len(text)
        for line in text.decode().splitlines():
            event, what = line.split(" ", 1)
            self.events[event] += 1
            if event == "took":
                self.accepted[what] += 1
            else:
                self.order.append((event, what))

    def named(self, event: str) -> list[str]:
        return [what for found, what in self.order if found == event]
