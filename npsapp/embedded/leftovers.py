"""Databases outside of DATA_DIR, as root keeps them, whose DATA_DIR is gone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

NOTE = "data_dir"


def note_owner(place: Path, data_dir: Path) -> None:
    """Write down beside a cluster whose it is: its name is a hash that nobody can read back."""
    (place / NOTE).write_text(f"{data_dir}\n")


def find_leftovers(folder: Path) -> list[Path]:
    """Return the places that nobody uses any more: set aside, or of a DATA_DIR that is gone."""
    found = []
    for place in sorted(folder.glob("*/pg")):
        with suppress(OSError):  # what we may not read is not ours to judge
            if _is_left_over(place.parent):
                found.append(place.parent)
    return found


def _is_left_over(place: Path) -> bool:
    if "." in place.name:  # set aside when its DATA_DIR began anew
        return True
    note = place / NOTE
    if not note.exists():
        return False
    return not (Path(note.read_text().strip()) / "pg.users").exists()
