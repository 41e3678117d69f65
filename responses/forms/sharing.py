"""What a manager says when a dashboard is shared by a link."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.spans import DAY
from surveys.forms.widgets import DayInput
from surveys.models import Organisation

LONGEST_DAYS = 366
UNTIL = "until"


class ShareForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Stands above the page that is shared."),
    )
    days = forms.ChoiceField(label=gettext_lazy("Which days"), widget=forms.RadioSelect)
    lasts = forms.ChoiceField(
        label=gettext_lazy("The link works for"),
        choices=[
            ("7", gettext_lazy("7 days")),
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            (UNTIL, gettext_lazy("up to and including a day")),
        ],
        initial="30",
    )
    until = forms.DateField(
        required=False,
        label=gettext_lazy("Up to and including"),
        input_formats=["%Y-%m-%d"],
        widget=DayInput(),
        help_text=gettext_lazy("Only where a day is chosen above; at most a year from now."),
    )
    with_comments = forms.BooleanField(
        required=False,
        label=gettext_lazy("With the newest comments"),
        help_text=gettext_lazy(
            "Without names, and with e-mail addresses made unreadable. Customers may have written "
            "other things that tell who they are: read them first."
        ),
    )
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4_000)

    def __init__(
        self,
        *args: Any,
        days: list[tuple[str, str]],
        organisation: Organisation,
        now: dt.datetime,
        **kwargs: Any,
    ) -> None:
        """`days` are the choices: which days a preset means today, and the preset itself."""
        super().__init__(*args, **kwargs)
        self.zone, self.now = organisation.zone, now
        choice = self.fields["days"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - for the types alone
        choice.choices = days
        choice.initial = days[0][0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        today = self.now.astimezone(self.zone).date()
        if cleaned.get("lasts") == UNTIL and "until" not in self.errors:
            until = cleaned.get("until")
            if until is None:
                self.add_error("until", _("Choose a day."))
            elif not today <= until <= today + LONGEST_DAYS * DAY:
                self.add_error("until", _("Choose a day from today on, at most a year from now."))
        return cleaned

    @property
    def expires_at(self) -> dt.datetime:
        """The end of the last day, on the clock of the organisation."""
        lasts = self.cleaned_data["lasts"]
        today = self.now.astimezone(self.zone).date()
        last: dt.date = self.cleaned_data["until"] if lasts == UNTIL else today + int(lasts) * DAY
        return dt.datetime.combine(last + DAY, dt.time.min, tzinfo=self.zone)
