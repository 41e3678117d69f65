"""A PostgreSQL of the benchmark's own, in a folder that goes with it; and the clock."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from npsapp.embedded.leftovers import NOTE, find_leftovers
from npsapp.embedded.programs import SYSTEM_FOLDER


def make_folder(name: str) -> Path:
    """Have the product start its own PostgreSQL there; for before its settings are read."""
    folder = Path(tempfile.mkdtemp(prefix=f"npsapp-{name}-"))
    # As root PostgreSQL runs as another account, who must be able to pass through.
    folder.chmod(0o711)
    for variable in [each for each in os.environ if each.startswith(("PG", "DATABASE_"))]:
        del os.environ[variable]
    os.environ["DATA_DIR"] = str(folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove it with its database, which nobody uses any more."""
    shutil.rmtree(folder, ignore_errors=True)
    # As root the database lies elsewhere, and ten million answers are not to be left behind.
    for place in find_leftovers(SYSTEM_FOLDER):
        note = place / NOTE
        if note.exists() and note.read_text().strip() == str(folder):
            shutil.rmtree(place, ignore_errors=True)


def clock(act: Callable[[], object], runs: int) -> float:
    """The median in milliseconds, after one turn that nobody times."""
    act()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)
