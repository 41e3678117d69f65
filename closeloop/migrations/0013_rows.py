"""Tags belong to the answer, with or without a follow-up: one list of them, in `responses`."""

from __future__ import annotations

from django.db import migrations

MOVE = """
    INSERT INTO responses_tag (label)
    SELECT label FROM closeloop_tag ORDER BY id
    ON CONFLICT DO NOTHING;

    INSERT INTO responses_response_tags (response_id, tag_id)
    SELECT followup.response_id, tag.id
      FROM closeloop_followup_tags AS tagged
      JOIN closeloop_followup AS followup ON followup.id = tagged.followup_id
      JOIN closeloop_tag AS old ON old.id = tagged.tag_id
      JOIN responses_tag AS tag ON lower(tag.label) = lower(old.label)
    ON CONFLICT DO NOTHING;
"""
MOVE_BACK = """
    INSERT INTO closeloop_tag (label)
    SELECT label FROM responses_tag ORDER BY id
    ON CONFLICT DO NOTHING;

    INSERT INTO closeloop_followup_tags (followup_id, tag_id)
    SELECT followup.id, old.id
      FROM responses_response_tags AS tagged
      JOIN closeloop_followup AS followup ON followup.response_id = tagged.response_id
      JOIN responses_tag AS tag ON tag.id = tagged.tag_id
      JOIN closeloop_tag AS old ON lower(old.label) = lower(tag.label)
    ON CONFLICT DO NOTHING;
"""
# The checks that wait for the end of the transaction, done now: a table with such is not altered.
SETTLE = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"


class Migration(migrations.Migration):
    dependencies = [
        ("closeloop", "0012_steps"),
        ("responses", "0008_rows"),
    ]

    operations = [
        migrations.RunSQL(MOVE + SETTLE, MOVE_BACK + SETTLE),
        migrations.RemoveField(model_name="followup", name="tags"),
        migrations.DeleteModel(name="Tag"),
    ]
