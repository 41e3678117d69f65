"""What stood there twice before the database refused it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import make_follow_up, make_user

BEFORE = ("closeloop", "0009_first_due_at")


@pytest.mark.django_db(transaction=True)
def test_spellings_of_a_tag_are_joined_and_the_newest_view_stays() -> None:
    follow_up, user = make_follow_up(), make_user()
    executor = MigrationExecutor(connection)
    old = executor.migrate([BEFORE]).apps
    tags, views = old.get_model("closeloop", "Tag"), old.get_model("closeloop", "SavedView")
    tags.objects.create(label="Koerier")
    tags.objects.create(label="koerier").follow_ups.add(follow_up.pk)
    for name in ("Laat", "LAAT"):
        views.objects.create(user_id=user.pk, name=name)

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    assert [str(tag) for tag in follow_up.tags.all()] == ["Koerier"]
    assert list(user.saved_views.values_list("name", flat=True)) == ["LAAT"]
