"""What several forms share: fields for days and hours, and how a field is frozen or filled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from surveys.importing.dates import normalise_day
from surveys.planning.calendar import LAST_MINUTE


class DayInput(forms.DateInput):
    """The browser's own date picker; it wants ISO whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClockField(forms.TimeField):
    """A time of day to the minute. 24:00 is the end of the day, kept as its last minute."""

    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})

    def to_python(self, value: Any) -> dt.time | None:
        if value == "24:00":
            return LAST_MINUTE
        return super().to_python(value)


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Weekdays as check boxes; the value is a sorted list of numbers, 0 for Monday."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(WEEKDAYS.items()), coerce=int, **options)


class DaysField(forms.CharField):
    """Days, one a line, as files write them; the value is a sorted list without doubles."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", _("One a line, such as 24-12-2027 or 2027-12-24."))
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(max_length=4000, **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(day.isoformat() for day in value)
        return value

    def clean(self, value: Any) -> Any:
        days = set()
        for line in super().clean(value).split():
            try:
                days.add(dt.date.fromisoformat(normalise_day(line)))
            except ValueError:
                raise forms.ValidationError(
                    _("“%(line)s” is not a day. Write it as 24-12-2027 or 2027-12-24."),
                    params={"line": line},
                ) from None
        return sorted(days)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def check_hours(form: forms.BaseForm) -> None:
    """Refuse a day that ends before it starts."""
    start, end = form.cleaned_data.get("day_start"), form.cleaned_data.get("day_end")
    if start and end and start >= end:
        form.add_error("day_end", _("Choose a time after the start."))


def freeze(form: forms.BaseForm, names: Iterable[str]) -> None:
    """Show these fields, and ignore whatever is sent for them."""
    for name in names:
        form.fields[name].disabled = True


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    """Give a choice field what can be chosen now."""
    cast("forms.ChoiceField", form.fields[name]).choices = list(choices)


def keep_unchecked(form: forms.BaseForm, sent: QueryDict) -> None:
    """Show in an unbound form what was typed, without judging it: no errors before it is saved."""
    for name, field in form.fields.items():
        if not field.disabled:
            form.initial[name] = field.widget.value_from_datadict(sent, {}, form.add_prefix(name))


def list_zones() -> list[tuple[str, str]]:
    """Return the time zones of places, as choices."""
    places = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    )
    return [(name, name.replace("_", " ")) for name in ["UTC", *places]]
