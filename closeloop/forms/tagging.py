"""Choosing tags: some of those there are, and new words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.forms.base import ActingForm
from closeloop.models import FollowUp
from responses.tagging import MOST, TagTooLong, offer_tags, tidy


class TaggingMixin(ActingForm):
    """All the tags a follow-up shall have; what it has is ticked."""

    tags = forms.MultipleChoiceField(
        label=gettext_lazy("Tags"), required=False, widget=forms.CheckboxSelectMultiple
    )
    new_tags = forms.CharField(
        label=gettext_lazy("New tags, with commas"), required=False, max_length=300
    )

    def __init__(self, data: Any = None, *, follow_up: FollowUp, **kwargs: Any) -> None:
        own = [tag.label for tag in follow_up.tags.all()]
        kwargs["initial"] = {"tags": own} | kwargs.get("initial", {})
        super().__init__(data, follow_up=follow_up, **kwargs)
        field = self.fields["tags"]
        if isinstance(field, forms.MultipleChoiceField):
            # One that was chosen stays valid when it has become less used in the meantime.
            chosen = data.getlist("tags") if hasattr(data, "getlist") else []
            words = dict.fromkeys([*offer_tags(follow_up.response), *chosen])
            field.choices = [(word, word) for word in words]

    def clean_tags(self) -> list[str]:
        # Every posted word is among the choices, so that the field itself refuses none.
        refuse_null = ProhibitNullCharactersValidator()
        for word in self.cleaned_data["tags"]:
            refuse_null(word)
        return _tidy(self.cleaned_data["tags"])

    def clean_new_tags(self) -> list[str]:
        return _tidy(self.cleaned_data["new_tags"].split(","))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "new_tags" in cleaned and "tags" in cleaned and len(self.words()) > MOST:
            self.add_error("new_tags", _("An answer has eight tags at most."))
        return cleaned

    def words(self) -> tuple[str, ...]:
        return tuple(tidy([*self.cleaned_data["tags"], *self.cleaned_data["new_tags"]]))


class TagForm(TaggingMixin):
    name = "tag"


def _tidy(words: list[str]) -> list[str]:
    try:
        return tidy(words)
    except TagTooLong:
        raise forms.ValidationError(_("A tag has 40 characters at most.")) from None
