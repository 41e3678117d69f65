"""Large files of answers: asked for on a page, written by a worker, kept for a day.

The row is the queue, with a lease as imports have one: a worker that dies is followed by another.
A file is written beside the database first and put into it at the end, so that nothing waits for
its many rows, and erasing a person in the meantime simply takes the file away.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Q

from npsapp.models import User
from responses.exporting import list_export_rows, list_properties, name_columns
from responses.models import ExportFile, ExportPiece
from responses.models.response import ResponseQuerySet
from responses.writing import ExportStyle, Say, count_rows, stream_rows, write_workbook
from surveys.importing.running import clock
from surveys.models import get_organisation
from surveys.nudging import nudge

# More are written in the background: they take longer than somebody waits for a page.
MOST_AT_ONCE = 20_000
KEPT = dt.timedelta(days=1)
# Of one person: more fill the queue of everybody, and the disk.
MOST_WAITING = 3
MOST_KEPT = 10
LEASE = dt.timedelta(seconds=60)
MOST_ATTEMPTS = 3
PIECE = 1024 * 1024
FOLDER = ".export-"
_TELL_EVERY_SECONDS = 0.5

State = ExportFile.State

CLAIM = """
    UPDATE responses_exportfile
       SET state = 'writing', claim_token = %(token)s, attempts = attempts + 1, rows_done = 0,
           lease_until = clock_timestamp() + %(lease)s
     WHERE id = %(pk)s AND attempts < %(most)s
       AND (state = 'queued' OR (state = 'writing' AND lease_until < clock_timestamp()))
    RETURNING id
"""
TELL = """
    UPDATE responses_exportfile
       SET rows_done = %s, lease_until = clock_timestamp() + %s
     WHERE id = %s AND claim_token = %s AND state = 'writing'
