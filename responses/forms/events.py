"""What is written down about an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from responses.forms.selection import DAY_BOUNDS
from responses.models import Event
from responses.reports.segments import LONGEST_LIST, SegmentGroup, list_groups
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
# As many values as a sentence can name.
MOST_NAMED = 8


class PartField(forms.ChoiceField):
    """Offers the frequent values; what is meant by a rarer one, the form says."""

    def valid_value(self, value: object) -> bool:
        return True


class EventForm(PlainTextMixin, EventModelForm):
    segment = PartField(
        required=False,
        label=gettext_lazy("Part of the customers"),
        help_text=gettext_lazy("Only if it touched some of them."),
    )

    class Meta:
        model = Event
        fields = ["label", "kind", "first_day", "last_day", "survey", "segment"]
        widgets = {"first_day": DayInput(), "last_day": DayInput()}
        help_texts = {
            "kind": gettext_lazy(
                "Across a survey change (wording, scale, channel, timing) scores are not compared."
            ),
            "survey": gettext_lazy("In whose trend it is drawn."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        survey = cast("forms.ModelChoiceField[Survey]", self.fields["survey"])
        survey.empty_label = _("All surveys")
        for name in ("first_day", "last_day"):
            self.fields[name].validators += DAY_BOUNDS
        self.declared = list(Property.objects.segments())
        # What it was before: kept also when nobody has that value any more.
        self.before = (self.instance.segment, self.instance.survey)
        self._offer_parts(cast(PartField, self.fields["segment"]))

    def _offer_parts(self, field: PartField) -> None:
        groups = list_groups(Survey.objects.all(), self.declared)
        # A value with an address in it is not for a list.
        offered = {
            str(value.segment): name_part(value.segment, self.declared)
            for group in groups
            for value in group.values[:LONGEST_LIST]
            if "@" not in value.segment.value
        }
        if part := self.instance.part:
            offered.setdefault(str(part), name_part(part, self.declared))
        field.choices = [("", _("All customers")), *offered.items()]
        if not groups:
            field.help_text = _(
                "Once answers carry a property that is used as a segment, its values stand here."
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day lies before the first."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("last_day", _("An event lasts a year at most."))
        part, survey = cleaned.get("segment"), cleaned.get("survey")
        if part and (part, survey) != self.before:
            self._check_part(part, survey)
        return cleaned

    def _check_part(self, text: str, survey: Survey | None) -> None:
        """Of a group in which nobody answers nothing would ever be drawn."""
        try:
            part = Segment.parse(text)
            declared = next(each for each in self.declared if each.key == part.key)
        except (ValueError, StopIteration):
            error = _("Results are compared by no property of this name: %(text)s.")
            self.add_error("segment", error % {"text": text})
            return
        surveys = [survey] if survey else Survey.objects.all()
        groups = list_groups(surveys, [declared])
        if not groups or part not in {value.segment for value in groups[0].values}:
            self.add_error("segment", _refuse_part(part, declared, groups, survey))


def name_part(part: Segment, declared: list[Property]) -> str:
    labels = {entry.key: entry.label for entry in declared}
    return f"{labels.get(part.key, part.key)}: {part.value}"


def _refuse_part(
    part: Segment, declared: Property, groups: list[SegmentGroup], survey: Survey | None
) -> str:
    words = {"value": part.value, "property": declared.label, "survey": survey}
    if survey:
        text = _("No answer to “%(survey)s” has “%(value)s” as %(property)s.") % words
    else:
        text = _("No answer has “%(value)s” as %(property)s.") % words
    values = [each.segment.value for group in groups for each in group.values]
    if not values:
        return text
    beyond = len(values) - MOST_NAMED
    named = {"values": ", ".join(values[:MOST_NAMED]), "n": beyond}
    if beyond <= 0:
        return f"{text} " + _("There are: %(values)s.") % named
    more = ngettext(
        "There are: %(values)s and %(n)s more.", "There are: %(values)s and %(n)s more.", beyond
    )
    return f"{text} {more % named}"
