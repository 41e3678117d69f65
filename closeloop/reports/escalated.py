"""An escalation in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def describe_escalation(details: dict[str, Any]) -> str:
    names = {"given_to": details.get("given_to", "")}
    if not names["given_to"]:
        return _("The response target passed: the managers were told")
    if details.get("told"):
        text = _("The response target passed: given to %(given_to)s, and the managers were told")
    else:
        text = _("The response target passed: given to %(given_to)s")
    return text % names
