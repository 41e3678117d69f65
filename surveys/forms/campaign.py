"""Who is asked and when: the campaign's form, and the buttons of its page."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from surveys.audience import list_strata
from surveys.forms.survey import LANGUAGES
from surveys.forms.widgets import (
    ClockField,
    DayInput,
    WeekdaysField,
    check_hours,
    freeze,
    keep_unchecked,
    offer,
)
from surveys.models import Campaign, Invitation, Organisation, Sender, Survey
from surveys.models.campaign import MOST_DAYS_BETWEEN, MOST_REMINDERS
from surveys.people import ANSWERED, POSTPONED, TOLD, TREATED_AS_SENT, WAITS

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
else:
    CampaignModelForm = forms.ModelForm

MOST_STRATA = 3
REMINDER = "reminder"
FARTHEST_START = dt.timedelta(days=10 * 366)

# Once mails have left, these would make the rest of the campaign another one.
FROZEN_BY_LAUNCH = ("survey", "sender", "first_day")

# How its mails are spread; may still be changed once it was launched.
PACE = (
    "window_days",
    "weekdays",
    "day_start",
    "day_end",
    "clock",
    "daily_limit",
    "ramp_start",
    "ramp_days",
)


class CampaignForm(CampaignModelForm):
    weekdays = WeekdaysField(label=_("Weekdays"))
    day_start = ClockField(label=_("From"))
    day_end = ClockField(label=_("Until"), help_text=_("23:59 means until midnight."))
    window_days = forms.IntegerField(label=_("Window in days"), min_value=1, max_value=366)
    daily_limit = forms.IntegerField(
        label=_("Daily limit"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=_("At most this many mails a day. Empty: no limit."),
    )
    clock = forms.ChoiceField(
        label=_("Clock"),
        choices=Campaign.Clock.choices,
        widget=forms.RadioSelect,
        required=False,
        help_text=_("Whose hours are meant. Of people without a time zone we take ours."),
    )
    ramp_start = forms.IntegerField(
        label=_("Mails on the first day"), min_value=1, max_value=1_000_000, required=False
    )
    ramp_days = forms.IntegerField(
        label=_("Days until the daily limit"), min_value=2, max_value=366, required=False
    )
    reminders = forms.TypedChoiceField(
        label=_("Reminders"),
        coerce=int,
        required=False,
        choices=[(0, _("None"))] + [(n, str(n)) for n in range(1, MOST_REMINDERS + 1)],
        help_text=_("At most this many, and only to who has not answered."),
    )
    reminder_after_days = forms.IntegerField(
        label=_("Days before a reminder"),
        min_value=1,
        max_value=MOST_DAYS_BETWEEN,
        required=False,
        help_text=_("After the invitation, or after the reminder before it."),
    )
    strata = forms.MultipleChoiceField(
        label=_("Every day the same mix of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Every day's mails have the same mix of these as the whole audience."),
    )

    class Meta:
        model = Campaign
        fields = [
            "name",
            "survey",
            "sender",
            "first_day",
            *PACE,
            "reminders",
            "reminder_after_days",
            "strata",
        ]
        widgets = {"first_day": DayInput}
        help_texts = {"name": _("For you and your colleagues; customers do not see it.")}

    def __init__(self, *args: Any, now: dt.datetime, zone: dt.tzinfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = now.astimezone(zone).date()
        self.has_started = self.instance.state != Campaign.State.DRAFT
        for name in ("survey", "sender"):
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.empty_label = _("Choose …")
        senders = cast("forms.ModelChoiceField[Sender]", self.fields["sender"])
        senders.queryset = Sender.objects.filter(lane=Sender.Lane.BULK)
        offer(self, "strata", list_strata())
        if self.has_started:
            senders.queryset = Sender.objects.all()
            for name in ("strata", "reminders", "reminder_after_days"):
                del self.fields[name]
            freeze(self, FROZEN_BY_LAUNCH)

    def keep(self, sent: QueryDict) -> None:
        keep_unchecked(self, sent)

    def clean_first_day(self) -> dt.date:
        first_day: dt.date = self.cleaned_data["first_day"]
        if first_day < self.today and "first_day" in self.changed_data:
            raise forms.ValidationError(_("Choose today or a later day."))
        if first_day > self.today + FARTHEST_START:
            # A slip of the keyboard, and the calendar itself ends with the year 9999.
            raise forms.ValidationError(self.fields["first_day"].error_messages["invalid"])
        return first_day

    def clean_reminders(self) -> int:
        return self.cleaned_data["reminders"] or 0

    def clean_reminder_after_days(self) -> int:
        # Without reminders it may stand empty.
        days: int | None = self.cleaned_data["reminder_after_days"]
        return days or self.instance.reminder_after_days

    def clean_strata(self) -> list[str]:
        strata: list[str] = self.cleaned_data["strata"]
        if len(strata) > MOST_STRATA:
            raise forms.ValidationError(_("Choose at most three."))
        return strata

    def clean_clock(self) -> str:
        return self.cleaned_data["clock"] or str(self.instance.clock)

    def _check_slow_start(self, cleaned: dict[str, Any]) -> None:
        start, days = cleaned.get("ramp_start"), cleaned.get("ramp_days")
        limit = cleaned.get("daily_limit")
        if not {"ramp_start", "ramp_days", "daily_limit"}.isdisjoint(self.errors):
            return
        if (start is None) != (days is None):
            missing = "ramp_start" if start is None else "ramp_days"
            self.add_error(missing, _("A slow start needs both: fill in this too, or neither."))
        elif start is not None and limit is None:
            self.add_error("daily_limit", _("A slow start grows to the daily limit: fill it in."))
        elif start is not None and limit is not None and start > limit:
            self.add_error("ramp_start", _("Choose at most the daily limit."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        check_hours(self)
        self._check_slow_start(cleaned)
        first_day, days = cleaned.get("first_day"), cleaned.get("window_days")
        if first_day and days and first_day + dt.timedelta(days=days - 1) < self.today:
            self.add_error("window_days", _("This window is over already."))
        return cleaned


def suggest_campaign(
    organisation: Organisation, *, survey: str = "", now: dt.datetime
) -> dict[str, Any]:
    """Return what a new campaign starts from: the organisation's hours, its next working day.

    Where there is but one survey or sender, it is chosen.
    """
    only: dict[str, Any] = {
        name: rows[0].pk
        for name, rows in (
            ("survey", list(Survey.objects.all()[:2])),
            ("sender", list(Sender.objects.filter(lane=Sender.Lane.BULK)[:2])),
        )
        if len(rows) == 1
    }
    day = now.astimezone(organisation.zone).date() + dt.timedelta(days=1)
    while organisation.working_days and day.weekday() not in organisation.working_days:
        day += dt.timedelta(days=1)
    if survey:
        # As it was sent: of nonsense in the address the field makes no choice.
        only["survey"] = survey
    return only | {
        "first_day": day,
        "window_days": 30,
        "weekdays": organisation.working_days,
        "day_start": organisation.day_start,
        "day_end": organisation.day_end,
    }


class LaunchForm(forms.Form):
    """What the manager saw when they pressed the button."""

    previewed = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    terms = forms.CharField(max_length=64, widget=forms.HiddenInput)
    people = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ReplanForm(forms.Form):
    """What the manager saw of a plan drawn anew; see replanning.Seen."""

    terms = forms.CharField(max_length=64, widget=forms.HiddenInput)
    mails = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    dropped = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    busiest = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    last_day = forms.DateField(required=False, widget=forms.HiddenInput)


class JoinForm(forms.Form):
    """Who the manager saw would join a campaign under way."""

    mails = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    people = forms.CharField(max_length=64, widget=forms.HiddenInput)


class RateForm(forms.Form):
    """Which share of the mails somebody expects to be answered, in percent."""

    rate = forms.FloatField(
        label=_("Expected response rate, %"), required=False, min_value=0, max_value=100
    )


class BackForm(forms.Form):
    """Where a button was pressed: on a person's page, or on a page of a campaign's people."""

    contact = forms.BooleanField(required=False)
    state = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(required=False, max_length=20)
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


class TestMailForm(forms.Form):
    """A test mail to oneself. `once` makes a double click one mail."""

    language = forms.ChoiceField(label=_("Language"))
    reminder = forms.BooleanField(label=_("The reminder, not the invitation"), required=False)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "language", [entry for entry in LANGUAGES if entry[0] in languages])


class PeopleForm(forms.Form):
    """Which of a campaign's people to list. `answered`, `bounced` and so on are asked like a state,
    but are none."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *Invitation.State.choices,
            (ANSWERED, _("Answered")),
            *TOLD,
            (POSTPONED, _("Asked later: rests first")),
            (TREATED_AS_SENT, _("Treated as sent after doubt")),
            (WAITS, _("Still to leave")),
        ],
    )
    mail = forms.ChoiceField(
        label=_("Mail"),
        required=False,
        choices=[("", _("Invitations")), (REMINDER, _("Reminders"))],
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", _("Any"))] + [choice for choice in Invitation.Reason.choices if choice[0]],
    )

    def __init__(self, *args: Any, is_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_draft:
            chosen = [("", _("All")), (POSTPONED, _("Asked later: rests first"))]
            offer(self, "state", chosen)
            del self.fields["mail"]
