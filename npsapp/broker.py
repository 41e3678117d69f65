"""Celery's broker of files, made safe for several processes at once.

kombu's own creates a message's file first and fills it later. A worker that looks in between reads
an empty message, and ends.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    # The types of kombu's own two classes disagree here.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Written under a name that nobody looks for, and renamed: a message is all there."""
        folder = Path(self.data_folder_out)
        name = uuid.uuid4()
        draft = folder / f"{name}.draft"
        try:
            draft.write_text(dumps(payload))
            # kombu sorts by name and takes what follows the first dot for the queue.
            draft.rename(folder / f"{round(time.monotonic() * 1000)}_{name}.{queue}.msg")
        except OSError as error:
            raise ChannelError(f"No message can be written in {folder}: {error}.") from error

    def _queue_bind(self, exchange: str, *args: Any) -> None:
        with self._alone():
            super()._queue_bind(exchange, *args)

    def get_table(self, exchange: str) -> Any:
        with self._alone():
            return super().get_table(exchange)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The file of an exchange, too, is empty for a moment when it is made."""
        folder = Path(self.control_folder)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    Channel = Channel
