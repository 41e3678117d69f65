"""Wake a worker up. The rows are already safe, so a broker that is down is no error."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def nudge(task: Task[Any, Any], *args: int) -> None:
    """Queue `task` with primary keys at commit; its periodic sweep is the net."""

    def publish() -> None:
        try:
            task.delay(*args)
        except (OperationalError, OSError) as error:
            logger.warning("Could not wake %s up (%s); its sweep will find the work.", task, error)

    transaction.on_commit(publish, robust=True)
