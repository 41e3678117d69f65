"""Who the organisation is, when people work there, and from whom its mail comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.encoding import punycode
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from surveys.brand import LARGEST_UPLOAD, OUR_ACCENT, Drawing, UnusableImage, redraw
from surveys.colours import READABLE, WHITE, contrast, find_usable, is_colour, is_usable
from surveys.forms.survey import LANGUAGES
from surveys.forms.widgets import (
    ClockField,
    DaysField,
    WeekdaysField,
    check_hours,
    list_zones,
    offer,
)
from surveys.free_days import ALIASES, list_countries
from surveys.models import Organisation, Sender

if TYPE_CHECKING:
    OrganisationModelForm = forms.ModelForm[Organisation]
    SenderModelForm = forms.ModelForm[Sender]
else:
    OrganisationModelForm = SenderModelForm = forms.ModelForm


def target_field(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=60)


def threshold_field(label: Any, help_text: Any, *, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, min_value=least, max_value=10_000)


class OrganisationForm(OrganisationModelForm):
    working_days = WeekdaysField(
        label=_("Working days"), help_text=_("Response targets and new campaigns start from these.")
    )
    day_start = ClockField(label=_("Start of the working day"))
    day_end = ClockField(label=_("End of the working day"))
    privacy_url = forms.URLField(
        label=_("Privacy statement"),
        required=False,
        assume_scheme="https",
        # Not the browser's own address field: that refuses what lacks https://.
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        help_text=_("Its web address, when you have one; linked from the survey page and mails."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    default_language = forms.ChoiceField(
        label=_("Default language"),
        choices=LANGUAGES,
        help_text=_("For customers whose own language we do not know or have."),
    )

    holiday_country = forms.ChoiceField(
        label=_("Public holidays of"),
        required=False,
        help_text=_(
            "On free days no invitation leaves and no response target runs. A campaign that is "
            "under way keeps its plan until it is paused and resumed."
        ),
    )
    own_holidays = DaysField(label=_("Your own free days"), required=False)
    rest_days = forms.IntegerField(
        label=_("Days of rest"),
        min_value=0,
        max_value=1000,
        help_text=_(
            "Nobody is asked again within so many days, by whichever survey. Who rests until later "
            "in a campaign's window is asked then; who rests longer is left out. 0: no rule."
        ),
    )
    target_days_detractor = target_field(_("Detractors (0 to 6)"))
    target_days_passive = target_field(_("Passives (7 and 8)"))
    target_days_promoter = target_field(_("Promoters (9 and 10)"))
    score_from = threshold_field(
        _("A score is shown from"),
        _("At least 5: fewer would tell what single people answered. Groups below it are counted."),
        least=5,
    )
    compare_from = threshold_field(
        _("Scores are compared from"),
        _("Below it a score is marked, and nothing is called a change."),
    )
    firm_from = threshold_field(
        _("Not called indicative from"), _("Below it one customer still moves a score by points.")
    )
    daily_capacity = forms.IntegerField(
        label=_("Follow-ups a day that the team can take"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_(
            "The most of any day, whatever the members on the page Team can take. Empty: what they "
            "can take counts. The plan of a campaign is compared with it."
        ),
    )
    accent = forms.CharField(
        label=_("Colour"),
        required=False,
        help_text=_(
            "Of buttons and links on the survey page and in the mail, as #rrggbb. Empty: ours."
        ),
        widget=forms.TextInput(attrs={"placeholder": OUR_ACCENT, "spellcheck": "false"}),
    )
    accent_pick = forms.CharField(
        label=_("Pick a colour"),
        required=False,
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("PNG or JPEG, at most 1 MB. It stands on the survey page; mail has no images."),
    )
    logo_remove = forms.BooleanField(label=_("Take the logo away"), required=False)

    class Meta:
        model = Organisation
        fields = [
            "name",
            "postal_address",
            "contact_email",
            "privacy_url",
            "default_language",
            "time_zone",
            "working_days",
            "day_start",
            "day_end",
            "holiday_country",
            "own_holidays",
            "rest_days",
            "target_days_detractor",
            "target_days_passive",
            "target_days_promoter",
            "score_from",
            "compare_from",
            "firm_from",
            "daily_capacity",
            "pace_by_team",
            "accent",
        ]
        labels = {
            "contact_email": _("E-mail address for questions"),
            "pace_by_team": _("Send no more than the team can answer"),
        }
        help_texts = {
            "pace_by_team": _(
                "Mail waits while more answers are expected than the team can follow up that day. "
                "It leaves as soon as there is room again."
            ),
            "postal_address": _(
                "On one line. It stands at the foot of every mail, as the law asks."
            ),
            "contact_email": _("Where customers can ask what you keep about them."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "time_zone", list_zones())
        countries = list_countries(get_language() or "en")
        offer(self, "holiday_country", [("", gettext("No country")), *countries])
        country = self.initial["holiday_country"]
        self.initial["holiday_country"] = ALIASES.get(country, country)
        self.initial["accent_pick"] = self.initial["accent"] or OUR_ACCENT
        self.drawing: Drawing | None = None

    @property
    def has_lost_logo(self) -> bool:
        """A browser does not send a chosen file along with the corrected form by itself."""
        return bool(self.is_bound and self.errors and self.files.get("logo_file"))

    def clean_accent(self) -> str:
        accent = _spell_colour(self.cleaned_data["accent"])
        # A picker always sends something: it counts when it was moved and the text was not.
        picked = _spell_colour(self["accent_pick"].data or "")
        if accent == self.initial["accent"] and picked != self.initial["accent_pick"]:
            accent = picked or accent
        if not accent:
            return ""
        if not is_colour(accent):
            raise forms.ValidationError(_("Write a colour as # and six digits, such as #0b5a5f."))
        if not is_usable(accent):
            raise forms.ValidationError(
                _(
                    "%(colour)s can hardly be read on white: its contrast is %(ratio)s to 1, and "
                    "%(needed)s to 1 is needed. The nearest that will do is %(nearest)s."
                ),
                params={
                    "colour": accent,
                    # Rounded down: 4.49 is not enough, and must not read as 4.5.
                    "ratio": number_format(int(contrast(accent, WHITE) * 100) / 100, 2),
                    "needed": number_format(READABLE, 1),
                    "nearest": find_usable(accent),
                },
            )
        return accent

    def clean_logo_file(self) -> UploadedFile[Any] | None:
        upload: UploadedFile[Any] | None = self.cleaned_data["logo_file"]
        if upload is None:
            return None
        if (upload.size or 0) > LARGEST_UPLOAD:
            raise forms.ValidationError(_("This file is larger than 1 MB. Choose a smaller one."))
        try:
            self.drawing = redraw(upload)
        except UnusableImage:
            raise forms.ValidationError(
                _("This is not a PNG or JPEG that can be read. Save the logo as PNG and try again.")
            ) from None
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        check_hours(self)
        self._check_thresholds()
        return cleaned

    def _check_thresholds(self) -> None:
        for lower, higher in (("score_from", "compare_from"), ("compare_from", "firm_from")):
            least, most = self.cleaned_data.get(lower), self.cleaned_data.get(higher)
            if least and most and most < least:
                text = gettext("This cannot be less than the number before it: %(least)s.")
                self.add_error(higher, text % {"least": least})


def whole_number(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=1, max_value=10_000_000, required=False
    )


class SenderForm(SenderModelForm):
    rate_limit = whole_number(
        _("At most so many mails"),
        _(
            "Empty: as fast as the mail server takes them. Up to ten seconds' worth may leave at "
            "once."
        ),
    )
    daily_limit = whole_number(
        _("At most so many mails a day"), _("All campaigns together. Empty: no limit.")
    )
    warm_up_start = whole_number(_("Mails on the first day"))
    warm_up_end = whole_number(_("Mails on the last day"))
    warm_up_days = forms.IntegerField(
        label=_("Sending days"), min_value=2, max_value=365, required=False
    )

    rate_unit = forms.ChoiceField(
        label=_("in each"), choices=Sender.RateUnit.choices, required=False
    )

    class Meta:
        model = Sender
        fields = [
            "name",
            "lane",
            "from_name",
            "from_email",
            "reply_to",
            "rate_limit",
            "rate_unit",
            "daily_limit",
            "warm_up_start",
            "warm_up_end",
            "warm_up_days",
        ]
        widgets = {"lane": forms.RadioSelect}
        labels = {"lane": _("What it is for"), "reply_to": _("Replies go to")}
        help_texts = {
            "name": _("For you and your colleagues."),
            "lane": _("Invitations and replies travel apart, so that neither holds up the other."),
            "from_name": _("The name customers see in their inbox."),
            "from_email": _("Your mail provider must allow it to send from this address."),
            "reply_to": _("Empty: to the sender address."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        parts = ["warm_up_start", "warm_up_end", "warm_up_days"]
        found = [part for part in parts if cleaned.get(part)]
        for part in parts:
            if found and part not in found and part not in self.errors:
                self.add_error(part, _("Fill in all three to warm up, or none."))
        if len(found) == len(parts) and cleaned["warm_up_end"] < cleaned["warm_up_start"]:
            self.add_error("warm_up_end", _("The last day cannot have less than the first."))
        return cleaned

    def clean_rate_unit(self) -> str:
        return str(self.cleaned_data["rate_unit"] or self.instance.rate_unit)

    def clean_from_email(self) -> str:
        return _spell_plainly(self.cleaned_data["from_email"])

    def clean_reply_to(self) -> str:
        return _spell_plainly(self.cleaned_data["reply_to"])


def _spell_colour(text: str) -> str:
    """Return it as # and six digits when it is a colour, or "" for nothing."""
    digits = text.strip().lower().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}" if digits else ""


def _spell_plainly(address: str) -> str:
    """Spell the domain as it travels: a Message-ID or List-Unsubscribe with an "ü" is none."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{punycode(domain)}"
