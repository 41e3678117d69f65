"""The question as customers will read it, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from surveys.models import Survey
from surveys.wording import fill, get_wording


@dataclass(frozen=True, slots=True)
class QuestionPreview:
    language: str
    language_name: str
    question: str
    lowest: str
    highest: str
    scores: range


def preview_question(
    *, company: str, languages: Iterable[str], address_form: str, scale_min: int
) -> list[QuestionPreview]:
    """Return the question in each language, with the company's name or a blank for it."""
    previews = []
    for language in languages:
        wording = get_wording(language, address_form)
        previews.append(
            QuestionPreview(
                language=language,
                language_name=wording.language_name,
                question=fill(wording.question, company=company.strip() or _("[company]")),
                lowest=wording.lowest,
                highest=wording.highest,
                scores=range(scale_min, 11),
            )
        )
    return previews


def preview_survey(survey: Survey) -> list[QuestionPreview]:
    return preview_question(
        company=survey.company,
        languages=survey.languages,
        address_form=survey.address_form,
        scale_min=survey.scale_min,
    )
