"""What becomes of a word that stands on no answer any more."""

from __future__ import annotations

import pytest

from responses.models import Tag
from responses.tagging import change_tags
from tests.factories import make_response
from tests.races import run_at_once


def labels() -> list[str]:
    return [tag.label for tag in Tag.objects.all()]


@pytest.mark.django_db
def test_tag_taken_off_its_last_answer_is_forgotten() -> None:
    one, other = make_response(), make_response()
    Tag.objects.create(label="Never used")
    change_tags(one, add=["Courier", "Price"])
    change_tags(other, add=["Courier"])

    change_tags(one, remove=["Courier", "Price"])
    assert labels() == ["Courier", "Never used"]

    change_tags(other, remove=["Courier"])
    assert labels() == ["Never used"]
    assert change_tags(one, add=["Courier"]) == (["Courier"], [])


@pytest.mark.django_db(transaction=True)
def test_tag_taken_off_and_put_on_at_once_is_kept_or_made_again() -> None:
    one, other = make_response(), make_response()
    change_tags(one, add=["Courier"])

    problems = run_at_once(
        lambda: change_tags(one, remove=["Courier"]),
        lambda: change_tags(other, add=["Courier"]),
    )

    assert problems == []
    assert [tag.label for tag in other.tags.all()] == ["Courier"]
