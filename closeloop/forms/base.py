"""What every form about a follow-up shares: it carries the version that it was drawn from."""

from __future__ import annotations

from typing import Any

from django import forms

from closeloop.models import FollowUp


class ProseField(forms.CharField):
    """Several lines of text, with the line ends that the rest of the product uses."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ActingForm(forms.Form):
    """A form about one follow-up. `prefix` keeps the ids of several on a page apart."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    name: str

    def __init__(self, data: Any = None, *, follow_up: FollowUp, **kwargs: Any) -> None:
        initial = {"version": follow_up.version} | kwargs.pop("initial", {})
        super().__init__(data, initial=initial, auto_id=f"{self.name}_%s", **kwargs)
        self.follow_up = follow_up


class VersionForm(ActingForm):
    """For buttons that need nothing but a press."""

    name = "version"
