"""Bringing past answers in: the file with its survey, and what its columns are for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.reading import MOST_BYTES
from responses.uploading import Use, read_upload_table
from surveys.forms.widgets import DayInput
from surveys.importing.explaining import explain
from surveys.importing.faults import Fault, UnreadableFile
from surveys.importing.headers import property_key
from surveys.models import ImportBatch, Survey

USES = [
    (Use.SKIP, gettext_lazy("Leave out")),
    (Use.SCORE, gettext_lazy("Score")),
    (Use.DATE, gettext_lazy("Date of the answer")),
    (Use.COMMENT, gettext_lazy("Comment")),
    (Use.EMAIL, gettext_lazy("E-mail")),
    (Use.OCCASION, gettext_lazy("Occasion (order, visit)")),
    (Use.ID, gettext_lazy("Id of the answer")),
    (Use.PROPERTY, gettext_lazy("Property")),
]
LABELS = dict(USES)


class AnswersUploadForm(forms.Form):
    survey = forms.ModelChoiceField(
        Survey.objects.all(), label=gettext_lazy("Survey"), empty_label=None
    )
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        help_text=gettext_lazy("At most 10 MB and 100,000 rows. From Excel: Save as, “CSV UTF-8”."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            if (file.size or 0) > MOST_BYTES:
                raise UnreadableFile(Fault.TOO_LARGE, str(MOST_BYTES // 1024 // 1024))
            read_upload_table(file.read())
        except UnreadableFile as error:
            raise forms.ValidationError(explain(error)) from None
        file.seek(0)
        return file


class AnswerColumnsForm(forms.Form):
    """One choice per column of the file, and how its dates are meant."""

    order = forms.ChoiceField(
        label=gettext_lazy("Dates such as 03/04/2026"),
        required=False,
        choices=[
            ("", gettext_lazy("only when the file shows how they are meant")),
            ("dmy", gettext_lazy("day first: 3 April")),
            ("mdy", gettext_lazy("month first: 4 March")),
        ],
    )
    day = forms.DateField(
        label=gettext_lazy("One day for all answers"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=DayInput(),
        help_text=gettext_lazy("Only for a file without dates."),
    )

    def __init__(self, header: Sequence[str], batch: ImportBatch, data: Any = None) -> None:
        day = batch.summary["day"]
        stored = {
            "order": batch.summary["order"],
            "day": dt.date.fromisoformat(day) if day else None,
        }
        super().__init__(data, initial=stored)
        self.header = header
        self.columns = []
        for index, (name, use) in enumerate(zip(header, batch.summary["uses"], strict=True)):
            self.columns.append(f"column_{index}")
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or _("Column %(number)s") % {"number": index + 1},
                choices=[(choice.value, label) for choice, label in USES],
                required=False,
                initial=use,
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.columns]

    @property
    def uses(self) -> Sequence[Use]:
        return [Use(self.cleaned_data[name]) for name in self.columns]

    @property
    def chosen_day(self) -> str:
        day = self.cleaned_data.get("day")
        return day.isoformat() if day else ""

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        uses = self.uses
        for use in dict.fromkeys(uses):
            if use not in {Use.SKIP, Use.PROPERTY} and list(uses).count(use) > 1:
                message = _("Two columns are matched with “%(field)s”. Choose one of them.")
                self.add_error(None, message % {"field": LABELS[use]})
        if Use.SCORE not in uses:
            self.add_error(None, _("Choose the column with the score."))
        if Use.DATE not in uses and not self.cleaned_data.get("day"):
            self.add_error(
                None, _("Choose the column with the date, or give one day for all answers.")
            )
        self._check_names(uses)
        return self.cleaned_data

    def _check_names(self, uses: Sequence[Use]) -> None:
        names = [name for use, name in zip(uses, self.header, strict=True) if use]
        if not all(names):
            self.add_error(None, _("A column without a name cannot be used. Name it in the file."))
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = _("The column “%(name)s” is there twice. Rename one of the two.")
            self.add_error(None, message % {"name": name})
        keys = [
            property_key(name)
            for use, name in zip(uses, self.header, strict=True)
            if use == Use.PROPERTY
        ]
        if len(set(keys)) < len(keys) or not all(keys):
            self.add_error(None, _("Each property needs a name of its own."))
