"""Sample data: alone in its database, the same each time, and gone at one command."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from closeloop.models import FollowUp
from npsapp.demo.building import HasData, build_sample
from npsapp.models import User
from responses.models import Response
from surveys.models import Campaign, Contact, Invitation, Organisation
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 14, 10, 0, tzinfo=dt.UTC)


def describe() -> dict[str, Any]:
    return {
        "people": list(Contact.objects.order_by("email").values_list("email", "properties")),
        "answers": list(
            Response.objects.order_by("contact__email", "answered_at").values_list(
                "contact__email", "score", "comment", "answered_at"
            )
        ),
        "follow-ups": list(
            FollowUp.objects.order_by("response__contact__email", "opened_at").values_list(
                "response__contact__email", "state", "outcome", "due_at", "owner__email"
            )
        ),
    }


# The order of a round is drawn from the keys of its people: with other keys it is another sample.
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_demo_is_the_same_again_after_its_removal() -> None:
    build_sample(now=NOW)
    first = describe()
    call_command("demo", "--remove", stdout=StringIO())
    for model in (User, Organisation, Contact, Campaign, Invitation, Response, FollowUp):
        assert model._default_manager.count() == 0

    build_sample(now=NOW)

    assert describe() == first


def test_demo_refuses_a_database_with_data() -> None:
    make_organisation()

    with pytest.raises(HasData):
        build_sample(now=NOW)
    assert Contact.objects.count() == 0


def test_demo_refuses_where_mail_leaves_for_real(settings: Any) -> None:
    settings.EMAIL_BACKEND = "surveys.sending.smtp.EmailBackend"

    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("demo")


def test_demo_removal_refuses_real_data() -> None:
    make_organisation()

    with pytest.raises(CommandError, match="no sample data"):
        call_command("demo", "--remove")
    assert Organisation.objects.count() == 1
