"""The filter of dashboard and list. Its state is the URL: a GET form, shareable as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from responses.addresses import without_addresses
from responses.models import Category, Response
from responses.reports.against import Against
from responses.reports.trend import ROLLING_DAYS
from responses.selection import Period, Segment, Selection, days_of
from responses.spans import Grain
from surveys.filtering import Filters, read_filters
from surveys.forms.widgets import DayInput
from surveys.models import Campaign, Organisation, Property, Survey

if TYPE_CHECKING:
    CampaignChoiceField = forms.ModelChoiceField[Campaign]
else:
    CampaignChoiceField = forms.ModelChoiceField

# Wide enough for any import, narrow enough that the day after the last one exists in every zone.
DAY_BOUNDS = [MinValueValidator(dt.date(1990, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31))]


class CampaignField(CampaignChoiceField):
    shows_addresses = True

    def label_from_instance(self, obj: Campaign) -> str:
        return str(obj) if self.shows_addresses else without_addresses(obj) or "–"


class SelectionForm(forms.Form):
    """Survey, campaign, period or days, properties. Days given win over a preset.

    `segment` is how one property stood in addresses before there could be several.
    """

    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=None,
        label=gettext_lazy("Survey"),
    )
    campaign = CampaignField(
        Campaign.objects.exclude(state=Campaign.State.DRAFT).select_related("survey"),
        required=False,
        empty_label=gettext_lazy("All campaigns"),
        label=gettext_lazy("Campaign"),
    )
    touchpoint = forms.ChoiceField(
        choices=[("", gettext_lazy("All touchpoints")), *Survey.Touchpoint.choices],
        required=False,
        label=gettext_lazy("Touchpoint"),
    )
    channel = forms.ChoiceField(
        choices=[("", gettext_lazy("All channels")), *Response.Channel.choices],
        required=False,
        label=gettext_lazy("Channel"),
    )
    period = forms.ChoiceField(choices=Period.choices, required=False, label=gettext_lazy("Period"))
    first = forms.DateField(
        required=False,
        label=gettext_lazy("From"),
        input_formats=["%Y-%m-%d"],
        widget=DayInput(),
        validators=DAY_BOUNDS,
    )
    last = forms.DateField(
        required=False,
        label=gettext_lazy("Up to and including"),
        input_formats=["%Y-%m-%d"],
        widget=DayInput(),
        validators=DAY_BOUNDS,
    )
    segment = forms.CharField(
        required=False,
        max_length=300,
        label=gettext_lazy("Segment"),
        help_text=gettext_lazy("Write a segment as property=value, for example region=North."),
    )

    # `from` is a word of Python, so the fields have other names than their parameters.
    parameters: ClassVar[dict[str, str]] = {"first": "from", "last": "to"}

    def __init__(
        self, data: Mapping[str, Any], *, organisation: Organisation, now: dt.datetime
    ) -> None:
        super().__init__(data)
        self.now = now
        self.zone = organisation.zone
        self.today = now.astimezone(self.zone).date()
        self.filters: Filters = ()
        self.remarks: list[str] = []

    def hide_addresses(self) -> None:
        """For readers who see no address, not in the name of a campaign either."""
        cast(CampaignField, self.fields["campaign"]).shows_addresses = False

    def add_prefix(self, field_name: str) -> str:
        return self.parameters.get(field_name, field_name)

    def clean_segment(self) -> Segment | None:
        text = self.cleaned_data["segment"]
        if not text:
            return None
        try:
            return Segment.parse(text)
        except ValueError:
            raise forms.ValidationError(
                _("Write a segment as property=value, for example region=North.")
            ) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last day lies before the first."))
        survey, campaign = cleaned.get("survey"), cleaned.get("campaign")
        if survey and campaign and campaign.survey != survey:
            message = _("This campaign asks another survey: %(survey)s.")
            self.add_error("campaign", message % {"survey": campaign.survey})
        self._check_touchpoint(survey or (campaign.survey if campaign else None))
        older = cleaned.get("segment")
        self.filters, self.remarks = read_filters(
            self.data,
            older=[(older.key, older.value)] if older else [],
            look_up=lambda: self.properties,
        )
        return cleaned

    @cached_property
    def properties(self) -> dict[str, Property]:
        """All that are declared, by their keys."""
        return {each.key: each for each in Property.objects.all()}

    def _check_touchpoint(self, survey: Survey | None) -> None:
        touchpoint = self.cleaned_data.get("touchpoint")
        if survey and touchpoint and survey.touchpoint != touchpoint:
            message = _("“%(survey)s” asks at another touchpoint: %(touchpoint)s.")
            named = {"survey": survey, "touchpoint": survey.get_touchpoint_display()}
            self.add_error("touchpoint", message % named)

    @cached_property
    def period_chosen(self) -> Period | None:
        """The preset asked for, CUSTOM when days were given, None when nothing was."""
        if self.cleaned_data.get("first") or self.cleaned_data.get("last"):
            return Period.CUSTOM
        word = self.cleaned_data.get("period")
        return Period(word) if word else None

    def selection(self, *, survey: Survey | None = None, period: Period = Period.ALL) -> Selection:
        """Return what was asked for; `survey` and `period` stand in for what was left open."""
        chosen = self.period_chosen or period
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if chosen not in (Period.CUSTOM, Period.ALL):
            first, last = days_of(chosen, self.today)
        campaign = self.cleaned_data.get("campaign")
        survey = self.cleaned_data.get("survey") or (campaign.survey if campaign else survey)
        return Selection(
            zone=self.zone,
            survey=survey,
            touchpoint="" if survey else self.cleaned_data.get("touchpoint", ""),
            campaign=campaign,
            channel=self.cleaned_data.get("channel", ""),
            first=first,
            last=last,
            filters=self.filters,
        )


class BenchmarksField(forms.Field):
    """Keys of published figures, repeated in the address; what is none of them is left out."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[str]:
        words = dict.fromkeys(word for each in value or () for word in str(each).split(","))
        return [word for word in words if word.isascii() and word.isdigit() and len(word) < 10]


