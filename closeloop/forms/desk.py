"""What the page hands in by itself while somebody works on it."""

from __future__ import annotations

from django import forms

from closeloop.forms.base import ActingForm, ProseField
from closeloop.models import Draft


class DraftForm(ActingForm):
    name = "draft"

    kind = forms.TypedChoiceField(choices=Draft.Kind.choices, coerce=Draft.Kind)
    subject = forms.CharField(required=False, max_length=200)
    text = ProseField(required=False, max_length=8000, strip=False)


class DiscardForm(forms.Form):
    kind = forms.ChoiceField(choices=Draft.Kind.choices)


class PresenceForm(ActingForm):
    name = "presence"

    is_writing = forms.BooleanField(required=False)
