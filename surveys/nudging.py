"""Wake a worker up. The rows are already safe, so a broker that is down is no error."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

Nudge: TypeAlias = tuple[Task[Any, Any], tuple[int, ...]]
_collected: ContextVar[deque[Nudge] | None] = ContextVar("collected_nudges", default=None)


def nudge(task: Task[Any, Any], *args: int) -> None:
    """Queue `task` with primary keys at commit; its periodic sweep is the net."""

    def publish() -> None:
        queue = _collected.get()
        if queue is not None:
            if (task, args) not in queue:
                queue.append((task, args))
            return
        try:
            task.delay(*args)
        except (OperationalError, OSError) as error:
            logger.warning("Could not wake %s up (%s); its sweep will find the work.", task, error)

    transaction.on_commit(publish, robust=True)


@contextmanager
def collect_nudges() -> Iterator[deque[Nudge]]:
    """Keep nudges in a queue instead of the broker, for whoever runs the tasks by hand."""
    queue: deque[Nudge] = deque()
    token = _collected.set(queue)
    try:
        yield queue
    finally:
        _collected.reset(token)
