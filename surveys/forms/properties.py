"""A property: what it is called, of which type it is, and its bands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.audience import read_bound
from surveys.declaring import find_misfits
from surveys.importing.headers import property_key
from surveys.models import Property
from surveys.models.contact import MOST_SEGMENTS
from surveys.properties import PATTERNS

if TYPE_CHECKING:
    PropertyModelForm = forms.ModelForm[Property]
else:
    PropertyModelForm = forms.ModelForm

MOST_BANDS = 6


class PropertyForm(PropertyModelForm):
    class Meta:
        model = Property
        fields = ["label", "kind", "is_segment"]
        help_texts = {
            "kind": gettext_lazy("A number is written 1250 or 1250,50; a date 2026-03-31."),
            "is_segment": gettext_lazy("Results can be compared by it. At most five properties."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.bands
        for number in range(MOST_BANDS):
            band = stored[number] if number < len(stored) else {}
            self.fields[f"name_{number}"] = forms.CharField(
                label=_("Band %(number)s") % {"number": number + 1},
                required=False,
                max_length=60,
                initial=band.get("name", ""),
            )
            self.fields[f"below_{number}"] = forms.CharField(
                label=_("Band %(number)s ends below") % {"number": number + 1},
                required=False,
                max_length=32,
                initial=band.get("below", ""),
            )

    @property
    def band_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"name_{n}"], self[f"below_{n}"]) for n in range(MOST_BANDS)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        self._check_key(cleaned["label"])
        self._check_values(cleaned["kind"])
        if self.errors:
            return cleaned
        cleaned["bands"] = self._read_bands(cleaned) if cleaned["kind"] in PATTERNS else []
        self._check_segment(cleaned)
        return cleaned

    def _check_key(self, label: str) -> None:
        if self.instance.pk:
            return
        key = property_key(label)
        if not key:
            self.add_error("label", _("Use letters or digits."))
        elif Property.objects.filter(key=key).exists():
            self.add_error("label", _("There is a property with this name."))
        self.instance.key = key

    def _check_values(self, kind: str) -> None:
        """Refuse a type that some values do not fit, and name them."""
        misfits = find_misfits(self.instance.key, kind) if self.instance.pk else []
        if misfits:
            values = ", ".join(f"“{each.value}” ({each.count})" for each in misfits)
            self.add_error(
                "kind",
                _("These values do not fit this type: %(values)s. Mend them first.")
                % {"values": values},
            )

    def _read_bands(self, cleaned: dict[str, Any]) -> list[dict[str, str]]:
        bands: list[dict[str, str]] = []
        before: Decimal | dt.date | None = None
        rows = [(cleaned[f"name_{n}"], cleaned[f"below_{n}"], n) for n in range(MOST_BANDS)]
        filled = [row for row in rows if row[0] or row[1]]
        for place, (name, below, number) in enumerate(filled):
            if not name:
                self.add_error(f"name_{number}", _("Name this band."))
            elif name in {band["name"] for band in bands}:
                self.add_error(f"name_{number}", _("Two bands have this name."))
            if place == len(filled) - 1:
                if below:
                    self.add_error(
                        f"below_{number}",
                        _("The last band has no end. Add one, or leave it empty."),
                    )
                bands.append({"name": name})
                continue
            bound = self._read_bound(below, cleaned["kind"], number)
            if bound is None:
                continue
            if before is not None and bound <= before:  # type: ignore[operator]
                self.add_error(f"below_{number}", _("This must be above the band before it."))
            before = bound
            bands.append({"name": name, "below": str(bound)})
        if len(filled) == 1:
            self.add_error(
                f"name_{filled[0][2]}", _("One band divides nothing. Name a second one.")
            )
        return bands

    def _read_bound(self, text: str, kind: str, number: int) -> Decimal | dt.date | None:
        try:
            bound = read_bound(text.strip())
        except ValueError:
            bound = None
        if isinstance(bound, dt.date) != (kind == Property.Kind.DATE) or bound is None:
            self.add_error(
                f"below_{number}",
                _("Fill in a date such as 2026-10-01.")
                if kind == Property.Kind.DATE
                else _("Fill in a number."),
            )
            return None
        return bound

    def _check_segment(self, cleaned: dict[str, Any]) -> None:
        if not cleaned["is_segment"]:
            return
        others = Property.objects.filter(is_segment=True).exclude(pk=self.instance.pk)
        if others.count() >= MOST_SEGMENTS:
            self.add_error(
                "is_segment", _("There are five segments already. Take one of those away first.")
            )
        if cleaned["kind"] in PATTERNS and not cleaned["bands"] and not self.errors:
            self.add_error(
                "name_0", _("Numbers and dates become segments through bands. Name at least two.")
            )

    def save(self, commit: bool = True) -> Property:
        self.instance.bands = self.cleaned_data["bands"]
        return super().save(commit)
