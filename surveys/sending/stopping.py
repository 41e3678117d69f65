"""The wish to stop, read after each message, so that TERM leaves nothing in doubt.

One byte of shared memory: a worker with child processes sets it in the parent, and the children
that it forked see it. Nothing can be left locked by a process that was killed.
"""

from __future__ import annotations

import mmap

_flag = mmap.mmap(-1, 1)


def request_stop() -> None:
    _flag[0] = 1


def take_back_stop() -> None:
    _flag[0] = 0


def is_stopping() -> bool:
    return bool(_flag[0])
