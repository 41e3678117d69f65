"""A filter of a page under a name."""

from __future__ import annotations

from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from responses.models import SavedFilter


class SavedViewForm(forms.Form):
    name = forms.CharField(max_length=40, label=_("Name"))
    is_shared = forms.BooleanField(required=False, label=_("For the whole team"))
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4_000)

    def __init__(self, *args: Any, number: int | str = "new", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = number
        self.auto_id = f"saved_{number}_%s"

    @classmethod
    def about(cls, view: SavedFilter) -> Self:
        initial = {"name": view.name, "is_shared": view.is_shared}
        return cls(initial=initial, number=view.pk)
