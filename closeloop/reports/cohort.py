"""Those who answered on some days, and what we did about it: the rows behind every panel.

A number of the page "Is the loop closed?" is the count of a `Part`, and the list behind it is that
part: one condition for both, so that the two cannot disagree. Everybody belongs to the day on
which they answered, whenever we reacted, so that a slow month cannot hide in a later one. An
answer that was excluded afterwards stays in: its person was to hear from us all the same.

A contact is one that went out and got through: a reply that the server took and nobody sent back,
or a call in which somebody spoke to the person. A note, a call that nobody answered, or a closing
is none.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _

from closeloop.models import Activity, FollowUp
from closeloop.models.followup import FollowUpQuerySet, still_open, still_overdue
from responses.selection import Selection
from surveys.filtering import narrow


class Part(models.TextChoices):
    """The numbers of the page, and who is behind each."""

    ALL = "all", _("Everybody who answered")
    CONTACTED = "contacted", _("Contacted")
    WITHOUT = "without", _("Closed without contact")
    WAITING = "waiting", _("Still open")
    IN_TIME = "in_time", _("Contacted in time")
    LATE = "late", _("Contacted too late")
    MISSED = "missed", _("Open past the target")
    NOT_DUE = "not_due", _("Not due yet")
    CLOSED = "closed", _("Closed")
    BACKLOG = "backlog", _("Open now")
    OVERDUE = "overdue", _("Overdue now")
    SNOOZED = "snoozed", _("Snoozed now")
    GESTURE = "gesture", _("Given a gesture")
    # The last three are about detractors and how they answered the next time: see `recovery`.
    FORMER = "former", _("Were detractors")
    AGAIN = "again", _("Were detractors, answered again")
    RECOVERED = "recovered", _("Were detractors, now 7 or more")


# Of a contact that came back the follow-up knows nothing any more.
CONTACTED = Q(first_contacted_at__isnull=False)
# What is open is so today, whenever its person answered: the days of a filter would hide the worst.
WHENEVER = {Part.BACKLOG, Part.OVERDUE, Part.SNOOZED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Everybody who answered within a selection, as it stands at `now`."""

    selection: Selection
    now: dt.datetime

    @property
    def conditions(self) -> dict[Part, Q]:
        closed, gone_by = Q(state=FollowUp.State.CLOSED), Q(target__lt=self.now)
        silent = ~CONTACTED & ~closed
        gestures = Activity.objects.filter(kind=Activity.Kind.GESTURE, follow_up=OuterRef("pk"))
        return {
            Part.ALL: Q(),
            Part.CONTACTED: CONTACTED,
            Part.WITHOUT: ~CONTACTED & closed,
            Part.WAITING: silent,
            Part.IN_TIME: CONTACTED & Q(first_contacted_at__lte=F("target")),
            Part.LATE: CONTACTED & Q(first_contacted_at__gt=F("target")),
            Part.MISSED: silent & gone_by,
            Part.NOT_DUE: silent & ~gone_by,
            Part.CLOSED: closed,
            Part.BACKLOG: still_open(),
            Part.OVERDUE: still_overdue(self.now),
            Part.SNOOZED: still_open() & Q(snoozed_until__gt=self.now),
            Part.GESTURE: Q(Exists(gestures)),
        }

    def find(self) -> FollowUpQuerySet:
        """Return the follow-ups, each with `since`, `until` and `target`.

        Somebody waits `since` they answered (or their answer was accepted) `until` the first
        contact, without one up to now. `target` is by when we promised ourselves to react: a
        reopening or a changed answer moves it, and must not turn a late contact into one in time.
        """
        accepted = When(
            response__status_at__gt=F("response__answered_at"),
            response__status_at__lte=F("opened_at"),
            then=F("response__status_at"),
        )
        reached = When(CONTACTED, then=F("first_contacted_at"))
        return select_answered(self.selection).annotate(
            since=Case(accepted, default=F("response__answered_at")),
            # Within the two: an answer may be accepted after somebody called already, and the clock
            # of a mail server may be ahead of ours.
            until=Least(
                Greatest(Case(reached, default=models.Value(self.now)), F("since")),
                models.Value(self.now),
            ),
            target=Least(Coalesce("first_due_at", "due_at"), F("due_at")),
        )

    def whenever(self) -> Cohort:
        """The same survey, campaign and properties, whenever the answer was given."""
        return replace(self, selection=replace(self.selection, first=None, last=None))

    def select(self, part: Part) -> FollowUpQuerySet:
        """Return the rows behind one of the numbers."""
        cohort = self.whenever() if part in WHENEVER else self
        return cohort.find().filter(cohort.conditions[part])


def select_answered(selection: Selection) -> FollowUpQuerySet:
    """Return the follow-ups of the answers that a filter speaks of, in no order."""
    chosen = FollowUp.objects.filter(selection.moments("response__answered_at")).order_by()
    if selection.survey:
        chosen = chosen.filter(response__survey=selection.survey)
    if selection.touchpoint:
        chosen = chosen.filter(response__survey__touchpoint=selection.touchpoint)
    if selection.campaign:
        chosen = chosen.filter(response__invitation__campaign=selection.campaign)
    if selection.channel:
        chosen = chosen.filter(response__channel=selection.channel)
    if selection.category:
        chosen = chosen.filter(response__category=selection.category)
    if selection.score is not None:
        chosen = chosen.filter(response__score=selection.score)
    return narrow(chosen, selection.filters, path="response__properties")


def cut(selection: Selection, first: dt.date, last: dt.date) -> Selection:
    """Return the same answers, of them those from `first` to `last`, both included."""
    return replace(
        selection,
        first=max(first, selection.first) if selection.first else first,
        last=min(last, selection.last) if selection.last else last,
    )
