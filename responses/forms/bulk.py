"""Which answers of the list are chosen, and what is to be done with all of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.models import Tag
from responses.tagging import LONGEST, TagTooLong, tidy

ACTS = ("tag", "exclude", "restore")
LARGEST_KEY = 2**63 - 1


class AnswersForm(forms.Form):
    """Answers, ticked one by one or all that match; then one act, with what it needs to know."""

    all = forms.BooleanField(required=False)
    # The newest answer when the page was drawn.
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST_KEY)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4_000)
    act = forms.ChoiceField(choices=[(name, name) for name in ACTS])
    add = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Add tags"),
        help_text=gettext_lazy("Separate several with commas."),
        widget=forms.TextInput(attrs={"list": "known-tags", "autocomplete": "off"}),
    )
    remove = forms.ModelChoiceField(
        Tag.objects.all(),
        required=False,
        empty_label=gettext_lazy("None"),
        label=gettext_lazy("Take a tag off"),
    )

    def __init__(self, sent: QueryDict | None = None, **initial: Any) -> None:
        super().__init__(sent, initial=initial, auto_id="bulk_%s")
        self.picked = set(sent.getlist("pick")) if sent else set()

    def list_picked(self) -> list[int]:
        return read_keys(self.picked)

    def clean_add(self) -> list[str]:
        try:
            return tidy(self.cleaned_data["add"].split(","))
        except TagTooLong:
            raise forms.ValidationError(
                _("A tag has at most %(most)s characters.") % {"most": LONGEST}
            ) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("all") and not self.list_picked():
            self.add_error(None, _("Tick the answers that this is about."))
        is_tagging = cleaned.get("act") == "tag" and "add" in cleaned and "remove" in cleaned
        if is_tagging and not cleaned["add"] and not cleaned["remove"]:
            self.add_error("add", _("Write a tag, or choose one to take off."))
        return cleaned


def read_keys(texts: set[str] | list[str]) -> list[int]:
    """Return what of these are keys of rows."""
    keys = (int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
    return sorted(keys)
