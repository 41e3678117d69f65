"""A published figure, as a manager writes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from responses.models import Benchmark
from responses.models.benchmark import FIRST_YEAR, LAST_YEAR
from surveys.forms.plain_text import PlainTextMixin

MINUS = "\N{MINUS SIGN}"

if TYPE_CHECKING:
    BenchmarkModelForm = forms.ModelForm[Benchmark]
else:
    BenchmarkModelForm = forms.ModelForm


class ScoreField(forms.DecimalField):
    """A score as it is written anywhere: with a point or a comma, and with any minus sign.

    Never localised: there "6,5" would be 65 to an English reader.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        text = "" if value is None else str(value).strip()
        return super().to_python(text.replace(MINUS, "-").replace(",", ".").removeprefix("+"))


class BenchmarkForm(PlainTextMixin, BenchmarkModelForm):
    year = forms.IntegerField(
        label=_("Year"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        help_text=_("The year in which it was measured."),
    )
    figure = ScoreField(
        label=_("NPS"),
        min_value=-100,
        max_value=100,
        max_digits=4,
        decimal_places=1,
        help_text=_("Between −100 and +100."),
    )
    link = forms.URLField(
        label=_("Link to the source"),
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )

    class Meta:
        model = Benchmark
        fields = ["name", "sector", "country", "year", "figure", "source", "link", "method"]
        widgets = {"method": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "name": _("A company, or a group of them."),
            "source": _("Who published it, and where. A figure without a source is a rumour."),
            "method": _("Whom they asked, how, and on which scale, as far as it is known."),
        }
