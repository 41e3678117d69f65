"""The filter of the queue. Its state is the URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from closeloop.models import RootCause
from closeloop.models.followup import FollowUpQuerySet
from closeloop.searching import narrow_to_words
from npsapp.models import User
from responses.models import Category, Tag
from surveys import filtering
from surveys.filtering import Chip, Filters, read_filters
from surveys.models import Campaign, Property, Survey

if TYPE_CHECKING:
    UserChoiceField = forms.ModelChoiceField[User]
    UserChoices = ModelChoiceIterator[User]
else:
    UserChoiceField = forms.ModelChoiceField
    UserChoices = ModelChoiceIterator

ME, NOBODY = "me", "none"
Pairs = list[tuple[str, str]]


class OwnerChoices(UserChoices):
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        people = super().__iter__()
        yield next(people)
        yield ME, gettext("Me")
        yield NOBODY, gettext("Nobody")
        yield from people


class OwnerField(UserChoiceField):
    """Somebody, whoever is looking, or nobody."""

    iterator = OwnerChoices

    def to_python(self, value: Any) -> Any:
        return value if value in (ME, NOBODY) else super().to_python(value)


class FilterForm(forms.Form):
    """What a view of the queue is narrowed to. What is nonsense filters nothing, and is said."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label=_("Search"),
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Comment, name or address"),
                "aria-keyshortcuts": "/",
            }
        ),
    )
    category = forms.ChoiceField(
        choices=[("", _("All categories")), *Category.choices], required=False, label=_("Category")
    )
    owner = OwnerField(
        User.objects.all(), required=False, empty_label=_("Anybody"), label=_("Owner")
    )
    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=_("All surveys"),
        label=_("Survey"),
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.exclude(state=Campaign.State.DRAFT).select_related("survey"),
        required=False,
        empty_label=_("All campaigns"),
        label=_("Campaign"),
    )
    account = forms.CharField(required=False, max_length=160, label=_("Account"))
    tag = forms.ModelChoiceField(
        Tag.objects.all(), required=False, empty_label=_("All tags"), label=_("Tag")
    )
    cause = forms.ModelChoiceField(
        RootCause.objects.all(), required=False, empty_label=_("All causes"), label=_("Root cause")
    )
    sort = forms.ChoiceField(required=False, label=_("Order"))

    def __init__(self, sent: Mapping[str, Any], *, user: User) -> None:
        super().__init__(sent, auto_id="filter_%s")
        self.user = user
        self.moneys = {each.key: each for each in Property.objects.filter(kind="money")}
        cast(forms.ChoiceField, self.fields["sort"]).choices = [
            ("", gettext("Due first")),
            *(
                (key, gettext("Most valuable first: %(property)s") % {"property": each.label})
                for key, each in self.moneys.items()
            ),
        ]
        self.filters: Filters
        self.filters, self.remarks = read_filters(sent)
        self.is_valid()
        sentence = gettext("The filter “%(name)s” names nothing there is: left out here.")
        self.remarks += [sentence % {"name": self.fields[name].label} for name in self.errors]

    @property
    def chosen(self) -> dict[str, Any]:
        """What narrows the view, by the name of its field."""
        values = {name: self.cleaned_data.get(name) for name in self.fields if name != "sort"}
        return {name: value for name, value in values.items() if value}

    @property
    def is_active(self) -> bool:
        return bool(self.chosen or self.filters)

    @property
    def money(self) -> Property | None:
        """What orders the detractors, if anything does."""
        return self.moneys.get(self.cleaned_data.get("sort", ""))

    def pairs(self, *, without: str = "", filters: Filters | None = None) -> Pairs:
        """The filter and its order as parameters of a link, all that means nothing left out."""
        names = [*self.chosen, *(["sort"] if self.money else [])]
        kept = [(name, str(self[name].value())) for name in names if name != without]
        remaining = self.filters if filters is None else filters
        return kept + [pair for each in remaining for pair in each.pairs()]

    @property
    def rest(self) -> Pairs:
        """What the form on the page itself has no field for."""
        return [pair for pair in self.pairs() if pair[0] not in ("q", "sort")]

    def list_chips(self, view: str) -> list[Chip]:
        """What the view is narrowed to; each chip leads to the view without it."""

        def link(pairs: Pairs) -> str:
            return "?" + urlencode([("view", view), *pairs])

        chips = [
            Chip(f"{self.fields[name].label}: {self._say(name)}", link(self.pairs(without=name)))
            for name in self.chosen
        ]
        kept = filtering.list_chips(self.filters, lambda rest: link(self.pairs(filters=rest)))
        return chips + kept

    def _say(self, name: str) -> str:
        value = self.cleaned_data[name]
        words = {ME: gettext("Me"), NOBODY: gettext("Nobody"), **dict(Category.choices)}
        return str(words.get(value, value)) if isinstance(value, str) else str(value)

    def narrow(self, follow_ups: FollowUpQuerySet) -> FollowUpQuerySet:
        """Keep those that everything which is filled in speaks of."""
        paths = {
            "category": "response__category",
            "survey": "response__survey",
            "campaign": "response__invitation__campaign",
            "account": "response__contact__account__name__icontains",
            "tag": "response__tags",
            "cause": "root_cause",
        }
        for name, value in self.chosen.items():
            if name in paths:
                follow_ups = follow_ups.filter(**{paths[name]: value})
        match self.chosen.get("owner"):
            case None:
                pass
            case "none":
                follow_ups = follow_ups.unassigned()
            case "me":
                follow_ups = follow_ups.mine(self.user)
            case owner:
                follow_ups = follow_ups.mine(owner)
        follow_ups = filtering.narrow(follow_ups, self.filters, path="response__properties")
        return narrow_to_words(follow_ups, self.chosen.get("q", ""))
