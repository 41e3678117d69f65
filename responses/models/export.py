"""Large files of answers: made by a worker, fetched by whoever asked, gone after a day."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ExportFile(models.Model):
    """One file that somebody asked for. Its content is in pieces, see `ExportPiece`.

    In the database and not in a folder: web and worker may be on different machines, and whoever
    is erased meanwhile must leave the file in the same transaction. Backups leave both tables out.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        WRITING = "writing", _("Being written")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # The address of the list whose rows it holds, and what the file is made for.
    query = models.TextField(blank=True)
    style = models.CharField(max_length=10)
    # Whether the person who asked could see addresses then; they must still, to fetch it.
    with_addresses = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    file_name = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    # Progress of the worker that holds the lease.
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    claim_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("responses_file", args=[self.pk])

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.QUEUED

    @property
    def is_under_way(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.WRITING}


class ExportPiece(models.Model):
    """Some of a file, in its order: whole it would have to fit into memory."""

    export = models.ForeignKey(ExportFile, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="export_piece_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"
