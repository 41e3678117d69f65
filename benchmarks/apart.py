"""Work in a process of its own, so that what it takes is its own too."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from resource import struct_rusage

from django.db import connections

# ru_maxrss counts kilobytes on Linux and bytes on macOS.
MEGABYTE = 1_048_576 if sys.platform == "darwin" else 1024


def work_apart(work: Callable[[], object]) -> struct_rusage:
    """Do it in a fork and return what that used; end all when it fails."""
    connections.close_all()
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            connections.close_all()
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit("A part of the benchmark failed; what it says stands above.")
    return usage
