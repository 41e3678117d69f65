"""What the first line of a timeline says: to whom an answer was given, and why to them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from closeloop.assigning import Because


def describe_opening(details: dict[str, Any]) -> str:
    name = details.get("to_name")
    if not name:
        return _("Opened; nobody was on duty to take it")
    match details.get("because"):
        case Because.ACCOUNT:
            text = _("Opened and given to %(name)s, who owns the account")
        case Because.LANGUAGE:
            text = _("Opened and given to %(name)s, who writes the customer’s language")
        case _other:
            text = _("Opened and given to %(name)s")
    return text % {"name": name}
