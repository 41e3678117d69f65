"""The only door from a request to an object: what is not there, or not yours, is a 404."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from surveys.models import (
    Account,
    Campaign,
    Contact,
    ImportBatch,
    Invitation,
    Mail,
    Property,
    Sender,
    Suppression,
    Survey,
)


def get_import_batch(pk: int) -> ImportBatch:
    return get_object_or_404(ImportBatch, pk=pk, kind=ImportBatch.Kind.CONTACTS)


def get_contact(pk: int) -> Contact:
    return get_object_or_404(Contact.objects.select_related("account"), pk=pk)


def get_account(pk: int) -> Account:
    return get_object_or_404(Account.objects.select_related("owner"), pk=pk)


def get_property(pk: int) -> Property:
    return get_object_or_404(Property, pk=pk)


def get_suppression(pk: int) -> Suppression:
    return get_object_or_404(Suppression, pk=pk)


def get_survey(pk: int) -> Survey:
    return get_object_or_404(Survey, pk=pk)


def get_campaign(pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("survey", "sender"), pk=pk)


def get_sender(pk: int) -> Sender:
    return get_object_or_404(Sender, pk=pk)


def get_delivery(kind: str, pk: int) -> Invitation | Mail:
    """`kind` is the word in the address: invitation or mail."""
    if kind == "invitation":
        invitations = Invitation.objects.select_related("campaign__sender", "contact")
        invitation: Invitation = get_object_or_404(invitations, pk=pk)
        return invitation
    if kind == "mail":
        mail: Mail = get_object_or_404(Mail.objects.select_related("sender"), pk=pk)
        return mail
    raise Http404


def get_invitation(campaign: Campaign, pk: int) -> Invitation:
    """One of the campaign's own mails."""
    found: QuerySet[Invitation] = Invitation.objects.select_related("campaign", "contact")
    return get_object_or_404(found, campaign=campaign, pk=pk)
