"""Which rows of a list are chosen, and what is to be done with all of them: answers of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.models import Tag
from responses.tagging import LONGEST, TagTooLong, tidy

ACTS = ("tag", "exclude", "restore")
LARGEST_KEY = 2**63 - 1


class PickForm(forms.Form):
    """Rows, ticked one by one or all that match, and what their tags become.

    Each list adds `act`, what can be done with its rows, and what else that needs to know.
    """

    nothing_picked: ClassVar[Promise]

    all = forms.BooleanField(required=False)
    # How far the list went when the page was drawn: what came later was not meant.
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST_KEY)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4_000)
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
        # The boxes are drawn by the page, each naming the form: they stand in its rows.
        super().__init__(sent, initial=initial, auto_id="bulk_%s")
        self.picked = set(sent.getlist("pick")) if sent else set()

    def list_picked(self) -> list[Any]:
        """What the ticked rows are found by."""
        raise NotImplementedError

    def clean_add(self) -> list[str]:
        try:
            return tidy(self.cleaned_data["add"].split(","))
        except TagTooLong:
            raise forms.ValidationError(
                _("A tag has at most %(most)s characters.") % {"most": LONGEST}
            ) from None

    def clean_remove(self) -> list[str]:
        """Words, like those to add."""
        tag = self.cleaned_data["remove"]
        return [tag.label] if tag else []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("all") and not self.list_picked():
            self.add_error(None, str(self.nothing_picked))
        is_tagging = cleaned.get("act") == "tag" and "add" in cleaned and "remove" in cleaned
        if is_tagging and not cleaned["add"] and not cleaned["remove"]:
            self.add_error("add", _("Write a tag, or choose one to take off."))
        return cleaned


class AnswersForm(PickForm):
    nothing_picked = gettext_lazy("Tick the answers that this is about.")

    act = forms.ChoiceField(choices=[(name, name) for name in ACTS])

    def list_picked(self) -> list[int]:
        return read_keys(self.picked)


def read_keys(texts: Iterable[str]) -> list[int]:
    """Return what of these are keys of rows."""
    keys = (int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
    return sorted(keys)
