"""What is written down about an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.forms.selection import DAY_BOUNDS
from responses.models import Event
from responses.selection import Segment
from surveys.forms.plain_text import PlainTextMixin
from surveys.forms.widgets import DayInput
from surveys.models import Property, Survey

if TYPE_CHECKING:
    EventModelForm = forms.ModelForm[Event]
else:
    EventModelForm = forms.ModelForm

# Longer than this is no event but how things are.
MOST_DAYS = 366


class EventForm(PlainTextMixin, EventModelForm):
    class Meta:
        model = Event
        fields = ["label", "kind", "first_day", "last_day", "survey", "segment"]
        widgets = {"first_day": DayInput(), "last_day": DayInput()}
        help_texts = {
            "kind": gettext_lazy(
                "Across a survey change (wording, scale, channel, timing) scores are not compared."
            ),
            "survey": gettext_lazy("In whose trend it is drawn."),
            "segment": gettext_lazy(
                "Only if it touched some of them: property=value, for example region=North."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        survey = cast("forms.ModelChoiceField[Survey]", self.fields["survey"])
        survey.empty_label = _("All surveys")
        for name in ("first_day", "last_day"):
            self.fields[name].validators += DAY_BOUNDS

    def clean_segment(self) -> str:
        text: str = self.cleaned_data["segment"]
        if not text:
            return ""
        try:
            part = Segment.parse(text)
        except ValueError:
            raise forms.ValidationError(
                _("Write a segment as property=value, for example region=North.")
            ) from None
        if not Property.objects.filter(key=part.key).exists():
            message = _("There is no property “%(key)s”.")
            raise forms.ValidationError(message, params={"key": part.key})
        return str(part)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day lies before the first."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("last_day", _("An event lasts a year at most."))
        return cleaned
