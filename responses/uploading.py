"""An uploaded file of past answers: its columns matched, previewed, imported by a worker."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django.db import transaction

from npsapp.models import User
from responses.importing import Report, import_into, preview_answers
from responses.reading import LONGEST_COMMENT, Columns, Rules
from surveys.importing.batches import write_problems
from surveys.importing.cells import clean_prose
from surveys.importing.dates import Order
from surveys.importing.headers import Field, match_header, property_key, simplify
from surveys.importing.reading import Table, read_table
from surveys.importing.running import Tell, clock, lock_preview, queue_batch, run
from surveys.models import ImportBatch, Property, Survey, get_organisation


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
    return ImportBatch.objects.create(
        kind=ImportBatch.Kind.RESPONSES,
        file_name=clean_prose(file_name)[-200:] or "answers.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        summary={
            "survey": survey.slug,
            "uses": list(propose_uses(table)),
            "order": "",
            "day": "",
        },
        created_by=user,
    )


def read_upload(batch: ImportBatch) -> tuple[Table, list[Use]]:
    table = read_upload_table(bytes(batch.content or b""))
    return table, [Use(use) for use in batch.summary["uses"]]


def survey_of(batch: ImportBatch) -> Survey | None:
    return Survey.objects.filter(slug=batch.summary.get("survey", "")).first()


@transaction.atomic
def change_matching(batch: ImportBatch, uses: Sequence[Use], *, order: str, day: str) -> None:
    """Keep what the columns are for, unless another tab imported the file meanwhile."""
    locked = lock_preview(batch)
    if locked:
        locked.summary = locked.summary | {"uses": list(uses), "order": order, "day": day}
        locked.save(update_fields=["summary"])


def make_columns(table: Table, uses: Sequence[Use]) -> Columns:
    named = {use: name for use, name in zip(uses, table.header, strict=True) if use}
    pairs = zip(uses, table.header, strict=True)
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
        columns=make_columns(table, uses),
        scores=survey.scores,
        zone=zone,
        now=now,
        moment=moment,
        order=Order(batch.summary["order"]),
    )


def preview_upload(batch: ImportBatch, survey: Survey, *, now: dt.datetime) -> Report:
    """Return what importing would do now; writes nothing. Raises UnreadableFile."""
    table, uses = read_upload(batch)
    return preview_answers(table, make_rules(batch, table, uses, survey, now=now), survey)


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
            "imported_at": clock(),
            "rows_done": report.rows,
            "rows_total": report.rows,
            "summary": batch.summary,
        }

    return run(pk, ImportBatch.Kind.RESPONSES, work)


def read_refused(batch: ImportBatch, *, now: dt.datetime) -> bytes:
    """Return the refused rows, before the import as well as after it."""
    survey = survey_of(batch)
    if batch.content is None or survey is None or not is_complete(batch):
        return bytes(batch.problem_file or b"")
    table, _uses = read_upload(batch)
    return write_problems(table, preview_upload(batch, survey, now=now).refusals)
