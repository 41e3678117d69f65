"""What the other people of a person's account were asked, answered and heard."""

from __future__ import annotations

from dataclasses import dataclass

from closeloop.reports.history import Past, describe_invitation, describe_response
from responses.models import Response
from surveys.models import Account, Contact, Invitation

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The newest of the others, newest first, and how many people the account has besides."""

    account: Account
    others: int
    past: list[Past]


def list_neighbours(contact: Contact | None) -> Neighbours | None:
    """Return what there is of the account's other people (three queries); None without account."""
    if contact is None or contact.account is None:
        return None
    people = contact.account.contacts.exclude(pk=contact.pk)
    others = people.count()
    if not others:
        return Neighbours(contact.account, 0, [])
    answers = (
        Response.objects.filter(contact__in=people)
        .select_related("survey", "contact", "follow_up")
        .order_by("-answered_at", "-pk")
    )
    silent = (
        Invitation.objects.handed_over()
        .filter(contact__in=people, sequence=0, response__isnull=True, sent_at__isnull=False)
        .select_related("campaign__survey", "contact")
        .order_by("-sent_at", "-pk")
    )
    past = [describe_response(one, who=str(one.contact)) for one in answers[:SHOWN]]
    past += [describe_invitation(one, who=str(one.contact)) for one in silent[:SHOWN]]
    newest = sorted(past, key=lambda one: one.at, reverse=True)[:SHOWN]
    return Neighbours(contact.account, others, newest)
