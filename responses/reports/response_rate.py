"""How many of those we reached have answered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from responses.models import Response
from responses.reports.asked import count_asked, is_tallied
from responses.selection import Selection
from surveys.filtering import narrow
from surveys.models import Invitation, Suppression


class Part(models.TextChoices):
    """The numbers that the rate is made of, and who is behind each."""

    SENT = "sent", _("Sent")
    REACHED = "reached", _("Reached")
    ANSWERED = "answered", _("Answered")
    SILENT = "silent", _("No answer yet")
    BOUNCED = "bounced", _("Bounced")
    SET_ASIDE = "set_aside", _("Answered, not counted")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")


REPLIED = Q(answered_at__isnull=False)
COUNTED = Q(response__status=Response.Status.COUNTED)
ANSWERED = REPLIED & COUNTED
SET_ASIDE = REPLIED & ~COUNTED
BOUNCED = Q(delivery_status=Invitation.DeliveryStatus.BOUNCED) & ~REPLIED
# Who left the surveys after this mail, the last one that asked them.
LEFT = Q(
    Exists(
        Suppression.objects.unsubscribed().filter(
            address_hash=OuterRef("address_hash"), created_at__gte=OuterRef("sent_at")
        )
    )
) & ~Q(
    Exists(
        Invitation.objects.filter(
            address_hash=OuterRef("address_hash"),
            state=Invitation.State.SENT,
            sequence=0,
            sent_at__gt=OuterRef("sent_at"),
        )
    )
)
CONDITIONS = {
    Part.SENT: Q(),
    Part.REACHED: ~BOUNCED,
    Part.ANSWERED: ANSWERED,
    Part.SILENT: ~REPLIED & ~BOUNCED,
    Part.BOUNCED: BOUNCED,
    Part.SET_ASIDE: SET_ASIDE,
    Part.UNSUBSCRIBED: LEFT,
}


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """Of the people invited in a period; an answer counts with the day of its invitation.

    `sent` holds the first invitation of each person only (a reminder asks nobody new), skipped
    and unsent ones are in no figure. `set_aside` are answers that are not counted, most of them
    probably given by a mail scanner: they are no answer, but the person was reached.
    """

    sent: int
    bounced: int
    answered: int
    set_aside: int

    @property
    def reached(self) -> int:
        return self.sent - self.bounced

    @property
    def silent(self) -> int:
        return self.reached - self.answered - self.set_aside

    @property
    def percentage(self) -> Decimal | None:
        """With one decimal; None when nobody was reached, which is not 0 %."""
        if not self.reached:
            return None
        exact = Decimal(100 * self.answered) / self.reached
        return exact.quantize(Decimal("0.1"), ROUND_HALF_UP)


def count_invited(selection: Selection) -> ResponseRate:
    """Count the invitations that left on the selected days.

    Who is in a segment follows the contact as it is now, for answered and silent alike: those who
    never answered have no snapshot. An answer is proof of arrival, whatever the ledger says.
    """
    if is_tallied(selection):
        return ResponseRate(**count_asked(selection))
    return ResponseRate(
        **find_invited(selection).aggregate(
            sent=Count("pk"),
            bounced=Count("pk", filter=BOUNCED),
            answered=Count("pk", filter=ANSWERED),
            set_aside=Count("pk", filter=SET_ASIDE),
        )
    )


def count_unsubscribed(selection: Selection) -> int:
    """Count whom an invitation of the selected days made leave; each person leaves by one mail."""
    return find_invited(selection).filter(LEFT).count()


def list_invited(selection: Selection, part: str = Part.SENT) -> QuerySet[Invitation]:
    """Return the rows behind one of the numbers, the latest first."""
    return (
        find_invited(selection)
        .filter(CONDITIONS[Part(part)])
        .select_related("campaign__survey", "contact__account", "response")
        .order_by(F("sent_at").desc(nulls_last=True), "-pk")
    )


def find_invited(selection: Selection) -> QuerySet[Invitation]:
    invitations = Invitation.objects.filter(sequence=0).filter(selection.moments("sent_at"))
    if selection.survey:
        invitations = invitations.filter(campaign__survey=selection.survey)
    if selection.touchpoint:
        invitations = invitations.filter(campaign__survey__touchpoint=selection.touchpoint)
    if selection.campaign:
        invitations = invitations.filter(campaign=selection.campaign)
    if selection.channel and selection.channel != Response.Channel.MAIL:
        # Whoever was asked was asked by mail.
        return invitations.none()
    invitations = narrow(invitations, selection.filters, path="contact__properties")
    return invitations.filter(Q(state=Invitation.State.SENT) | REPLIED)
