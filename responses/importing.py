"""Answers given before this product was there: written, and undone again.

They count with their own dates and get no follow-up: nobody expects a reaction to an old answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from responses.models import Response
from responses.reading import Answer, Columns, Rules, read_answers, read_answers_table
from responses.tallies import keep_tallies
from responses.touching import Touched
from surveys.importing.faults import Fault, Problem, Problems
from surveys.importing.headers import property_key
from surveys.importing.reading import Table
from surveys.importing.running import Tell
from surveys.models import Contact, ImportBatch, Property, Survey
from surveys.models.contact import MOST_SEGMENTS

BATCH = 2_000


@dataclass(slots=True)
class Report(Problems):
    """What an import did, or would do. Every row is new, already here, or not counted."""

    answers: list[Answer] = field(default_factory=list)
    already_here: int = 0
    not_counted: int = 0

    @property
    def rows(self) -> int:
        return len(self.answers) + self.already_here + self.not_counted

    def refuse(self, problem: Problem) -> None:
        self.not_counted += 1
        self.problems.append(problem)


class AlreadyImported(Exception):
    """This file was imported before, and without ids its answers cannot be told apart."""

    def __init__(self, batch: ImportBatch) -> None:
        super().__init__(batch)
        self.batch = batch


class CannotUndo(Exception):
    """The sentence says why."""


def preview_answers(
    table: Table, rules: Rules, survey: Survey, *, tell: Tell = lambda done, total: None
) -> Report:
    """Return what `import_answers` would do now; writes nothing."""
    report = Report()
    size = max(len(table.lines) - table.first, 1)
    lines: dict[str, int] = {}
    for count, (answer, problems) in enumerate(read_answers(table, rules), 1):
        if not count % BATCH:
            tell(min(count, size), size)
        report.problems += problems
        if answer is None:
            report.not_counted += 1
        elif answer.external_id in lines:
            earlier = str(lines[answer.external_id])
            column = rules.columns.external_id
            report.refuse(Problem(answer.line, column, Fault.DOUBLE_ROW, earlier))
        else:
            if answer.external_id:
                lines[answer.external_id] = answer.line
            report.answers.append(answer)
    _leave_out_known(report, survey, rules.columns)
    report.problems.sort(key=lambda problem: problem.line)
    return report


def import_answers(
    content: bytes, file_name: str, rules: Rules, survey: Survey
) -> tuple[ImportBatch | None, Report]:
    """Write the usable answers, all or none; the batch is None when there was nothing new.

    Raises UnreadableFile and AlreadyImported.
    """
    table = read_answers_table(content, rules.columns)
    with transaction.atomic():
        # One import into a survey at a time: two of the same file must not both find it missing.
        # Not so tightly that customers who answer it would wait for the import.
        survey = Survey.objects.select_for_update(no_key=True).get(pk=survey.pk)
        sha256 = hashlib.sha256(content).hexdigest()
        refuse_again(sha256, survey, rules.columns)
        report = preview_answers(table, rules, survey)
        if not report.answers:
            return None, report
        batch = ImportBatch.objects.create(
            kind=ImportBatch.Kind.RESPONSES,
            state=ImportBatch.State.IMPORTED,
            file_name=file_name[-200:],
            sha256=sha256,
            imported_at=rules.now,
            summary=summarise(report, rules, survey),
        )
        keep_tallies(_write(report.answers, survey, batch))
    return batch, report


def import_into(
    batch: ImportBatch, table: Table, rules: Rules, survey: Survey, *, tell: Tell
) -> Report:
    """Write the usable answers of an uploaded file. Raises AlreadyImported."""
    survey = Survey.objects.select_for_update(no_key=True).get(pk=survey.pk)
    refuse_again(batch.sha256, survey, rules.columns)
    report = preview_answers(table, rules, survey)
    batch.summary = batch.summary | summarise(report, rules, survey)
    touched: list[Touched] = []
    for start in range(0, len(report.answers), BATCH):
        touched += _write(report.answers[start : start + BATCH], survey, batch)
        tell(start, report.rows)
    keep_tallies(touched)
    return report


def summarise(report: Report, rules: Rules, survey: Survey) -> dict[str, Any]:
    """Return what the batch remembers; declares the properties that the answers bring."""
    return {
        "survey": survey.slug,
        "has_ids": bool(rules.columns.external_id),
        "rows": report.rows,
        "new": len(report.answers),
        "unchanged": report.already_here,
        "refused": report.not_counted,
        "properties": _declare_properties(rules.columns) if report.answers else [],
    }


def refuse_again(sha256: str, survey: Survey, columns: Columns) -> None:
    """Raise AlreadyImported for a file that would count twice.

    With ids, then and now, the rows themselves tell which of them are here already.
    """
    earlier = ImportBatch.objects.imported().filter(
        kind=ImportBatch.Kind.RESPONSES,
        sha256=sha256,
        summary__survey=survey.slug,
    )
    for batch in earlier:
        if not (batch.summary["has_ids"] and columns.external_id):
            raise AlreadyImported(batch)


def find_people(answers: Iterable[Answer]) -> dict[str, int]:
    """Return the primary keys of the contacts whose addresses the answers name."""
    addresses = sorted({answer.email for answer in answers if answer.email})
    people: dict[str, int] = {}
    for start in range(0, len(addresses), BATCH):
        known = Contact.objects.filter(email__in=addresses[start : start + BATCH])
        people.update(known.values_list("email", "pk"))
    return people


def undo_import(batch: ImportBatch, *, now: dt.datetime) -> int:
    """Remove what an import of responses brought, and return how many those were.

    The batch stays as history. Raises CannotUndo, also when something was built on the answers.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if batch.kind != ImportBatch.Kind.RESPONSES:
            raise CannotUndo(_("Only an import of responses can be undone."))
        if batch.state != ImportBatch.State.IMPORTED:
            raise CannotUndo(_("Import %(number)s was undone before.") % {"number": batch.pk})
        answers = Response.objects.filter(import_batch=batch)
        # In the order of their keys, as whoever judges many of them locks them.
        locked = answers.select_for_update().order_by("pk")
        placed = locked.values_list("survey_id", "answered_at", "contact_id", "occasion")
        touched = [Touched(*each) for each in placed]
        _refuse_dependants(batch)
        answers.delete()
        _forget_properties(batch.summary["properties"])
        batch.state = ImportBatch.State.UNDONE
        batch.undone_at = now
        batch.problem_file = None
        batch.save(update_fields=["state", "undone_at", "problem_file"])
        keep_tallies(touched)
    return len(touched)


