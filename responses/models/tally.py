"""Answers added up per day, for every figure over many days. See responses.tallies."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import MD5

from surveys.models import Campaign, Survey

# The columns of the eleven counts, of score 0 to score 10.
COUNTS = tuple(f"n{score}" for score in range(11))


class Sheet(models.Model):
    """The tallies of one survey along one dimension, complete for every day up to `through`.

    `counted_as` is what a tally depends on besides the answers: the time zone whose days these are,
    and the bands of the property; of pairs also the survey before and the days between. A reader
    takes a sheet only when it says what holds now, so that no change of a setting needs to know of
    tallies.
    """

    survey_id: int
    # See responses.dimensions.
    dimension = models.CharField(max_length=80, blank=True)
    counted_as: models.JSONField[dict[str, Any]] = models.JSONField()
    # Of `counted_as`, which may be longer than an index can hold.
    fingerprint = models.CharField(max_length=32)
    through = models.DateField()
    # The moment at which that day is over, in the time zone of the sheet.
    ends_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.survey_id} {self.dimension or 'all'} until {self.through}"


class TallySheet(Sheet):
    """Of answers: along '' for all of them, "campaign", "channel", "property:<key>", or "asked",
    the campaign and the day on which the person was asked. "sent" has tallies of another kind: who
    was asked at all. After "pairs:" those of the pairs of which the survey has the second half.
    """

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="tally_sheets")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "dimension", "fingerprint"], name="tally_sheet_once"
            ),
        ]


class DailyTally(models.Model):
    """The counted answers of one day that share a value; a day without any has no row.

    The value of a campaign is its primary key, that of a property its band or its text; '' are
    those who have none. The eleven counts are all that a figure over single scores needs. A sheet
    of pairs has the nine of responses.pair_rows, and 0 in the other two.
    """

    sheet = models.ForeignKey(
        TallySheet, on_delete=models.CASCADE, related_name="tallies", db_index=False
    )
    day = models.DateField()
    value = models.TextField(blank=True)
    n0 = models.PositiveIntegerField(default=0)
    n1 = models.PositiveIntegerField(default=0)
    n2 = models.PositiveIntegerField(default=0)
    n3 = models.PositiveIntegerField(default=0)
    n4 = models.PositiveIntegerField(default=0)
    n5 = models.PositiveIntegerField(default=0)
    n6 = models.PositiveIntegerField(default=0)
    n7 = models.PositiveIntegerField(default=0)
    n8 = models.PositiveIntegerField(default=0)
    n9 = models.PositiveIntegerField(default=0)
    n10 = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # Hashed: a value may be longer than an index can hold.
            models.UniqueConstraint("sheet", "day", MD5("value"), name="daily_tally_once"),
        ]
        indexes = [
            models.Index("sheet", MD5("value"), "day", name="daily_tally_of_value"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.value}"


class SentTally(models.Model):
    """How many first invitations of a campaign left on a day; see responses.sent_tallies."""

    sheet = models.ForeignKey(
        TallySheet, on_delete=models.CASCADE, related_name="sent_tallies", db_index=False
    )
    day = models.DateField()
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    n = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "day", "campaign"], name="sent_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.campaign_id}: {self.n}"
