"""What a manager says when answers are taken out of the score."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.exclusion import LONGEST_WORDS, Exclusion, write_reason


class ExclusionForm(forms.Form):
    reason = forms.ChoiceField(
        choices=[("", gettext_lazy("Choose …")), *Exclusion.choices],
        label=gettext_lazy("Why does this not count?"),
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    words = forms.CharField(
        required=False,
        max_length=LONGEST_WORDS,
        label=gettext_lazy("In your own words"),
        help_text=gettext_lazy("Everybody who reads the answer sees this."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == Exclusion.OTHER and not cleaned.get("words", "x"):
            self.add_error("words", _("Write what the reason is."))
        return cleaned

    def what(self) -> str:
        """The reason as it is kept."""
        return write_reason(self.cleaned_data["reason"], self.cleaned_data["words"])
