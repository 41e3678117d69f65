"""Texts to begin a reply with, mails that go out by themselves, and rounds of writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from closeloop.forms.base import ProseField
from closeloop.letters import PLACEHOLDERS
from closeloop.models import AutomaticReply, ReplyTemplate
from closeloop.models.letter import Language
from closeloop.placeholders import find_instruction, find_unknown, write_place

if TYPE_CHECKING:
    TemplateModelForm = forms.ModelForm[ReplyTemplate]
    TemplatesField = forms.ModelMultipleChoiceField[ReplyTemplate]
else:
    TemplateModelForm = forms.ModelForm
    TemplatesField = forms.ModelMultipleChoiceField


_NOBODY_THERE = gettext_lazy(
    "A line between square brackets asks the writer for words; an automatic reply has no writer."
)


class ReplyTemplateForm(TemplateModelForm):
    body = ProseField(
        label=gettext_lazy("Text"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy(
            "The closing line and the signature are put under it by themselves."
        ),
    )

    class Meta:
        model = ReplyTemplate
        fields = ["name", "category", "language", "address_form", "subject", "body"]
        help_texts = {
            "name": gettext_lazy("For you and your colleagues; customers do not see it."),
            "subject": gettext_lazy(
                "Empty: that of the mail that asked, so that it stays one conversation."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = cast("forms.ChoiceField", self.fields["language"])
        language.choices = [("", _("Choose …")), *Language.choices]

    def clean_subject(self) -> str:
        return _demand_known(" ".join(self.cleaned_data["subject"].split()))

    def clean_body(self) -> str:
        return _demand_known(self.cleaned_data["body"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("address_form") and cleaned.get("language") != "nl":
            self.add_error("address_form", _("Only Dutch knows two forms of address."))
        is_automatic = self.instance.pk and self.instance.automatic.filter(is_on=True).exists()
        if is_automatic and find_instruction(cleaned.get("body", "")):
            self.add_error("body", _NOBODY_THERE)
        return cleaned


def _demand_known(text: str) -> str:
    if unknown := find_unknown(text, PLACEHOLDERS):
        names = ", ".join(map(write_place, unknown))
        known = ", ".join(map(write_place, PLACEHOLDERS))
        error = _("Nobody knows %(names)s. There are: %(known)s.")
        raise forms.ValidationError(error % {"names": names, "known": known})
    return text


class OneEachField(TemplatesField):
    """Templates of a category, at most one for each language and form of address."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: ReplyTemplate) -> str:
        return f"{obj.audience}: {obj.name}"

    def clean(self, value: Any) -> QuerySet[ReplyTemplate]:
        chosen = super().clean(value)
        seen: dict[tuple[str, str], ReplyTemplate] = {}
        for template in chosen:
            key = (template.language, template.address_form)
            if key in seen:
                error = _("“%(one)s” and “%(other)s” are for the same people: choose one of them.")
                raise forms.ValidationError(error % {"one": seen[key], "other": template})
            seen[key] = template
        return chosen


def list_for_category(category: str) -> QuerySet[ReplyTemplate]:
    found = ReplyTemplate.objects.filter(category__in=["", category])
    return found.order_by("language", "address_form", "-category", "name", "pk")


class AutomaticReplyForm(forms.Form):
    is_on = forms.BooleanField(label=gettext_lazy("Send automatic replies"), required=False)
    hours = forms.IntegerField(
        label=gettext_lazy("Hours after the answer"),
        min_value=1,
        max_value=24 * 30,
        help_text=gettext_lazy("Whoever heard from a person before that gets none."),
    )
    templates = OneEachField(
        ReplyTemplate.objects.none(), label=gettext_lazy("Texts"), required=False
    )

    def __init__(self, data: Any = None, *, reply: AutomaticReply) -> None:
        chosen = list(reply.templates.values_list("pk", flat=True)) if reply.pk else []
        initial = {"is_on": reply.is_on, "hours": reply.hours, "templates": chosen}
        super().__init__(data, initial=initial)
        cast(OneEachField, self.fields["templates"]).queryset = list_for_category(reply.category)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_on") and not cleaned.get("templates") and "templates" not in self.errors:
            self.add_error("templates", _("Choose at least one text."))
        for template in cleaned.get("templates") or []:
            if find_instruction(template.body):
                self.add_error("templates", f"“{template}”: {_NOBODY_THERE}")
        return cleaned


class RoundForm(forms.Form):
    """Whom to write to in a round, and which texts it begins with."""

    owners = forms.ChoiceField(
        label=gettext_lazy("Whose follow-ups"),
        choices=[
            ("mine", gettext_lazy("Mine")),
            ("unassigned", gettext_lazy("Unassigned")),
            ("both", gettext_lazy("Mine and unassigned")),
        ],
        widget=forms.RadioSelect,
        initial="mine",
    )
    templates = OneEachField(
        ReplyTemplate.objects.none(),
        label=gettext_lazy("Texts"),
        required=False,
        help_text=gettext_lazy(
            "Each person gets the one in their language; without one you begin with the greeting."
        ),
    )

    def __init__(self, data: Any = None, *, category: str, counts: dict[str, int]) -> None:
        super().__init__(data)
        field = cast(OneEachField, self.fields["templates"])
        field.queryset = list_for_category(category)
        if data is None:
            field.initial = _one_each(field.queryset)
        owners = cast(forms.ChoiceField, self.fields["owners"])
        owners.choices = [
            (value, f"{label} ({counts[value]})") for value, label in _choices(owners)
        ]
        if not counts["mine"]:
            owners.initial = "unassigned"


def _choices(field: forms.ChoiceField) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in cast("list[Any]", field.choices)]


def _one_each(templates: QuerySet[ReplyTemplate]) -> list[int]:
    first: dict[tuple[str, str], int] = {}
    for template in templates:
        first.setdefault((template.language, template.address_form), template.pk)
    return list(first.values())


def with_uses(templates: QuerySet[ReplyTemplate]) -> QuerySet[ReplyTemplate]:
    """Annotate how many automatic replies that are on go out with it."""
    return templates.annotate(uses=Count("automatic", filter=Q(automatic__is_on=True)))
