"""Files that were brought in."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def imported(self) -> Self:
        return self.filter(state=ImportBatch.State.IMPORTED)


class ImportBatch(models.Model):
    """One uploaded file: looked at and imported by a worker, perhaps undone."""

    class Kind(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        RESPONSES = "responses", _("Responses")

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting")
        READING = "reading", _("Being looked at")
        PREVIEWED = "previewed", _("Previewed")
        QUEUED = "queued", _("Waiting")
        IMPORTING = "importing", _("Being imported")
        FAILED = "failed", _("Failed")
        IMPORTED = "imported", _("Imported")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)  # kept until imported
    problem_file = models.BinaryField(null=True)  # the refused rows, to mend and bring in again
    # What the worker found in the file, to be shown until it is imported or thrown away.
    preview: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    summary: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    imported_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    # Progress of the worker that holds the lease; written beside its one big transaction.
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[models.Manager[ImportBatch]] = ImportBatchQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        is_contacts = self.kind == self.Kind.CONTACTS
        return reverse("import_batch" if is_contacts else "response_batch", args=[self.pk])

    @property
    def is_waiting(self) -> bool:
        """Whether no worker has begun with it."""
        return self.state in {self.State.UPLOADED, self.State.QUEUED}

    @property
    def is_under_way(self) -> bool:
        return self.is_waiting or self.state in {self.State.READING, self.State.IMPORTING}

    @property
    def is_looked_at(self) -> bool:
        """Whether what is under way is the preview, not the import."""
        return self.state in {self.State.UPLOADED, self.State.READING}
