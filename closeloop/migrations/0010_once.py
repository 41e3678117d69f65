from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Lower


def join_tags(apps: Any, schema_editor: Any) -> None:
    """Let the oldest of several spellings stand for all of them."""
    kept: dict[str, Any] = {}
    tags = apps.get_model("closeloop", "Tag").objects.annotate(measure=Lower("label"))
    for tag in tags.order_by("pk"):
        first = kept.setdefault(tag.measure, tag)
        if first is not tag:
            first.follow_ups.add(*tag.follow_ups.all())
            tag.delete()


def drop_older_views(apps: Any, schema_editor: Any) -> None:
    """Keep the newest of several views of a name: one saved later was to take its place."""
    seen = set()
    views = apps.get_model("closeloop", "SavedView").objects.annotate(measure=Lower("name"))
    for view in views.order_by("-pk"):
        key = (view.user_id, view.measure)
        if key in seen:
            view.delete()
        seen.add(key)


class Migration(migrations.Migration):
    dependencies = [
        ("closeloop", "0009_first_due_at"),
    ]

    operations = [
        migrations.RunPython(join_tags, migrations.RunPython.noop),
        migrations.RunPython(drop_older_views, migrations.RunPython.noop),
        # PostgreSQL alters no table of which references are still to be checked.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="tag",
            name="label",
            field=models.CharField(max_length=40, verbose_name="tag"),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(Lower("label"), name="tag_once"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                models.F("user"), Lower("name"), name="saved_view_once"
            ),
        ),
        migrations.AddField(
            model_name="improvement",
            name="once",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
    ]
