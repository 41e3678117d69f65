"""The conditions of an audience, one row each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.audience import Condition, Operator, list_fields
from surveys.forms.widgets import offer

if TYPE_CHECKING:
    BaseConditions = forms.BaseFormSet["ConditionForm"]
else:
    BaseConditions = forms.BaseFormSet

MOST_CONDITIONS = 12


class ConditionForm(forms.Form):
    """A property, an operator, values. A row without a property is no condition."""

    property = forms.ChoiceField(label=_("Property"), required=False)
    operator = forms.ChoiceField(label=_("Comparison"), choices=Operator.choices, required=False)
    values = forms.CharField(
        label=_("Value"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"list": "known-values", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, fields: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A property that was removed since stays visible, so that its condition is not lost unseen.
        stored = str(self.initial.get("property", ""))
        gone = [(stored, stored)] if stored and stored not in dict(fields) else []
        offer(self, "property", [("", _("Choose …")), *fields, *gone])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors or not cleaned.get("property"):
            if cleaned.get("values") and not self.errors:
                self.add_error("property", _("Choose what to compare with this value."))
            return cleaned
        operator = Operator(cleaned["operator"] or Operator.IS)
        values = split_values(cleaned["values"]) if operator.needs_value else ()
        try:
            cleaned["condition"] = Condition(cleaned["property"], operator, values)
        except ValueError:
            self.add_error("values", self._explain(operator, values))
        return cleaned

    @staticmethod
    def _explain(operator: Operator, values: tuple[str, ...]) -> Any:
        if not values:
            return _("Fill in a value.")
        return _("Fill in one number, or one date such as 2026-10-01.")


class ConditionsFormSet(BaseConditions):
    """Rows for all conditions and an empty one more. An empty row is left out."""

    stored: Sequence[Condition] = ()

    @property
    def conditions(self) -> list[Condition]:
        """The conditions as they were sent, of a valid set; else as they are stored."""
        if not self.is_bound:
            return list(self.stored)
        return [
            form.cleaned_data["condition"]
            for form in self.forms
            if "condition" in form.cleaned_data
        ]


_Conditions = forms.formset_factory(
    ConditionForm, formset=ConditionsFormSet, extra=1, max_num=MOST_CONDITIONS, absolute_max=50
)


def make_conditions(
    sent: Mapping[str, Any] | None = None, *, stored: list[dict[str, Any]] | None = None
) -> ConditionsFormSet:
    """Return the rows, as stored or as they were sent."""
    conditions = [Condition.from_json(entry) for entry in stored or []]
    initial = [
        {
            "property": condition.property,
            "operator": condition.operator,
            "values": join_values(condition.values),
        }
        for condition in conditions
    ]
    formset = cast(
        ConditionsFormSet,
        _Conditions(
            sent, prefix="audience", initial=initial, form_kwargs={"fields": list_fields()}
        ),
    )
    formset.stored = conditions
    return formset


def with_another_row(sent: Any) -> dict[str, Any]:
    """Return what was sent with one row more asked for."""
    total = f"{make_conditions().prefix}-TOTAL_FORMS"
    values = {key: sent.get(key) for key in sent}
    try:
        count = int(values.get(total, ""))
    except ValueError:
        count = 0
    return values | {total: str(min(count + 1, MOST_CONDITIONS))}


def split_values(text: str) -> tuple[str, ...]:
    """Split at commas; a value with a comma in it stands in double quotes."""
    line = " ".join(text.splitlines())  # a page can send more lines than its field shows
    (row,) = csv.reader([line], skipinitialspace=True) if line else ([],)
    return tuple(dict.fromkeys(value.strip() for value in row if value.strip()))


def join_values(values: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue().replace(",", ", ") if '"' not in line.getvalue() else line.getvalue()
