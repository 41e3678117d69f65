"""What the preview of a file of past answers shows, as plain data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from responses.importing import (
    AlreadyImported,
    Report,
    find_people,
    preview_answers,
    refuse_again,
)
from responses.reading import Answer
from responses.uploading import Use, is_complete, make_columns, make_rules, read_upload, survey_of
from surveys.importing.batches import write_problems
from surveys.importing.faults import UnreadableFile
from surveys.importing.previewing import (
    explain_unreadable,
    list_samples,
    pack_problems,
    unpack_problems,
)
from surveys.importing.running import Tell
from surveys.models import ImportBatch, Survey

FIRST_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import would do, as a worker found it."""

    rows: int
    new: int
    already_here: int
    not_counted: int


def make_preview(
    batch: ImportBatch, *, now: dt.datetime, tell: Tell
) -> tuple[dict[str, Any], bytes | None]:
    """Return what is to be shown of a file, and its refused rows as a file."""
    table, uses = read_upload(batch)
    survey = survey_of(batch)
    preview: dict[str, Any] = {"header": table.header, "looked_at": now.isoformat()}
    try:
        preview["samples"] = list_samples(table)
        if survey is None or not is_complete(batch):
            return preview, None
        rules = make_rules(batch, table, uses, survey, now=now)
        report = preview_answers(table, rules, survey, tell=tell)
    except UnreadableFile as error:
        return preview | {"unreadable": [error.fault.value, error.detail]}, None
    preview |= describe_report(report, survey) | pack_problems(report)
    return preview, write_problems(table, report.refusals) if report.refusals else None


def describe_report(report: Report, survey: Survey) -> dict[str, Any]:
    named = {answer.email for answer in report.answers if answer.email}
    is_off_by_one = survey.scale_min == 1 and any(p.detail == "0" for p in report.refusals)
    return {
        "counts": {
            "rows": report.rows,
            "new": len(report.answers),
            "already_here": report.already_here,
            "not_counted": report.not_counted,
        },
        "answers": [_pack(answer) for answer in report.answers[:FIRST_ANSWERS]],
        "named": len(named),
        "linked": len(find_people(report.answers)) if named else 0,
        "needs_zero": is_off_by_one,
    }


def _pack(answer: Answer) -> dict[str, Any]:
    return {
        "line": answer.line,
        "score": answer.score,
        "answered_at": answer.answered_at.isoformat(),
        "comment": answer.comment[:200],
        "email": answer.email,
        "properties": answer.properties,
    }


def _unpack(packed: dict[str, Any]) -> Answer:
    return Answer(**packed | {"answered_at": dt.datetime.fromisoformat(packed["answered_at"])})


def show_preview(batch: ImportBatch, survey: Survey) -> dict[str, Any]:
    """Return what the worker found, for a page."""
    preview = batch.preview or {}
    header = preview["header"]
    shown: dict[str, Any] = {
        "samples": preview.get("samples") or [[] for _ in header],
        "unreadable": explain_unreadable(preview),
    }
    if "counts" not in preview:
        return shown
    columns = make_columns(header, [Use(use) for use in batch.summary["uses"]])
    try:
        refuse_again(batch.sha256, survey, columns)
    except AlreadyImported as error:
        return shown | {"earlier": error.batch}
    return shown | {
        "report": Counts(**preview["counts"]),
        "answers": [_unpack(packed) for packed in preview["answers"]],
        "named": preview["named"],
        "linked": preview["linked"],
        "needs_zero": preview["needs_zero"],
        **unpack_problems(preview),
    }
