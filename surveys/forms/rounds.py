"""Reminders of a campaign under way, its next round, and whether that is prepared by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.forms.campaign import FARTHEST_START
from surveys.forms.widgets import DayInput, offer
from surveys.models import Campaign
from surveys.models.campaign import MOST_DAYS_BETWEEN, MOST_REMINDERS
from surveys.rounds import find_next_day

OWN_DAY = "own"


class RemindersForm(forms.Form):
    """`previewed` is the number of people that the manager was told of."""

    reminders = forms.TypedChoiceField(
        label=gettext_lazy("Reminders"),
        coerce=int,
        choices=[(0, gettext_lazy("None"))] + [(n, str(n)) for n in range(1, MOST_REMINDERS + 1)],
    )
    after_days = forms.IntegerField(
        label=gettext_lazy("Days before a reminder"), min_value=1, max_value=MOST_DAYS_BETWEEN
    )
    previewed = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RepeatForm(forms.Form):
    """When the next round begins: a year or a quarter later, or on a day of one's own."""

    when = forms.ChoiceField(label=gettext_lazy("It begins"), widget=forms.RadioSelect)
    first_day = forms.DateField(
        label=gettext_lazy("Other first day"), required=False, widget=DayInput
    )

    def __init__(self, *args: Any, campaign: Campaign, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.days = {
            rhythm: find_next_day(campaign.first_day, rhythm, after=today)
            for rhythm in (Campaign.Repeat.YEARLY, Campaign.Repeat.QUARTERLY)
        }
        texts = {
            Campaign.Repeat.YEARLY: _("After a year: %(day)s"),
            Campaign.Repeat.QUARTERLY: _("After a quarter: %(day)s"),
        }
        known = [
            (str(rhythm), texts[rhythm] % {"day": date_format(day, "j F Y")})
            for rhythm, day in self.days.items()
        ]
        offer(self, "when", [*known, (OWN_DAY, _("On another day"))])
        self.fields["when"].initial = campaign.repeat or Campaign.Repeat.YEARLY

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        when = cleaned.get("when")
        if when and when != OWN_DAY:
            cleaned["first_day"] = self.days[Campaign.Repeat(when)]
        elif when == OWN_DAY and "first_day" not in self.errors:
            day = cleaned.get("first_day")
            if not day or not self.today <= day <= self.today + FARTHEST_START:
                self.add_error("first_day", _("Choose today or a later day."))
        return cleaned


class RepetitionForm(forms.Form):
    repeat = forms.ChoiceField(
        label=gettext_lazy("Prepare the next round"),
        required=False,
        choices=Campaign.Repeat.choices,
    )
    days_before = forms.IntegerField(
        label=gettext_lazy("Days before its first day"), min_value=1, max_value=90
    )
