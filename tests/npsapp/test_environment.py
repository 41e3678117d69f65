"""Every reader accepts what is plain and refuses the rest with a sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from npsapp import environment

Patch = pytest.MonkeyPatch


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("Yes", True), ("off", False), ("", False)]
)
def test_boolean_reads_plain_words(monkeypatch: Patch, word: str, value: bool) -> None:
    monkeypatch.setenv("SWITCH", word)

    assert environment.read_boolean("SWITCH", not value) is value


def test_boolean_refuses_a_typo(monkeypatch: Patch) -> None:
    monkeypatch.setenv("SWITCH", "flase")

    with pytest.raises(ImproperlyConfigured, match="SWITCH is 'flase'"):
        environment.read_boolean("SWITCH", False)


@pytest.mark.parametrize("word", ["eight", "-1", "1.5"])
def test_integer_refuses(monkeypatch: Patch, word: str) -> None:
    monkeypatch.setenv("NUMBER", word)

    with pytest.raises(ImproperlyConfigured, match="NUMBER"):
        environment.read_integer("NUMBER", 8)


def test_secret_without_value_is_an_error(monkeypatch: Patch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)

    with pytest.raises(ImproperlyConfigured, match="SOME_KEY is missing"):
        environment.read_secret("SOME_KEY", generate_in=None)


def test_secret_refuses_a_short_one(monkeypatch: Patch) -> None:
    monkeypatch.setenv("SOME_KEY", "short")

    with pytest.raises(ImproperlyConfigured, match="shorter than 32"):
        environment.read_secret("SOME_KEY", generate_in=None)


def test_secret_comes_from_a_file(monkeypatch: Patch, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("x" * 40 + "\n")
    monkeypatch.delenv("SOME_KEY", raising=False)
    monkeypatch.setenv("SOME_KEY_FILE", str(path))

    assert environment.read_secret("SOME_KEY", generate_in=None) == "x" * 40


def test_secret_file_that_is_missing_is_an_error(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(ImproperlyConfigured, match="SOME_KEY_FILE cannot be read"):
        environment.read_secret("SOME_KEY", generate_in=tmp_path)


def test_secret_is_generated_once_and_private(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)

    first = environment.read_secret("SOME_KEY", generate_in=tmp_path)
    second = environment.read_secret("SOME_KEY", generate_in=tmp_path)

    assert first == second
    assert [path.name for path in tmp_path.iterdir()] == ["some_key"]
    assert stat.S_IMODE((tmp_path / "some_key").stat().st_mode) == 0o600


def test_database_url_over_a_socket(monkeypatch: Patch) -> None:
    monkeypatch.setenv("DB", "postgresql:///nps?host=/tmp/x&user=me&sslmode=disable")

    settings = environment.read_database("DB")

    assert settings == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "nps",
        "USER": "me",
        "PASSWORD": "",
        "HOST": "/tmp/x",
        "PORT": "",
        "OPTIONS": {"sslmode": "disable"},
    }


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://host", "nonsense words"])
def test_database_url_refuses(monkeypatch: Patch, url: str) -> None:
    monkeypatch.setenv("DB", url)

    with pytest.raises(ImproperlyConfigured, match="DB"):
        environment.read_database("DB")


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtp://u:p%40ss@mail.example", 587, False, True),
        ("smtps://u:p%40ss@mail.example", 465, True, False),
        ("smtp://u:p%40ss@mail.example:25?tls=off", 25, False, False),
    ],
)
def test_email_url_of_a_server(
    monkeypatch: Patch, tmp_path: Path, url: str, port: int, ssl: bool, tls: bool
) -> None:
    monkeypatch.setenv("MAIL", url)

    settings = environment.read_email("MAIL", tmp_path)

    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert (settings["EMAIL_PORT"], settings["EMAIL_USE_SSL"], settings["EMAIL_USE_TLS"]) == (
        port,
        ssl,
        tls,
    )


def test_email_without_url_goes_to_files(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.delenv("MAIL", raising=False)

    settings = environment.read_email("MAIL", tmp_path)

    assert settings["EMAIL_FILE_PATH"] == str(tmp_path)


@pytest.mark.parametrize("url", ["mail.example:587", "http://mail.example", "smtp://x?tls=maybe"])
def test_email_url_refuses(monkeypatch: Patch, tmp_path: Path, url: str) -> None:
    monkeypatch.setenv("MAIL", url)

    with pytest.raises(ImproperlyConfigured, match="MAIL"):
        environment.read_email("MAIL", tmp_path)


@pytest.mark.parametrize("url", ["nps.example", "ftp://nps.example", "https://nps.example/sub"])
def test_base_url_refuses(monkeypatch: Patch, url: str) -> None:
    monkeypatch.setenv("ADDRESS", url)

    with pytest.raises(ImproperlyConfigured, match="ADDRESS"):
        environment.read_base_url("ADDRESS", "http://localhost")


def test_time_zone_refuses_what_is_none(monkeypatch: Patch) -> None:
    monkeypatch.setenv("ZONE", "Amsterdam")

    with pytest.raises(ImproperlyConfigured, match="Europe/Amsterdam"):
        environment.read_time_zone("ZONE", "UTC")
