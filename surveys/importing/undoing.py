"""Taking an import of contacts back, as far as that can be done honestly.

Whom it created is removed, unless they were asked, answered or were changed since. Whom it changed
stays as they are: what stood there before is not kept.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from surveys.models import Account, Contact, ImportBatch


class CannotUndo(Exception):
    """It is not imported, or was undone before."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What undoing does: how many go, and how many of those it created stay."""

    removed: int
    kept: int


def look_ahead(batch: ImportBatch) -> Undo:
    created = Contact.objects.filter(import_batch=batch)
    removable = _removable(batch).count()
    return Undo(removable, created.count() - removable)


def undo_contacts(batch: ImportBatch, *, now: dt.datetime) -> Undo:
    """Remove what can be removed. The batch stays as history; raises CannotUndo."""
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        is_contacts = batch.kind == ImportBatch.Kind.CONTACTS
        if not is_contacts or batch.state != ImportBatch.State.IMPORTED:
            raise CannotUndo
        # No campaign must plan a mail to somebody who is about to go.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE surveys_contact IN SHARE ROW EXCLUSIVE MODE")
        undo = look_ahead(batch)
        going = _removable(batch)
        accounts = list(
            going.exclude(account=None).order_by().values_list("account", flat=True).distinct()
        )
        Contact.objects.filter(pk__in=list(going.values_list("pk", flat=True))).delete()
        Account.objects.filter(pk__in=accounts, contacts=None).delete()
        batch.state, batch.undone_at = ImportBatch.State.UNDONE, now
        batch.problem_file = None
        batch.summary = batch.summary | {"removed": undo.removed, "kept": undo.kept}
        batch.save(update_fields=["state", "undone_at", "problem_file", "summary"])
    return undo


def _removable(batch: ImportBatch) -> QuerySet[Contact]:
    """Those whom the batch created and on whom nothing was built since."""
    found = Contact.objects.filter(import_batch=batch, updated_at__lte=batch.imported_at)
    # Asked of the model, not listed here: what builds on contacts lies downstream of this app too.
    for relation in Contact._meta.related_objects:
        field = relation.field
        found = found.exclude(
            Exists(relation.related_model._base_manager.filter(**{field.name: OuterRef("pk")}))
        )
    return found
