"""Tags that stood on follow-ups stand on their answers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from responses.models import Tag
from tests.factories import make_follow_up

BEFORE = ("closeloop", "0012_steps")


@pytest.mark.django_db(transaction=True)
def test_tags_of_follow_ups_move_to_their_answers_and_back() -> None:
    tagged, bare = make_follow_up(), make_follow_up()
    tagged.tags.add(Tag.objects.create(label="koerier"))
    executor = MigrationExecutor(connection)
    old = executor.migrate([BEFORE]).apps
    there = old.get_model("closeloop", "FollowUp").objects.get(pk=tagged.pk).tags
    assert [tag.label for tag in there.all()] == ["koerier"]
    there.add(old.get_model("closeloop", "Tag").objects.create(label="te laat"))

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    assert [tag.label for tag in tagged.response.tags.all()] == ["koerier", "te laat"]
    assert list(bare.response.tags.all()) == []
