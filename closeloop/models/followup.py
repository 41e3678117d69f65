"""A follow-up: somebody answered, somebody of ours reacts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from npsapp.models import User
from responses.models import Response, Tag
from surveys.models import Suppression

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import ManyRelatedManager


class RootCause(models.Model):
    """A cause from the team's own short list."""

    label = models.CharField(_("root cause"), max_length=80, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


def still_open(path: str = "") -> Q:
    """The open ones; `path` leads to them from another model, as in "user__follow_ups__"."""
    return ~Q(**{f"{path}state": FollowUp.State.CLOSED}) & Q(**{f"{path}pk__isnull": False})


def still_overdue(now: dt.datetime, path: str = "") -> Q:
    """Open ones whose person still waits for us although the response target has passed."""
    late = {f"{path}awaiting_contact": True, f"{path}due_at__lt": now}
    return still_open(path) & Q(**late)


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def tests(self) -> Self:
        """Those of colleagues who answered their own test mail; only `everything` has any."""
        return self.filter(is_test=True)

    def open(self) -> Self:
        return self.filter(still_open())

    def closed(self) -> Self:
        return self.filter(state=FollowUp.State.CLOSED)

    def overdue(self, now: dt.datetime) -> Self:
        return self.filter(still_overdue(now))

    def mine(self, user: User) -> Self:
        return self.filter(owner=user)

    def unassigned(self) -> Self:
        return self.filter(owner__isnull=True)

    def snoozed(self, now: dt.datetime) -> Self:
        return self.filter(snoozed_until__gt=now)

    def awake(self, now: dt.datetime) -> Self:
        return self.exclude(snoozed_until__gt=now)

    def in_order(self) -> Self:
        """Who asked for contact, then what is due first; whoever has heard from us comes last."""
        return self.order_by("-awaiting_contact", "-wants_contact", "due_at", "pk")

    def reachable(self) -> Self:
        """Those whose person has an address, and did not ask to be left alone."""
        blocked = Suppression.objects.filter(
            address_hash=OuterRef("response__contact__address_hash"), scope=Suppression.Scope.ALL
        )
        return (
            self.filter(~Exists(blocked), response__contact__isnull=False)
            .exclude(response__may_contact=False)
            .exclude(response__contact__email="")
        )

    def with_unseen_change(self) -> Self:
        """Those whose person changed the answer after the timeline last spoke of it."""
        return self.filter(response__changed_at__gt=F("answer_seen_at"))


_Manager = models.Manager.from_queryset(FollowUpQuerySet)


class CustomersManager(_Manager["FollowUp"]):
    """Without those of test answers, so that no count and no list has to think of them."""

    def get_queryset(self) -> models.QuerySet[FollowUp]:
        return super().get_queryset().filter(is_test=False)


class FollowUp(models.Model):
    """One per response that we collected and count, whatever its score."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        IN_PROGRESS = "in_progress", _("In progress")
        CLOSED = "closed", _("Closed")

    class Outcome(models.TextChoices):
        NONE = "", ""
        SOLVED = "solved", _("Solved")
        EXPLAINED = "explained", _("Explained")
        THANKED = "thanked", _("Thanked")
        REFERRAL = "referral", _("Referral agreed")
        NOTED = "noted", _("Request noted")
        NO_REPLY = "no_reply", _("No reply")
        NO_ADDRESS = "no_address", _("No address")
        NOT_JUSTIFIED = "not_justified", _("Not justified")
        WRONG_PERSON = "wrong_person", _("Wrong person")
        OTHER = "other", _("Other")

    response = models.OneToOneField(Response, on_delete=models.CASCADE, related_name="follow_up")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="follow_ups",
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # What `due_at` was before it was first moved; empty while it stands as it was opened.
    first_due_at = models.DateTimeField(null=True)
    # Whether the person waits for us. False once a reply is on its way or somebody spoke to them;
    # true again when the reply did not get through or the follow-up is reopened.
    awaiting_contact = models.BooleanField(default=True)
    # The first contact that took place: a mail counts from when the server took it, and no more
    # once it came back.
    first_contacted_at = models.DateTimeField(null=True)
    # Whether the person asked to be contacted: they come before others who wait.
    wants_contact = models.BooleanField(default=False)
    # Out of sight until then, or until the customer writes; whoever is asleep has an end to it.
    snoozed_until = models.DateTimeField(null=True)
    # When it came back from a snooze, or the customer wrote; empty again once somebody acts.
    returned_at = models.DateTimeField(null=True)
    # The response target that was escalated; another one may be escalated again.
    escalated_for = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(_("outcome"), max_length=15, choices=Outcome.choices, blank=True)
    root_cause = models.ForeignKey(
        RootCause, null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    # The follow-up of the same person's answer before this one.
    previous = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="later")
    # The answer as the timeline last told it, to notice a change however often we are asked.
    known_score = models.PositiveSmallIntegerField()
    answer_seen_at = models.DateTimeField()
    # Raised on every write: who saves from an older version is shown what changed meanwhile.
    version = models.PositiveIntegerField(default=1)

    # Of an answer to a test mail: shown apart in the queue, counted nowhere.
    is_test = models.BooleanField(default=False, editable=False)

    objects: ClassVar[CustomersManager] = CustomersManager()
    everything: ClassVar[models.Manager[FollowUp]] = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="followup_closed_with_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(snoozed_until__isnull=True),
                name="followup_closed_is_not_snoozed",
            ),
        ]
        indexes = [
            models.Index(
                F("awaiting_contact").desc(),
                F("wants_contact").desc(),
                "due_at",
                "id",
                name="followup_open_by_due",
                condition=~Q(state="closed"),
            ),
            models.Index(
                F("closed_at").desc(),
                F("id").desc(),
                name="followup_closed_newest",
                condition=Q(state="closed", is_test=False),
            ),
            models.Index(fields=["id"], name="followup_tests", condition=Q(is_test=True)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("follow_up", args=[self.pk])

    @property
    def tags(self) -> ManyRelatedManager[Tag, Any]:
        """The team's words: those of the answer, which history without follow-ups has as well."""
        tags: ManyRelatedManager[Tag, Any] = self.response.tags
        return tags

    @property
    def is_closed(self) -> bool:
        return self.state == self.State.CLOSED

    def is_snoozed(self, now: dt.datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    def is_overdue(self, now: dt.datetime) -> bool:
        """As `still_overdue`, of a row at hand."""
        return self.state != self.State.CLOSED and self.awaiting_contact and self.due_at < now
