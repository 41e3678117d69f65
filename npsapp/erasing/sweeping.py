"""Every table is searched for a person, so that a column added tomorrow is not forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import CharField, JSONField, Q, TextField
from django.db.models.functions import Cast

from npsapp.erasing.traces import Traces
from responses.models import Response
from responses.tallies import ChangedAnswers
from surveys.importing.faults import UnreadableFile
from surveys.importing.reading import decode
from surveys.models import ImportBatch

OUR_APPS = ("surveys", "responses", "closeloop")
# The words of the company itself, and contacts: of those only the erased row is meant. Tallies are
# made of answers, and counted anew when those have changed.
KEPT = frozenset(
    {"organisation", "sender", "survey", "rootcause", "member", "property", "account",
     "replytemplate", "tallysheet", "dailytally", "senttally"}
)  # fmt: skip
NOT_IMPORTED = {ImportBatch.State.UPLOADED, ImportBatch.State.PREVIEWED, ImportBatch.State.FAILED}


def sweep_tables(traces: Traces, changed: ChangedAnswers) -> int:
    """Replace the traces in every text and every JSON value; return how many rows had some.

    What this does to the properties of answers is noted in `changed`.
    """
    return sum(
        _sweep(model, traces, changed)
        for label in OUR_APPS
        for model in apps.get_app_config(label).get_models()
        if model._meta.model_name not in KEPT
    )


def _sweep(model: type[models.Model], traces: Traces, noted: ChangedAnswers) -> int:
    names = list(list_text_fields(model))
    if not names or not traces.strings:
        return 0
    found = 0
    casts: dict[str, Any] = {f"_{name}": Cast(name, TextField()) for name in names}
    meant = Q()
    for text in traces.strings:
        for name in names:
            # Words apart by more than one blank are found by their parts, and judged below.
            words = [json.dumps(word, ensure_ascii=False)[1:-1] for word in text.split()]
            each = Q()
            for word in words:
                each &= Q(**{f"_{name}__icontains": word})
            meant |= each
    for row in model._base_manager.alias(**casts).filter(meant):
        changed = {}
        for name in names:
            before = getattr(row, name)
            after = traces.scrub(before)
            if after != before:
                changed[name] = after
        if changed:
            if isinstance(row, Response) and "properties" in changed:
                noted.note(row, changed["properties"])
            model._base_manager.filter(pk=row.pk).update(**changed)
            if isinstance(row, Response) and "occasion" in changed:
                noted.regroup(row)
                row.occasion = changed["occasion"]
                noted.regroup(row)
            found += 1
    return found


def list_text_fields(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, (CharField, TextField, JSONField))
        if not is_text or field.choices or isinstance(field, models.GeneratedField):
            continue
        if model._meta.model_name == "contact" and field.name != "properties":
            continue
        yield field.name


def count_files(traces: Traces) -> tuple[int, int]:
    """Return how many previews and how many files of refused rows hold a trace."""
    previews = problem_files = 0
    for batch in _batches_with(traces):
        is_preview = batch.content is not None
        previews += is_preview
        problem_files += not is_preview
    return previews, problem_files


def erase_import_files(traces: Traces, *, or_else: type[Exception]) -> tuple[int, int]:
    """Throw away previews and files of refused rows that hold a trace; return how many of each.

    Whole files: what is left of a file without one of its rows is no longer what somebody sent.
    Raises `or_else` while such a file is being imported: the person would be back a second later.
    """
    previews = problem_files = 0
    for batch in _batches_with(traces):
        if batch.state in NOT_IMPORTED:
            batch.delete()
            previews += 1
        elif batch.content is not None:
            raise or_else
        else:
            batch.problem_file = None
            batch.summary = batch.summary | {"problem_file_erased": True}
            batch.save(update_fields=["problem_file", "summary"])
            problem_files += 1
    return previews, problem_files


def _batches_with(traces: Traces) -> Iterator[ImportBatch]:
    for batch in _list_batches():
        if any(_holds(content, traces) for content in (batch.content, batch.problem_file)):
            yield batch


def _list_batches() -> Iterator[ImportBatch]:
    kept = ImportBatch.objects.filter(Q(content__isnull=False) | Q(problem_file__isnull=False))
    for pk in list(kept.order_by("pk").values_list("pk", flat=True)):
        yield ImportBatch.objects.get(pk=pk)  # one at a time: a file may be large


def _holds(content: Any, traces: Traces) -> bool:
    if content is None:
        return False
    text = _decode(content)
    return traces.occur_in(text) or _holds_in_columns(text, traces)


def _decode(content: Any) -> str:
    try:
        return decode(bytes(content))[0]
    except UnreadableFile:
        return bytes(content).decode("latin-1")


def read_import_files() -> Iterator[str]:
    """The text of every file that is kept of an import, one at a time."""
    for batch in _list_batches():
        yield from (_decode(each) for each in (batch.content, batch.problem_file) if each)


def _holds_in_columns(text: str, traces: Traces) -> bool:
    """A name may stand in two columns: a line with all its words is taken to be the person's."""
    names = [name.casefold().split() for name in traces.strings if "@" not in name]
    return any(
        all(word in line for word in words)
        for line in text.casefold().splitlines()
        for words in names
    )
