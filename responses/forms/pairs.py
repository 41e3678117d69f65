"""Which pairs a list shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.forms.selection import SelectionForm
from responses.pair_rows import find_before
from responses.reports.pairs import STEPS
from surveys.models import Organisation


class PairsForm(SelectionForm):
    """The selection of the survey after the delivery, and where people went."""

    step = forms.ChoiceField(
        choices=[(step, step) for step in STEPS], required=False, label=gettext_lazy("Which")
    )

    def __init__(
        self, data: Mapping[str, Any], *, organisation: Organisation, now: dt.datetime
    ) -> None:
        super().__init__(data, organisation=organisation, now=now)
        self.fields["survey"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        survey = cleaned.get("survey")
        if survey and not find_before(survey):
            error = _("“%(survey)s” is held against no survey before delivery on the same scale.")
            self.add_error("survey", error % {"survey": survey})
        return cleaned
