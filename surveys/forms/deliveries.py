"""The decision about a mail in doubt."""

from __future__ import annotations

from django import forms

from surveys.models import Delivery

Resolution = Delivery.Resolution


class ResolutionForm(forms.Form):
    resolution = forms.ChoiceField(
        choices=[
            (choice.value, choice.label)
            for choice in (Resolution.SEND_AGAIN, Resolution.TREAT_AS_SENT)
        ]
    )
