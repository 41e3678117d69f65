"""Choosing when a follow-up comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.clock import Until
from closeloop.forms.base import ActingForm

AT = "at"
WORDS = {
    Until.TOMORROW: gettext_lazy("Tomorrow morning"),
    Until.MONDAY: gettext_lazy("On Monday"),
    Until.WEEK: gettext_lazy("In a week"),
    Until.REPLY: gettext_lazy("Until the customer replies"),
}


class SnoozeForm(ActingForm):
    """One of the moments on offer, each a button, or a date and a time."""

    name = "snooze"

    when = forms.ChoiceField(
        label=gettext_lazy("When"), choices=[*WORDS.items(), (AT, gettext_lazy("Date and time"))]
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Date and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def __init__(
        self, data: Any = None, *, moments: Mapping[Until, dt.datetime], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.moments = moments

    def offers(self) -> list[tuple[str, str, dt.datetime]]:
        """Value, words and moment of each button; on a Sunday, Monday is tomorrow."""
        first = {moment: one for one, moment in reversed(self.moments.items())}
        return [
            (one.value, str(WORDS[one]), moment)
            for one, moment in self.moments.items()
            if first[moment] == one
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("when") == AT and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", _("Choose a date and a time."))
        return cleaned

    def until(self) -> dt.datetime:
        when = self.cleaned_data["when"]
        chosen: dt.datetime = self.cleaned_data["at"] if when == AT else self.moments[Until(when)]
        return chosen

    def is_until_reply(self) -> bool:
        return bool(self.cleaned_data["when"] == Until.REPLY)
