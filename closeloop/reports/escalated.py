"""An escalation in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def describe_escalation(details: dict[str, Any]) -> str:
    if details.get("told") and details.get("given_to"):
        return _(
            "The response target passed: given to %(given_to)s, and the managers were told"
        ) % {"given_to": details["given_to"]}
    if details.get("given_to"):
        return _("The response target passed: given to %(given_to)s") % details
    return _("The response target passed: the managers were told")
