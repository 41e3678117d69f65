"""Which survey a survey is held against: the one before delivery, on the same scale."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from surveys.models import Survey
from tests.factories import make_organisation, make_response, make_survey

pytestmark = pytest.mark.django_db


def send(client: Client, survey: Survey, **fields: str) -> int:
    data = {
        "name": survey.name,
        "company": survey.company,
        "touchpoint": "post_delivery",
        "languages": "nl",
        "address_form": "formal",
        "scale_min": str(survey.scale_min),
        "change_window_hours": "24",
        "rest_rule": "organisation",
    }
    status = client.post(f"/surveys/{survey.pk}/", data | fields).status_code
    survey.refresh_from_db()
    return status


@pytest.fixture
def survey() -> Survey:
    make_organisation()
    return make_survey(touchpoint="post_delivery")


def test_survey_before_is_chosen_although_the_question_is_locked(
    manager_client: Client, survey: Survey
) -> None:
    before = make_survey(touchpoint="pre_delivery")
    make_response(survey=survey, channel="import")

    assert send(manager_client, survey, pre_survey=str(before.pk), pair_days="60") == 302
    assert (survey.pre_survey, survey.pair_days) == (before, 60)


def test_survey_before_on_another_scale_is_refused(manager_client: Client, survey: Survey) -> None:
    before = make_survey(scale_min=1)

    assert send(manager_client, survey, pre_survey=str(before.pk)) == 422
    assert survey.pre_survey is None


def test_survey_is_not_before_itself(manager_client: Client, survey: Survey) -> None:
    assert send(manager_client, survey, pre_survey=str(survey.pk)) == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        Survey.objects.filter(pk=survey.pk).update(pre_survey=survey.pk)


def test_days_left_empty_stay_as_they_are(manager_client: Client, survey: Survey) -> None:
    assert send(manager_client, survey, pair_days="") == 302
    assert survey.pair_days == 120
    assert send(manager_client, survey, pair_days="0") == 422
