"""An uploaded file of past answers: its columns matched, previewed, imported by a worker."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from npsapp.models import User
from responses.importing import import_into
from responses.reading import LONGEST_COMMENT, MOST_ROWS, Columns, Rules
from surveys.importing.batches import change_summary, forget_previews, is_small, write_problems
from surveys.importing.cells import clean_prose
from surveys.importing.dates import Order
from surveys.importing.headers import Field, match_header, property_key, simplify
from surveys.importing.pieces import read_content
from surveys.importing.reading import Table, read_table
from surveys.importing.running import (
    LOOK,
    Tell,
    clock,
    find_stage,
    look_again,
    queue_batch,
    run,
)
from surveys.models import ImportBatch, Property, Survey, get_organisation
from surveys.nudging import nudge


class Use(StrEnum):
    """What a column of a file of answers can be used for."""

    SKIP = ""
    SCORE = "score"
    DATE = "date"
    COMMENT = "comment"
    EMAIL = "email"
    OCCASION = "occasion"
    ID = "id"
    PROPERTY = "property"


_NAMES = {
    Use.SCORE: "score, nps, nps score, cijfer, rating, likelihood, recommend, beoordeling, "
    "how likely, aanbeveling, waardering",
    Use.DATE: "date, datum, answered at, answered on, beantwoord op, response date, submitted, "
    "submitted at, timestamp, created at, completed at, ingevuld op, tijdstip, antwoorddatum",
    Use.COMMENT: "comment, comments, reason, reden, toelichting, opmerking, opmerkingen, feedback, "
    "why, waarom, verbatim, commentaar",
    Use.OCCASION: "occasion, order, order number, ordernummer, bestelnummer, bezoek, visit, "
    "transaction",
    Use.ID: "response id, answer id, antwoord id, reactie id, id, respondent id",
}
_USES = {name: use for use, names in _NAMES.items() for name in names.split(", ")}


def match_use(name: str) -> Use:
    use = _USES.get(simplify(name), Use.SKIP)
    return use or (Use.EMAIL if match_header(name) == Field.EMAIL else Use.SKIP)


def read_upload_table(content: bytes) -> Table:
    """Return the table of a file of answers; raises UnreadableFile."""
    return read_table(
        content,
        lambda header: len({match_use(name) for name in header} - {Use.SKIP}),
        max_cell=LONGEST_COMMENT,
        max_rows=MOST_ROWS,
    )


def propose_uses(table: Table) -> list[Use]:
    """Return what each column seems to be for, each use once; unknown ones are left out."""
    known = set(Property.objects.values_list("key", flat=True))
    proposal: list[Use] = []
    for name in table.header:
        use = match_use(name)
        if use in proposal:
            use = Use.SKIP
        if not use and property_key(name) in known:
            use = Use.PROPERTY
        proposal.append(use)
    return proposal


def open_upload(
    content: bytes, file_name: str, survey: Survey, *, user: User, now: dt.datetime
) -> ImportBatch:
    """Keep an uploaded file for its preview; raises UnreadableFile."""
    table = read_upload_table(content)
    forget_previews(now=now)
    batch = ImportBatch.objects.create(
        kind=ImportBatch.Kind.RESPONSES,
        file_name=clean_prose(file_name)[-200:] or "answers.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        summary={
            "survey": survey.slug,
            "uses": list(propose_uses(table)),
            "order": "",
            "day": "",
            "size": len(content),
        },
        created_by=user,
    )
    begin_preview(batch, now=now)
    return batch


def begin_preview(batch: ImportBatch, *, now: dt.datetime) -> None:
    """Look at a small file at once; a large one is for the worker."""
    from responses.tasks import import_answers_file

    if is_small(batch):
        run_preview(batch.pk, now=now)
    else:
        nudge(import_answers_file, batch.pk)


def begin_again(batch: ImportBatch, *, now: dt.datetime) -> None:
    """After three attempts that failed: look once more."""
    look_again(batch)
    begin_preview(batch, now=now)


def read_upload(batch: ImportBatch) -> tuple[Table, list[Use]]:
    table = read_upload_table(read_content(batch))
    return table, [Use(use) for use in batch.summary["uses"]]


def survey_of(batch: ImportBatch) -> Survey | None:
    return Survey.objects.filter(slug=batch.summary.get("survey", "")).first()


def change_matching(
    batch: ImportBatch, uses: Sequence[Use], *, order: str, day: str, now: dt.datetime
) -> None:
    """Keep what the columns are for and look anew, unless another tab imported the file."""
    if change_summary(batch, uses=list(uses), order=order, day=day):
        begin_preview(batch, now=now)


def make_columns(header: Sequence[str], uses: Sequence[Use]) -> Columns:
    named = {use: name for use, name in zip(uses, header, strict=True) if use}
    pairs = zip(uses, header, strict=True)
    return Columns(
        score=named.get(Use.SCORE, ""),
        date=named.get(Use.DATE, ""),
        comment=named.get(Use.COMMENT, ""),
        email=named.get(Use.EMAIL, ""),
        occasion=named.get(Use.OCCASION, ""),
        external_id=named.get(Use.ID, ""),
        properties=tuple(name for use, name in pairs if use == Use.PROPERTY),
    )


def is_complete(batch: ImportBatch) -> bool:
    """Whether it is known which column has the score, and when the answers were given."""
    uses = batch.summary["uses"]
    return Use.SCORE in uses and (Use.DATE in uses or bool(batch.summary["day"]))


def make_rules(
    batch: ImportBatch, table: Table, uses: Sequence[Use], survey: Survey, *, now: dt.datetime
) -> Rules:
    zone = get_organisation().zone
    moment = None
    if Use.DATE not in uses:
        day = dt.date.fromisoformat(batch.summary["day"])
        moment = min(dt.datetime.combine(day, dt.time(12), tzinfo=zone), now)
    return Rules(
        columns=make_columns(table.header, uses),
        scores=survey.scores,
        zone=zone,
        now=now,
        moment=moment,
        order=Order(batch.summary["order"]),
    )


def work_on(pk: int, *, now: dt.datetime) -> bool:
    """Look at a file, or import it, whichever it waits for."""
    return run_preview(pk, now=now) if find_stage(pk) == LOOK else run_answers(pk, now=now)


def run_preview(pk: int, *, now: dt.datetime) -> bool:
    """Find out what importing a file would do, and keep that to be shown."""
    from responses.previewing import make_preview

    def work(batch: ImportBatch, tell: Tell) -> dict[str, Any]:
        preview, problem_file = make_preview(batch, now=now, tell=tell)
        return {"preview": preview, "problem_file": problem_file}

    return run(pk, ImportBatch.Kind.RESPONSES, work, stage=LOOK)


def queue_answers(batch: ImportBatch, *, user: User) -> bool:
    """Let the worker write the answers. A second click finds nothing to queue."""
    from responses.tasks import import_answers_file

    return queue_batch(batch, user=user, task=import_answers_file)


def run_answers(pk: int, *, now: dt.datetime) -> bool:
    """Import a queued file; of it only the refused rows are kept."""

    def work(batch: ImportBatch, tell: Tell) -> dict[str, Any]:
        survey = Survey.objects.get(slug=batch.summary["survey"])
        table, uses = read_upload(batch)
        rules = make_rules(batch, table, uses, survey, now=now)
        report = import_into(batch, table, rules, survey, tell=tell)
        refused = write_problems(table, report.refusals) if report.refusals else None
        return {
            "problem_file": refused,
            "content": None,
            "preview": None,
            "imported_at": clock(),
            "rows_done": report.rows,
            "rows_total": report.rows,
            "summary": batch.summary,
        }

    return run(pk, ImportBatch.Kind.RESPONSES, work)
