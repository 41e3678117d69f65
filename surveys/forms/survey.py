"""What is asked: the survey's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from surveys.forms.widgets import freeze, keep_unchecked
from surveys.models import Survey, get_organisation

if TYPE_CHECKING:
    SurveyModelForm = forms.ModelForm[Survey]
else:
    SurveyModelForm = forms.ModelForm

LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]

# What a customer reads, and what the score depends on.
FROZEN_BY_ANSWERS = ("company", "touchpoint", "scale_min", "address_form", "languages")


class SurveyForm(SurveyModelForm):
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody is asked in their own language if it is among these."),
    )

    pair_days = forms.IntegerField(
        label=_("Days between the two answers of a customer, at most"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=_("A later answer is taken for that of another order."),
    )
    rest_days = forms.IntegerField(
        label=_("Days of rest of its own"), min_value=1, max_value=1000, required=False
    )

    class Meta:
        model = Survey
        fields = [
            "name",
            "company",
            "touchpoint",
            "languages",
            "address_form",
            "scale_min",
            "change_window_hours",
            "pre_survey",
            "pair_days",
            "rest_rule",
            "rest_days",
        ]
        widgets = {
            "address_form": forms.RadioSelect,
            "scale_min": forms.RadioSelect,
            "rest_rule": forms.RadioSelect,
        }
        help_texts = {
            "name": _("For you and your colleagues; customers do not see it."),
            "company": _("As customers know it: this name stands in the question."),
            "touchpoint": _("When in the life of a customer this is asked."),
            "pre_survey": _(
                "The dashboard then shows the delivery gap: what became of the scores of those who "
                "answered both, the same order where orders are known."
            ),
        }

    def __init__(self, *args: Any, is_locked: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = cast("forms.ModelChoiceField[Survey]", self.fields["pre_survey"])
        before.queryset = Survey.objects.exclude(pk=self.instance.pk)
        before.empty_label = gettext("None: there is nothing to compare with")
        self.fields["rest_rule"].help_text = explain_rule(get_organisation().rest_days)
        if is_locked:
            freeze(self, FROZEN_BY_ANSWERS)

    def keep(self, sent: QueryDict) -> None:
        keep_unchecked(self, sent)

    def clean_pair_days(self) -> int:
        days: int = self.cleaned_data["pair_days"] or self.instance.pair_days
        return days

    def clean_languages(self) -> list[str]:
        """The organisation's language first: it is for all whose own language is not there."""
        default = get_organisation().default_language
        chosen: list[str] = self.cleaned_data["languages"]
        return sorted(chosen, key=lambda language: language != default)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("rest_rule") != Survey.Rest.OWN:
            cleaned["rest_days"] = None
        elif not cleaned.get("rest_days") and "rest_days" not in self.errors:
            self.add_error("rest_days", _("Say how many days, or choose another rule."))
        before, scale_min = cleaned.get("pre_survey"), cleaned.get("scale_min")
        if before and scale_min is not None and before.scale_min != int(scale_min):
            error = gettext("“%(survey)s” has another scale; scores of two scales do not compare.")
            self.add_error("pre_survey", error % {"survey": before})
        return cleaned

    def save(self, commit: bool = True) -> Survey:
        if not self.instance.slug:
            self.instance.slug = find_free_slug(self.cleaned_data["name"])
        return super().save(commit)


def explain_rule(days: int) -> str:
    """Say what the organisation's contact frequency rule is, and what an exception does."""
    if days:
        text = ngettext(
            "By the rule in the settings nobody is asked within %(days)d day of the last time, by "
            "whichever survey.",
            "By the rule in the settings nobody is asked within %(days)d days of the last time, by "
            "whichever survey.",
            days,
        ) % {"days": days}
    else:
        text = gettext("The settings have no such rule now.")
    return " ".join(
        [
            text,
            gettext(
                "An exception decides whom this survey asks; for every other survey its mails "
                "still count."
            ),
        ]
    )


def read_preview(sent: QueryDict) -> dict[str, Any]:
    """Return as much of a question as was typed, however unfinished; see `preview_question`."""
    known = [code for code, _name in LANGUAGES]
    scale = sent.get("scale_min", "")
    return {
        "company": sent.get("company", "")[:120],
        "languages": [code for code in known if code in sent.getlist("languages")] or known,
        "address_form": sent.get("address_form", Survey.Address.FORMAL),
        "scale_min": 1 if scale == "1" else 0,
    }


def find_free_slug(name: str) -> str:
    """Return a short name that no survey has: it stands in addresses and commands."""
    stem = slugify(name)[:50] or "survey"
    taken = set(Survey.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
