"""What Django can check about the project itself."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    said = StringIO()

    call_command("makemigrations", check=True, dry_run=True, stdout=said)

    assert said.getvalue() == "No changes detected\n"


def test_check_deploy_with_production_settings_is_clean(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "BASE_URL": "https://nps.voorbeeld.example",
        "DATABASE_URL": "postgresql://nps:secret@db.voorbeeld.example/nps",
        "REDIS_URL": "redis://redis.voorbeeld.example/0",
        "EMAIL_URL": "smtp://nps:secret@smtp.voorbeeld.example:587",
        "SECRET_KEY": "Nergens gebruikt, alleen lang genoeg: 0123456789 abcdefghijklmnop",
        "LINK_SIGNING_KEY": "Tekent geen enkele link: 0123456789 abcdefghijklmnop",
        "SUPPRESSION_KEY": "Verbergt geen enkel adres: 0123456789 abcdefghijklmnop",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
