"""What a manager says when an answer is taken out of the score."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ExclusionForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        label=_("Why does this answer not count?"),
        help_text=_("Everybody who reads the answer sees this reason."),
        error_messages={"required": _("Write a reason.")},
    )
