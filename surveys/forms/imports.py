"""Bringing contacts in: the file, and what its columns are for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from surveys.importing.explaining import explain
from surveys.importing.faults import Fault, UnreadableFile
from surveys.importing.guessing import guess_kind
from surveys.importing.headers import Field
from surveys.importing.people import column_key, read_contacts_table
from surveys.importing.reading import MAX_BYTES
from surveys.models import Property
from surveys.models.contact import MOST_SEGMENTS

USES = [
    (Field.SKIP, gettext_lazy("Leave out")),
    (Field.EMAIL, gettext_lazy("E-mail")),
    (Field.NAME, gettext_lazy("Full name")),
    (Field.FIRST_NAME, gettext_lazy("First name")),
    (Field.INFIX, gettext_lazy("Name prefix (van, de)")),
    (Field.LAST_NAME, gettext_lazy("Last name")),
    (Field.LANGUAGE, gettext_lazy("Language")),
    (Field.TIME_ZONE, gettext_lazy("Time zone")),
    (Field.ACCOUNT, gettext_lazy("Account (company)")),
    (Field.EXTERNAL_ID, gettext_lazy("External id (customer number)")),
    (Field.PROPERTY, gettext_lazy("Property")),
    (Field.SEGMENT, gettext_lazy("Property, and a segment in results")),
]
USE_LABELS = dict(USES)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the preview shows it. `query`: of the page that declares the guessed type."""

    field: forms.BoundField
    samples: Sequence[str]
    kind: str = ""
    query: str = ""


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,  # refused below, in the same words as by the command
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        """Refuse a file of which nothing can be read, with the sentence that says why."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            if (file.size or 0) > MAX_BYTES:
                raise UnreadableFile(Fault.TOO_LARGE, str(MAX_BYTES // 1024 // 1024))
            read_contacts_table(file.read())
        except UnreadableFile as error:
            raise forms.ValidationError(explain(error)) from None
        file.seek(0)
        return file


class ColumnsForm(forms.Form):
    """One choice per column of the file."""

    def __init__(self, header: Sequence[str], uses: Sequence[Field], data: Any = None) -> None:
        super().__init__(data)
        self.header = header
        for index, (name, use) in enumerate(zip(header, uses, strict=True)):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name or _("Column %(number)s") % {"number": index + 1},
                choices=[(choice.value, label) for choice, label in USES],
                required=False,
                initial=use.value,
            )

    def describe_columns(self, samples: Sequence[Sequence[str]]) -> list[Column]:
        """Return each column with its examples, and what a new property of it seems to be."""
        declared = set(Property.objects.values_list("key", flat=True))
        described = []
        for index, (field, values) in enumerate(zip(self, samples, strict=True)):
            free = field.value() in {Field.SKIP, Field.PROPERTY, Field.SEGMENT}
            is_new = column_key(self.header, index) not in declared
            kind = guess_kind(values) if free and is_new and self.header[index] else ""
            label = str(Property.Kind(kind).label) if kind else ""
            query = urlencode({"label": self.header[index], "kind": kind}) if kind else ""
            described.append(Column(field, values, label, query))
        return described

    @property
    def left_out(self) -> list[str]:
        """The names of the columns that are not brought in."""
        return [str(field.label) for field in self if not field.value()]

    @property
    def uses(self) -> list[Field]:
        return [Field(self.cleaned_data[f"column_{index}"]) for index in range(len(self.header))]

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        uses = self.uses
        for use in dict.fromkeys(uses):
            if use not in {Field.SKIP, Field.PROPERTY, Field.SEGMENT} and uses.count(use) > 1:
                self.add_error(
                    None,
                    _("Two columns are matched with “%(field)s”. Choose one of them.")
                    % {"field": USE_LABELS[use]},
                )
        if Field.EMAIL not in uses and Field.EXTERNAL_ID not in uses:
            self.add_error(
                None,
                _(
                    "Choose the column with the e-mail address, or the one with the external id: "
                    "people are recognised by it."
                ),
            )
        self._check_properties(uses)
        return self.cleaned_data

    def _check_properties(self, uses: list[Field]) -> None:
        keys = [
            column_key(self.header, index)
            for index, use in enumerate(uses)
            if use in {Field.PROPERTY, Field.SEGMENT}
        ]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            self.add_error(
                None, _("Two columns would become the property “%(key)s”.") % {"key": key}
            )
        segments = {
            column_key(self.header, index) for index, use in enumerate(uses) if use == Field.SEGMENT
        }
        segments |= set(Property.objects.segments().values_list("key", flat=True))
        if Field.SEGMENT in uses and len(segments) > MOST_SEGMENTS:
            self.add_error(
                None,
                ngettext(
                    "There can be %(most)s segment; this would make %(count)s.",
                    "There can be %(most)s segments; this would make %(count)s.",
                    MOST_SEGMENTS,
                )
                % {"most": MOST_SEGMENTS, "count": len(segments)},
            )
