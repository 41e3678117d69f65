"""Follow-ups added up per day of their answers. See closeloop.loop_tallies."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5

from responses.models.tally import Sheet
from surveys.models import Survey


class LoopSheet(Sheet):
    """Along '' for all follow-ups of a survey, "campaign" or "property:<key>"."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="loop_sheets")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "dimension", "fingerprint"], name="loop_sheet_once"
            ),
        ]


class LoopTally(models.Model):
    """What became of those who answered on one day and share a value; the three add up to all."""

    sheet = models.ForeignKey(
        LoopSheet, on_delete=models.CASCADE, related_name="tallies", db_index=False
    )
    day = models.DateField()
    value = models.TextField(blank=True)
    contacted = models.PositiveIntegerField()
    without = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Hashed: a value may be longer than an index can hold.
            models.UniqueConstraint("sheet", "day", MD5("value"), name="loop_tally_once"),
        ]
        indexes = [
            models.Index("sheet", MD5("value"), "day", name="loop_tally_of_value"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.value}"


class LoopTouch(models.Model):
    """The follow-up of an answer given `at` this moment has changed since its day was tallied.

    Only a trigger of the database writes these, in the transaction of the change.
    """

    # Without a constraint, which every change of a follow-up would have to wait for.
    survey = models.ForeignKey(
        Survey, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at}"
