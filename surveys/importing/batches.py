"""An uploaded file on its way: opened and previewed, its columns matched, then brought in."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from npsapp.models import User
from surveys.importing.cells import clean_prose
from surveys.importing.contacts import Report, import_contacts
from surveys.importing.explaining import explain
from surveys.importing.faults import Problem
from surveys.importing.headers import Field, match_headers
from surveys.importing.people import read_contacts_table
from surveys.importing.pieces import read_content
from surveys.importing.reading import Table
from surveys.importing.running import (
    LOOK,
    Tell,
    clock,
    find_stage,
    lock_preview,
    look_again,
    queue_batch,
    run,
)
from surveys.importing.writing import write_csv
from surveys.models import ImportBatch, Property
from surveys.nudging import nudge

KEPT_PREVIEW = dt.timedelta(days=1)
# About three thousand people. For them nobody waits for a worker.
LOOKED_AT_AT_ONCE = 256 * 1024
NOT_IMPORTED = [ImportBatch.State.UPLOADED, ImportBatch.State.PREVIEWED]


def open_batch(
    content: bytes,
    file_name: str,
    *,
    user: User | None,
    now: dt.datetime,
    uses: Sequence[Field] | None = None,
    was_seen: bool = False,
) -> ImportBatch:
    """Keep an uploaded contacts file, and let it be looked at; raises UnreadableFile.

    Previews that nobody confirmed are thrown away: they are full of people's data. `was_seen` is
    for a command, which has shown by itself what would happen.
    """
    table = read_contacts_table(content)
    with transaction.atomic():
        forget_previews(now=now)
        batch = ImportBatch.objects.create(
            kind=ImportBatch.Kind.CONTACTS,
            state=ImportBatch.State.PREVIEWED if was_seen else ImportBatch.State.UPLOADED,
            file_name=clean_prose(file_name)[-200:] or "contacts.csv",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            summary={"uses": list(uses or propose_uses(table)), "size": len(content)},
            created_by=user,
        )
    if not was_seen:
        begin_preview(batch, now=now)
    return batch


def forget_previews(*, now: dt.datetime) -> None:
    """Throw away what nobody confirmed within a day."""
    ImportBatch.objects.filter(
        state__in=[*NOT_IMPORTED, ImportBatch.State.FAILED], created_at__lt=now - KEPT_PREVIEW
    ).delete()


def begin_preview(batch: ImportBatch, *, now: dt.datetime) -> None:
    """Look at a small file at once; a large one is for the worker."""
    from surveys.tasks import import_contacts_file

    if is_small(batch):
        run_preview(batch.pk, now=now)
    else:
        nudge(import_contacts_file, batch.pk)


def begin_again(batch: ImportBatch, *, now: dt.datetime) -> None:
    """After three attempts that failed: look once more."""
    look_again(batch)
    begin_preview(batch, now=now)


def is_small(batch: ImportBatch) -> bool:
    """Whether it is read in less time than a reader needs to notice."""
    return bool(batch.summary.get("size", LOOKED_AT_AT_ONCE + 1) <= LOOKED_AT_AT_ONCE)


def propose_uses(table: Table) -> list[Field]:
    """Return what each column seems to be for. Unknown ones are left out until chosen."""
    known = Property.objects.values_list("key", flat=True)
    return match_headers(table.header, known_properties=frozenset(known))


def read_batch(batch: ImportBatch) -> tuple[Table, list[Field]]:
    """Return the table of a batch that is not imported yet, and what its columns are for."""
    table = read_contacts_table(read_content(batch))
    return table, [Field(use) for use in batch.summary["uses"]]


def change_uses(batch: ImportBatch, uses: Sequence[Field], *, now: dt.datetime) -> None:
    """Keep what the columns are for and look anew, unless another tab imported the file."""
    if change_summary(batch, uses=list(uses)):
        begin_preview(batch, now=now)


@transaction.atomic
def change_summary(batch: ImportBatch, **changes: Any) -> bool:
    """Keep how a file is to be read; its preview is void from then on."""
    locked = lock_preview(batch)
    if locked is None:
        return False
    locked.summary = locked.summary | changes
    locked.save(update_fields=["summary"])
    look_again(locked)
    return True


def work_on(pk: int, *, now: dt.datetime) -> bool:
    """Look at a file, or import it, whichever it waits for."""
    return run_preview(pk, now=now) if find_stage(pk) == LOOK else run_contacts(pk, now=now)


def run_preview(pk: int, *, now: dt.datetime) -> bool:
    """Find out what importing a file would do, and keep that to be shown."""
    from surveys.importing.previewing import make_preview

    def work(batch: ImportBatch, tell: Tell) -> dict[str, Any]:
        preview, problem_file = make_preview(batch, now=now, tell=tell)
        return {"preview": preview, "problem_file": problem_file}

    return run(pk, ImportBatch.Kind.CONTACTS, work, stage=LOOK)


def queue_contacts(batch: ImportBatch, *, user: User | None) -> bool:
    """Let the worker bring the people in. A second click finds nothing to queue.

    Nor is a file queued with other columns than those of `batch`, which are what the user saw.
    """
    from surveys.tasks import import_contacts_file

    return queue_batch(batch, user=user, task=import_contacts_file)


def confirm_batch(batch: ImportBatch, *, user: User | None, now: dt.datetime) -> bool:
    """Bring the people in at once, without a worker."""
    return queue_batch(batch, user=user) and run_contacts(batch.pk, now=now)


def run_contacts(pk: int, *, now: dt.datetime) -> bool:
    """Import a queued file; of it only the refused rows are kept."""

    def work(batch: ImportBatch, tell: Tell) -> dict[str, Any]:
        table, uses = read_batch(batch)
        report = import_contacts(table, uses, now=now, batch=batch, tell=tell)
        return {
            "problem_file": write_problems(table, report.refusals) if report.refused else None,
            "content": None,
            "preview": None,
            "imported_at": clock(),
            "rows_done": report.rows,
            "rows_total": report.rows,
            "summary": batch.summary | summarise(report),
        }

    return run(pk, ImportBatch.Kind.CONTACTS, work)


def summarise(report: Report) -> dict[str, int]:
    return {
        "rows": report.rows,
        "new": report.new,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "refused": report.refused,
        "remarks": len(report.remarks),
    }


def find_earlier(batch: ImportBatch) -> ImportBatch | None:
    """Return an earlier import of the very same file."""
    return (
        ImportBatch.objects.filter(
            kind=batch.kind, state=ImportBatch.State.IMPORTED, sha256=batch.sha256
        )
        .exclude(pk=batch.pk)
        .select_related("created_by")
        .first()
    )


def write_problems(table: Table, refusals: Iterable[Problem]) -> bytes:
    """Return the refused rows as CSV: as they were, with their line and what is wrong."""
    reasons: dict[int, list[str]] = {}
    for problem in refusals:
        sentence = f"{problem.column}: {explain(problem)}" if problem.column else explain(problem)
        reasons.setdefault(problem.line, []).append(sentence)
    return write_csv(
        [*table.header, _("Line"), _("Reason")],
        _refused_rows(table, reasons),
        delimiter=table.delimiter,
    )


def _refused_rows(table: Table, reasons: dict[int, list[str]]) -> Iterator[list[str | int]]:
    width = len(table.header)
    for row in table.rows():
        if row.line in reasons:
            cells = row.cells + [""] * (width - len(row.cells))
            yield [*cells, row.line, " ".join(reasons[row.line])]


def discard_batch(batch: ImportBatch) -> bool:
    """Throw a file away that was not imported, data and all; say whether it was."""
    found = ImportBatch.objects.filter(pk=batch.pk, state__in=NOT_IMPORTED)
    return bool(found.delete()[0])


def list_batches(kind: str = ImportBatch.Kind.CONTACTS) -> QuerySet[ImportBatch]:
    """Return the imports of a kind, the newest first, without the files themselves."""
    found = ImportBatch.objects.filter(kind=kind).defer("content", "problem_file", "preview")
    return found.select_related("created_by")
