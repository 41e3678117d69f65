"""The steps of each category, one a line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.forms.base import ActingForm
from closeloop.recipes import MOST_STEPS, Shown

LONGEST_STEP = 160


class StepForm(ActingForm):
    """The button of a step: it ticks it off, or takes that back."""

    name = "step"

    tick = forms.CharField(required=False, max_length=LONGEST_STEP)
    untick = forms.CharField(required=False, max_length=LONGEST_STEP)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("tick")) == bool(cleaned.get("untick")):
            raise forms.ValidationError(_("Choose one step."))
        return cleaned


class RecipeForm(forms.Form):
    steps = forms.CharField(
        label=gettext_lazy("Steps, one a line"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, data: Any = None, *, shown: Shown) -> None:
        self.shown = shown
        super().__init__(
            data,
            auto_id=f"{shown.category}_%s",
            initial={"steps": "\n".join(shown.steps)},
        )

    def clean_steps(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["steps"].splitlines()]
        steps = [line for line in lines if line]
        if len(steps) > MOST_STEPS:
            raise forms.ValidationError(
                _("At most %(most)s steps: a longer list is not read."), params={"most": MOST_STEPS}
            )
        if any(len(step) > LONGEST_STEP for step in steps):
            raise forms.ValidationError(
                _("Make each step shorter than %(most)s characters."),
                params={"most": LONGEST_STEP},
            )
        return steps
