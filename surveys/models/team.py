"""What we are told of the team that follows up: written from downstream, read by the planning."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Self

from django.db import models


class TeamCapacityQuerySet(models.QuerySet["TeamCapacity"]):
    def between(self, first: dt.date, last: dt.date) -> Self:
        return self.filter(day__range=(first, last))


class TeamCapacity(models.Model):
    """How many follow-ups the team can take on a day; of days without a row nothing is known."""

    day = models.DateField(primary_key=True)
    capacity = models.PositiveIntegerField()
    # What is left of it after what waits already and the answers that mail under way will bring.
    free = models.PositiveIntegerField()

    objects: ClassVar[models.Manager[TeamCapacity]] = TeamCapacityQuerySet.as_manager()

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "team capacities"

    def __str__(self) -> str:
        return f"{self.day}: {self.free}/{self.capacity}"

    @property
    def taken(self) -> int:
        return self.capacity - self.free
