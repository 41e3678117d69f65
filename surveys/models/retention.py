"""What was erased because its time was over: the permanent record, in numbers only."""

from __future__ import annotations

from django.db import models


class RetentionRun(models.Model):
    """One night's run. Its passes add to it; `ended_at` is set when nothing was left to do."""

    day = models.DateField(unique=True)
    months = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    people = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    invitations = models.PositiveIntegerField(default=0)
    mails = models.PositiveIntegerField(default=0)
    imports = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    # Not erased this time, because a mail to them was leaving or a file was being imported.
    postponed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def kept_files(self) -> int:
        """Files of both kinds: those that were imported, and those of the outbox."""
        return self.imports + self.files
