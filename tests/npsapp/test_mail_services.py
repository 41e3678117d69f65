"""Mail services chosen by the environment: every one that django-anymail has, or a clear no."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anymail.backends
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.test.utils import override_settings

from npsapp import mail_services
from npsapp.mail_services import SERVICES, read_anymail, require_service

Patch = pytest.MonkeyPatch
ROOT = Path(__file__).parents[2]
# Not services: bases, tools for tests, and the old name of brevo.
OTHERS = {"base", "base_requests", "console", "test", "sendinblue"}


def test_every_service_is_known() -> None:
    modules = {module.name for module in pkgutil.iter_modules(anymail.backends.__path__)}

    assert set(SERVICES) == modules - OTHERS


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"amazon_ses"}))
@pytest.mark.filterwarnings("ignore")  # django-anymail supports some of them less than others
def test_service_needs_what_the_table_says(name: str) -> None:
    credentials: dict[str, Any] = dict.fromkeys(SERVICES[name].needs, "https://x.example/")
    backend = require_service("EMAIL_URL", name, credentials)

    with override_settings(ANYMAIL=credentials):
        assert get_connection(backend)
    for need in SERVICES[name].needs:
        rest = {key: value for key, value in credentials.items() if key != need}
        with pytest.raises(ImproperlyConfigured, match=f"set ANYMAIL_{need}"):
            require_service("EMAIL_URL", name, rest)
        with override_settings(ANYMAIL=rest), pytest.raises(ImproperlyConfigured):
            get_connection(backend)


def test_package_that_is_not_there_is_named(monkeypatch: Patch) -> None:
    monkeypatch.setattr(mail_services, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match="pip install boto3"):
        require_service("EMAIL_URL", "amazon_ses", {})


def test_unknown_service_is_told_which_there_are() -> None:
    with pytest.raises(ImproperlyConfigured, match="'postkoets', which is none of: amazon_ses"):
        require_service("EMAIL_URL", "postkoets", {})


def test_values_are_read_as_what_they_are(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("ANYMAIL_BREVO_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("ANYMAIL_POSTMARK_USE_BULK_API", "false")
    monkeypatch.setenv("ANYMAIL_AMAZON_SES_CLIENT_PARAMS", '{"region_name": "eu-west-1"}')
    monkeypatch.setenv("ANYMAIL_EMPTY", " ")
    monkeypatch.setenv(
        "ANYMAIL_WEBHOOK_SECRET", "nps:twenty-characters-or-so, old:twenty-characters-before"
    )

    assert read_anymail() == {
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1"},
        "BREVO_API_KEY": "from a file",
        "POSTMARK_USE_BULK_API": False,
        "WEBHOOK_SECRET": ["nps:twenty-characters-or-so", "old:twenty-characters-before"],
    }


@pytest.mark.parametrize("secret", ["short", "nps:short", "no-colon-but-long-enough-by-far", ":x"])
def test_secret_that_is_none_is_refused(monkeypatch: Patch, secret: str) -> None:
    monkeypatch.setenv("ANYMAIL_WEBHOOK_SECRET", secret)

    with pytest.raises(ImproperlyConfigured, match="ANYMAIL_WEBHOOK_SECRET"):
        read_anymail()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ANYMAIL_X_FILE": "/nowhere/at/all"}, "ANYMAIL_X_FILE cannot be read"),
        ({"ANYMAIL_X": "{"}, "ANYMAIL_X is no JSON"),
        ({"ANYMAIL_X": "a", "ANYMAIL_X_FILE": "/b"}, "not both"),
    ],
)
def test_values_that_make_no_sense(
    monkeypatch: Patch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=said):
        read_anymail()


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """The settings as a new process reads them."""
    script = (
        "import json; from npsapp import settings as s;"
        "print(json.dumps([s.EMAIL_BACKEND, s.TRANSACTIONAL_MAIL, s.MAIL_SERVICES]))"
    )
    mine = {k: v for k, v in os.environ.items() if "MAIL" not in k}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**mine, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_two_ways_out_by_different_credentials() -> None:
    done = start(
        EMAIL_URL="anymail://postmark",
        ANYMAIL_POSTMARK_SERVER_TOKEN="for-invitations",
        TRANSACTIONAL_EMAIL_URL="anymail://postmark",
        TRANSACTIONAL_ANYMAIL_POSTMARK_SERVER_TOKEN="for-replies",
    )

    backend = "anymail.backends.postmark.EmailBackend"
    assert json.loads(done.stdout) == [
        backend,
        {"backend": backend, "server_token": "for-replies"},
        ["postmark", "postmark"],
    ]


def test_replies_by_our_own_server() -> None:
    done = start(
        EMAIL_URL="anymail://brevo",
        ANYMAIL_BREVO_API_KEY="key",
        TRANSACTIONAL_EMAIL_URL="smtps://u:p@mail.example",
    )

    backend, transactional, services = json.loads(done.stdout)
    assert (backend, services) == ("anymail.backends.brevo.EmailBackend", ["brevo"])
    assert (transactional["host"], transactional["port"]) == ("mail.example", 465)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"EMAIL_URL": "anymail://mailjet", "ANYMAIL_MAILJET_API_KEY": "k"},
            "EMAIL_URL is anymail://mailjet: set ANYMAIL_MAILJET_SECRET_KEY.",
        ),
        (
            {"TRANSACTIONAL_EMAIL_URL": "anymail://resend"},
            "anymail://resend: set TRANSACTIONAL_ANYMAIL_RESEND_API_KEY.",
        ),
    ],
)
def test_start_stops_at_what_is_missing(variables: dict[str, str], said: str) -> None:
    done = start(**variables)

    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.skipif(find_spec("boto3") is not None, reason="boto3 is there")
def test_amazon_without_its_package_does_not_start() -> None:
    done = start(EMAIL_URL="anymail://amazon_ses")

    assert "needs the package boto3" in done.stderr


def test_boto_never_tries_again_by_itself() -> None:
    given = {"region_name": "eu-west-1", "config": {"read_timeout": 9, "retries": {"x": 5}}}

    assert mail_services.once_only(given) == {
        "region_name": "eu-west-1",
        "config": {
            "connect_timeout": 5,
            "read_timeout": 9,
            "retries": {"total_max_attempts": 1},
        },
    }
