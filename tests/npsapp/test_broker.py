"""The broker of files with a writer and a reader at once."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty
from typing import Any

from kombu import Connection

from npsapp.broker import Transport
from npsapp.celery import app

MESSAGES = 2000


def open_channel(folder: Path, transport: Any = Transport) -> Any:
    for name in ("queue", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    return Connection(transport=transport, transport_options=options).channel()


def test_reader_never_meets_a_message_that_is_still_being_written(tmp_path: Path) -> None:
    writer, reader = open_channel(tmp_path), open_channel(tmp_path)

    def write() -> None:
        for number in range(MESSAGES):
            writer._put("celery", {"number": number})

    writing = threading.Thread(target=write)
    writing.start()
    read: list[int] = []
    try:
        while len(read) < MESSAGES and (writing.is_alive() or any((tmp_path / "queue").iterdir())):
            try:
                read.append(reader._get("celery")["number"])
            except Empty:
                continue
    finally:
        writing.join()

    assert sorted(read) == list(range(MESSAGES))


def test_table_of_an_exchange_is_never_read_half_written(tmp_path: Path) -> None:
    writer, reader = open_channel(tmp_path), open_channel(tmp_path)

    def bind() -> None:
        for number in range(300):
            writer._queue_bind(f"exchange-{number}", "key", "", "queue")

    writing = threading.Thread(target=bind)
    writing.start()
    tables = []
    for number in range(300):
        while not (table := reader.get_table(f"exchange-{number}")):
            assert writing.is_alive() or reader.get_table(f"exchange-{number}")
        tables.append(table[0].queue)
    writing.join()

    assert tables == ["queue"] * 300


def test_product_uses_it() -> None:
    with app.connection_for_write("filesystem://localhost//") as connection:
        assert type(connection.transport) is Transport
