"""How many of those we reached have answered."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count, Q

from responses.models import Response
from responses.selection import Selection
from surveys.filtering import narrow
from surveys.models import Invitation


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
    invitations = Invitation.objects.filter(sequence=0).filter(selection.moments("sent_at"))
    if selection.survey:
        invitations = invitations.filter(campaign__survey=selection.survey)
    if selection.campaign:
        invitations = invitations.filter(campaign=selection.campaign)
    invitations = narrow(invitations, selection.filters, path="contact__properties")
    replied = Q(answered_at__isnull=False)
    counted = Q(response__status=Response.Status.COUNTED)
    figures = invitations.filter(Q(state=Invitation.State.SENT) | replied).aggregate(
        sent=Count("pk"),
        bounced=Count("pk", filter=Q(delivery_status=Invitation.DeliveryStatus.BOUNCED) & ~replied),
        answered=Count("pk", filter=replied & counted),
        set_aside=Count("pk", filter=replied & ~counted),
    )
    return ResponseRate(**figures)
