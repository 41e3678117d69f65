"""When a member works, in which languages, and when they are away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.models import Absence, Member
from surveys.forms.survey import LANGUAGES
from surveys.forms.widgets import DayInput, WeekdaysField, list_zones, offer

if TYPE_CHECKING:
    AbsenceModelForm = forms.ModelForm[Absence]
    MemberModelForm = forms.ModelForm[Member]
else:
    AbsenceModelForm = MemberModelForm = forms.ModelForm

LONGEST_ABSENCE_DAYS = 730


class WorkForm(MemberModelForm):
    daily_capacity = forms.IntegerField(
        label=gettext_lazy("Follow-ups a day"),
        min_value=1,
        max_value=500,
        help_text=gettext_lazy("How many answers they can deal with on a working day."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        choices=LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("In which they write to customers. None: all."),
    )
    working_days = WeekdaysField(
        label=gettext_lazy("Working days"),
        required=False,
        help_text=gettext_lazy("None: those of the organisation."),
    )

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy(
            "Response targets and snoozes of their follow-ups run in the working hours of this"
            " clock."
        ),
    )

    class Meta:
        model = Member
        fields = ["daily_capacity", "languages", "working_days", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "time_zone", [("", _("The organisation's")), *list_zones()])


class AbsenceForm(AbsenceModelForm):
    class Meta:
        model = Absence
        fields = ["first_day", "last_day"]
        labels = {
            "first_day": gettext_lazy("First day away"),
            "last_day": gettext_lazy("Last day away"),
        }
        widgets = {"first_day": DayInput(), "last_day": DayInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "absence_%s"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Choose a day that is not before the first one."))
        elif first and last and (last - first).days > LONGEST_ABSENCE_DAYS:
            self.add_error(
                "last_day", _("That is more than two years. Take them off duty instead.")
            )
        return cleaned
