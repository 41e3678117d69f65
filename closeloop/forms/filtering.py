"""The filter of the queue. Its state is the URL."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from closeloop.models.followup import FollowUpQuerySet
from responses.models import Category
from surveys.models import Survey


class FilterForm(forms.Form):
    """Category, survey and words, within one of the views. Nonsense in the URL filters nothing."""

    category = forms.ChoiceField(
        choices=[("", _("All categories")), *Category.choices],
        required=False,
        label=_("Category"),
    )
    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=_("All surveys"),
        label=_("Survey"),
    )
    q = forms.CharField(
        required=False,
        max_length=100,
        label=_("Search"),
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or words")}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "filter_%s"
        self.is_valid()

    @property
    def is_active(self) -> bool:
        return any(self.cleaned_data.get(name) for name in self.fields)

    def as_query(self) -> dict[str, str]:
        """The filter as parameters of a link, without the empty ones."""
        values = {name: self[name].value() or "" for name in self.fields}
        return {name: value for name, value in values.items() if value}

    def narrow(self, follow_ups: FollowUpQuerySet) -> FollowUpQuerySet:
        """Keep those that the filled-in fields speak of."""
        chosen = self.cleaned_data
        if category := chosen.get("category"):
            follow_ups = follow_ups.filter(response__category=category)
        if survey := chosen.get("survey"):
            follow_ups = follow_ups.filter(response__survey=survey)
        for word in chosen.get("q", "").split():
            follow_ups = follow_ups.filter(
                Q(response__comment__icontains=word)
                | Q(response__contact__first_name__icontains=word)
                | Q(response__contact__last_name__icontains=word)
                | Q(response__contact__email__icontains=word)
                | Q(response__contact__account__name__icontains=word)
            )
        return follow_ups
