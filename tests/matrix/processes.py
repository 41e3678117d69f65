"""Every process that a cell starts stays below us, and none is left when the cell is over."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Whoever loses its parent becomes our child: nothing that a cell starts gets away."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for(wanted: int) -> int:
    """Its exit status. Meanwhile bury every orphan at once, as init would: a dead process that
    nobody has buried still looks alive to the tests.
    """
    while True:
        process, status = os.waitpid(-1, 0)
        if process == wanted:
            return os.waitstatus_to_exitcode(status)


def list_descendants() -> list[int]:
    found, parents = [], [os.getpid()]
    while parents:
        parent = parents.pop()
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                parents += (new := [int(child) for child in children.read_text().split()])
                found += new
    return found


def end_descendants(*, patience: float) -> int:
    """Let them end by themselves; after `patience` seconds kill who is left, and count those."""
    wait_for_descendants(patience)
    left = list_descendants()
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    wait_for_descendants(10)
    return len(left)


def wait_for_descendants(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # bury the dead
                pass
        if not list_descendants() or time.monotonic() > deadline:
            return
        time.sleep(0.1)
