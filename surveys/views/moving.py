"""What all buttons of campaigns share: do it and say so, or say why it could not be done."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.formats import number_format
from django.utils.translation import ngettext

from npsapp.requests import StaffRequest
from surveys.campaigns import CannotMove
from surveys.models import Campaign


def attempt(
    request: StaffRequest, subject: Campaign, move: Callable[[], str], *, then: str = ""
) -> HttpResponse:
    """Move a campaign and tell what happened, or why it could not."""
    try:
        messages.success(request, move())
    except CannotMove as refusal:
        messages.warning(request, str(refusal))
        return redirect(subject)
    return redirect(then or subject)


def tell_planned(event: str, mails: int) -> str:
    text = ngettext("%(count)s mail is planned.", "%(count)s mails are planned.", mails)
    return f"{event} {text % {'count': number_format(mails)}}"