class DashboardForm(SelectionForm):
    """The same, the property by which answers are compared, and whose comments are shown.

    A category narrows comments and nothing else: the score of one category says nothing.
    """

    by = forms.ModelChoiceField(
        Property.objects.filter(is_segment=True),
        to_field_name="key",
        required=False,
        empty_label=None,
        label=gettext_lazy("Compare by"),
    )
    benchmark = BenchmarksField(required=False)

    # Keys of properties; a panel passes over what it cannot show.
    then = forms.CharField(max_length=60, required=False)
    value = forms.CharField(max_length=60, required=False)
    missing = forms.CharField(max_length=60, required=False)
    cards = forms.CharField(max_length=10, required=False)
    sort = forms.CharField(max_length=10, required=False)
    against = forms.ChoiceField(
        choices=Against.choices, required=False, label=gettext_lazy("Held against")
    )
    grain = forms.ChoiceField(
        choices=[(grain.value, grain.value) for grain in Grain], required=False
    )
    rolling = forms.ChoiceField(choices=[(days, days) for days in ROLLING_DAYS], required=False)
    overlay = forms.ChoiceField(choices=[("year", "year")], required=False)
    category = forms.ChoiceField(
        choices=[("", gettext_lazy("All categories")), *Category.choices],
        required=False,
        label=gettext_lazy("Comments of"),
    )

    plain_options: ClassVar[list[str]] = [
        *("category", "against", "grain", "rolling", "overlay"),
        *("then", "value", "missing", "cards", "sort"),
    ]

    @property
    def options(self) -> dict[str, str]:
        """What only changes how panels are shown, as it stands in the address."""
        by = self.cleaned_data.get("by")
        chosen = {"by": by.key} if by else {}
        if self.cleaned_data.get("benchmark"):
            chosen["benchmark"] = ",".join(self.cleaned_data["benchmark"])
        return chosen | {
            name: text for name in self.plain_options if (text := self.cleaned_data.get(name))
        }

    def pairs(self) -> list[tuple[str, str]]:
        """What was asked, and nothing that was not: a preset stays one, no survey is filled in."""
        asked = self.selection(period=self.period_chosen or Period.CUSTOM)
        pairs = asked.pairs(self.period_chosen or Period.CUSTOM)
        if self.period_chosen is None:
            pairs.remove(("period", Period.ALL.value))
        return [*pairs, *self.options.items()]


class RowSelectionForm(SelectionForm):
    """The same for a list of rows: also by category, score and status, and over all surveys."""

    survey = forms.ModelChoiceField(
        Survey.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=gettext_lazy("All surveys"),
        label=gettext_lazy("Survey"),
    )
    # What a list shows when nothing is asked stands first: it must be what the form would ask.
    period = forms.ChoiceField(
        choices=sorted(Period.choices, key=lambda choice: choice[0] != Period.ALL),
        required=False,
        label=gettext_lazy("Period"),
    )
    category = forms.ChoiceField(
        choices=[("", gettext_lazy("All categories")), *Category.choices],
        required=False,
        label=gettext_lazy("Category"),
    )
    score = forms.IntegerField(
        required=False, min_value=0, max_value=10, label=gettext_lazy("Score")
    )
    status = forms.ChoiceField(
        choices=[
            ("", gettext_lazy("All, counted or not")),
            *((status.value, status.label) for status in Response.Status.of_customers()),
        ],
        required=False,
        label=gettext_lazy("Status"),
    )

    def selection(self, *, survey: Survey | None = None, period: Period = Period.ALL) -> Selection:
        return (
            super()
            .selection(survey=survey, period=period)
            .narrowed(
                category=self.cleaned_data.get("category", ""),
                score=self.cleaned_data.get("score"),
                status=self.cleaned_data.get("status", ""),
            )
        )