"""


# Finds the rows of an address of the list as it was at a moment; raises FilterGone.
Find = Callable[[str, dt.datetime], ResponseQuerySet]


class FileTaken(Exception):
    """Somebody was erased or another worker took over: what was written must not be kept."""


class FilterGone(Exception):
    """The address that the rows were chosen by means nothing any more."""


class TooManyFiles(Exception):
    """This person has MOST_WAITING files under way or MOST_KEPT to fetch; see `is_waiting`."""

    def __init__(self, *, is_waiting: bool) -> None:
        super().__init__()
        self.is_waiting = is_waiting


def ask_for_file(
    query: str, style: ExportStyle, *, rows: int, user: User, with_addresses: bool, now: dt.datetime
) -> ExportFile:
    """Queue a file; a second click leads to the same one. Raises TooManyFiles."""
    from responses.tasks import write_export

    asked = {"user": user, "query": query, "style": style.value, "with_addresses": with_addresses}
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        waiting = ExportFile.objects.filter(**asked, state__in=[State.QUEUED, State.WRITING])
        if found := waiting.first():
            return found
        _refuse_too_many(user)
        today = now.astimezone(get_organisation().zone).date()
        made = ExportFile.objects.create(
            **asked,
            file_name=f"responses-{today}.{style.extension}",
            rows_total=rows,
            created_at=now,
        )
        nudge(write_export, made.pk)
    return made


def _refuse_too_many(user: User) -> None:
    states = list(ExportFile.objects.filter(user=user).values_list("state", flat=True))
    waiting = sum(state in {State.QUEUED, State.WRITING} for state in states)
    if waiting >= MOST_WAITING:
        raise TooManyFiles(is_waiting=True)
    if waiting + states.count(State.READY) >= MOST_KEPT:
        raise TooManyFiles(is_waiting=False)


def find_waiting() -> list[int]:
    """Return what no worker is at."""
    waiting = Q(state=State.QUEUED) | Q(state=State.WRITING, lease_until__lt=clock())
    return list(ExportFile.objects.filter(waiting).order_by("pk").values_list("pk", flat=True))


def forget_files(*, now: dt.datetime) -> int:
    """Throw away what is past its day, and what dead workers left beside the database."""
    for folder in Path(settings.DATA_DIR).glob(f"{FOLDER}*"):
        if now.timestamp() - folder.stat().st_mtime > KEPT.total_seconds():
            for file in folder.iterdir():
                file.unlink(missing_ok=True)
            folder.rmdir()
    _n, deleted = ExportFile.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted.get("responses.ExportFile", 0)


def write_file(pk: int, *, find: Find, now: dt.datetime) -> bool:
    """Write a queued file, unless somebody else does; say whether it was done now."""
    token = uuid.uuid4()
    values: dict[str, Any] = {"pk": pk, "token": token, "lease": LEASE, "most": MOST_ATTEMPTS}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        is_ours = cursor.fetchone() is not None
    if not is_ours:
        _give_up(pk)
        return False
    ours = ExportFile.objects.filter(pk=pk, claim_token=token, state=State.WRITING)
    export = ExportFile.objects.select_related("user").get(pk=pk)
    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=FOLDER) as place:
            path = Path(place) / export.file_name
            with _telling(pk, token) as say, transaction.atomic():
                _write(export, path, find=find, say=say)
            _keep(export, path, token, now=now)
    except FileTaken:
        return False
    except FilterGone:
        ours.update(state=State.FAILED, lease_until=None)
        return False
    except (Error, OSError):
        # The sweep tries again, a few times.
        ours.update(state=State.QUEUED, lease_until=None)
        raise
    return True


def _give_up(pk: int) -> None:
    spent = ExportFile.objects.filter(pk=pk, attempts__gte=MOST_ATTEMPTS)
    left = Q(state=State.WRITING, lease_until__lt=clock())
    spent.filter(Q(state=State.QUEUED) | left).update(state=State.FAILED, lease_until=None)


def _write(export: ExportFile, path: Path, *, find: Find, say: Say) -> None:
    """Write the rows that the list shows for the same address at the moment somebody asked."""
    organisation, style = get_organisation(), ExportStyle(export.style)
    properties = list_properties()
    rows = list_export_rows(
        find(export.query, export.created_at),
        properties=properties,
        zone=organisation.zone,
        with_addresses=export.with_addresses,
    )
    header, counted = name_columns(properties), count_rows(rows, say)
    if style.csv is None:
        write_workbook(header, counted, path)
        return
    with path.open("wb") as file:
        for line in stream_rows(header, counted, style.csv):
            file.write(line)


def _keep(export: ExportFile, path: Path, token: uuid.UUID, *, now: dt.datetime) -> None:
    """Put a file that is written into the database, if it is still wanted."""
    with transaction.atomic():
        ours = ExportFile.objects.select_for_update().filter(
            pk=export.pk, claim_token=token, state=State.WRITING
        )
        fresh = ours.first()
        if fresh is None:
            raise FileTaken
        with path.open("rb") as file:
            number = 0
            while content := file.read(PIECE):
                ExportPiece.objects.create(export=fresh, number=number, content=content)
                number += 1
        fresh.state, fresh.ready_at, fresh.lease_until = State.READY, now, None
        fresh.size, fresh.rows_done = path.stat().st_size, fresh.rows_total
        fresh.save()


def read_pieces(export: ExportFile) -> Iterator[bytes]:
    """Yield a file that is ready, one piece in memory at a time."""
    pieces = ExportPiece.objects.filter(export=export)
    for number in pieces.values_list("number", flat=True):
        content = pieces.filter(number=number).values_list("content", flat=True).first()
        if content is None:
            raise FileTaken
        yield bytes(content)


@contextmanager
def _telling(pk: int, token: uuid.UUID) -> Iterator[Say]:
    """Yield what writes down how many rows are done, and keeps the lease."""
    beside = connection.copy()
    told_at = 0.0

    def say(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < _TELL_EVERY_SECONDS:
            return
        told_at = time.monotonic()
        with beside.cursor() as cursor:
            values: list[Any] = [done, LEASE, pk, token]
            cursor.execute(TELL, values)

    try:
        yield say
    finally:
        beside.close()
