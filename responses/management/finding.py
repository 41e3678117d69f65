"""What several commands are told of by name."""

from __future__ import annotations

from django.core.management.base import CommandError

from surveys.models import Survey


def find_survey(slug: str, *, returncode: int = 1) -> Survey:
    """Return the survey; for a name that none has, end the command with the names there are."""
    survey = Survey.objects.filter(slug=slug).first()
    if survey is None:
        known = ", ".join(Survey.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(
            f"There is no survey {slug!r}. Surveys: {known or 'none yet'}. "
            f"Make one with: manage.py create_survey {slug} --company NAME",
            returncode=returncode,
        )
    return survey
