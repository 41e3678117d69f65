"""The only door from a request to an object: what is not there, or not yours, is a 404."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from surveys.models import Campaign, ImportBatch, Sender, Survey


def get_import_batch(pk: int) -> ImportBatch:
    return get_object_or_404(ImportBatch, pk=pk, kind=ImportBatch.Kind.CONTACTS)


def get_survey(pk: int) -> Survey:
    return get_object_or_404(Survey, pk=pk)


def get_campaign(pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("survey", "sender"), pk=pk)


def get_sender(pk: int) -> Sender:
    return get_object_or_404(Sender, pk=pk)