def _leave_out_known(report: Report, survey: Survey, columns: Columns) -> None:
    """Pass over answers whose id is here; say so when the file has another score for it."""
    ids = [answer.external_id for answer in report.answers if answer.external_id]
    known: dict[str, int] = {}
    for start in range(0, len(ids), BATCH):
        found = Response.objects.filter(survey=survey, external_id__in=ids[start : start + BATCH])
        known.update(found.values_list("external_id", "score"))
    for answer in report.answers:
        score = known.get(answer.external_id)
        if score is not None and score != answer.score:
            report.problems.append(
                Problem(answer.line, columns.score, Fault.DIFFERS, str(score), refused=False)
            )
    new = [answer for answer in report.answers if answer.external_id not in known]
    report.already_here = len(report.answers) - len(new)
    report.answers = new


def _write(answers: list[Answer], survey: Survey, batch: ImportBatch) -> list[Touched]:
    people = find_people(answers)
    written = Response.objects.bulk_create(
        [
            Response(
                survey=survey,
                contact_id=people.get(answer.email),
                scale_min=survey.scale_min,
                score=answer.score,
                comment=answer.comment,
                channel=Response.Channel.IMPORT,
                occasion=answer.occasion,
                external_id=answer.external_id,
                properties=answer.properties,
                answered_at=answer.answered_at,
                import_batch=batch,
            )
            for answer in answers
        ],
        batch_size=BATCH,
    )
    return [Touched.of(answer) for answer in written]


def _declare_properties(columns: Columns) -> list[str]:
    """Make the chosen columns segments as far as there is room; return the keys added here."""
    added = []
    room = MOST_SEGMENTS - Property.objects.segments().count()
    for name in columns.properties:
        _declared, is_new = Property.objects.get_or_create(
            key=property_key(name), defaults={"label": name[:120], "is_segment": room > 0}
        )
        if is_new:
            added.append(property_key(name))
            room -= 1
    return added


def _forget_properties(keys: list[str]) -> None:
    """Take back properties that only the undone answers had."""
    for key in keys:
        is_used = any(
            model.objects.filter(properties__has_key=key).exists() for model in (Contact, Response)
        )
        if not is_used:
            Property.objects.filter(key=key).delete()


def _refuse_dependants(batch: ImportBatch) -> None:
    # Asked of the models, not listed here: what builds on responses lies downstream of this app.
    for relation in Response._meta.related_objects:
        model = relation.related_model
        name = f"{relation.field.name}__import_batch"
        found = model._base_manager.filter(**{name: batch}).count()
        if found:
            raise CannotUndo(
                _(
                    "Import %(number)s cannot be undone: %(count)s × %(what)s "
                    "would be lost with its answers."
                )
                % {"number": batch.pk, "count": found, "what": model._meta.verbose_name}
            )
