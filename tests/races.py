"""Races on a real database: calls in threads of their own, all released at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

PATIENCE_SECONDS = 30


def run_at_once(*calls: Callable[[], object]) -> list[BaseException]:
    """Run the calls and return what they raised. Needs `django_db(transaction=True)`."""
    start = threading.Barrier(len(calls))
    raised: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            call()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    return raised
