from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from npsapp.models import User
from npsapp.roles import Role

pytestmark = pytest.mark.django_db


def run(monkeypatch: pytest.MonkeyPatch, *words: str, role: str = "admin", typed: str = "") -> str:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command("create_user", *words, "--role", role, stdout=out)
    return out.getvalue()


def test_password_from_standard_input_works(monkeypatch: pytest.MonkeyPatch) -> None:
    run(
        monkeypatch, "Bea@Winkel.example", "--name", "Bea", "--password-stdin",
        typed="een lang wachtwoord\n",
    )  # fmt: skip

    person = User.objects.get(email="bea@winkel.example")
    assert (person.name, person.role) == ("Bea", Role.ADMIN)
    assert person.check_password("een lang wachtwoord")


@pytest.mark.parametrize("role", Role.values)
def test_role_is_the_one_asked_for(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    run(monkeypatch, "bea@winkel.example", "--name", "Bea", role=role)

    assert User.objects.get().role == role


def test_password_is_made_and_shown_once_where_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = run(monkeypatch, "bea@winkel.example", "--name", "Bea")

    password = said.strip().rpartition(" ")[2]
    assert len(password) >= 16
    assert User.objects.get().check_password(password)


@pytest.mark.parametrize("typed", ["kort\n", "\n", "password1234\n"])
def test_weak_password_creates_nobody(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    with pytest.raises(CommandError):
        run(monkeypatch, "b@winkel.example", "--name", "B", "--password-stdin", typed=typed)

    assert not User.objects.exists()


def test_asked_for_password_is_asked_again_until_it_will_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = "een lang wachtwoord"
    answers = iter(["kort", good, "iets anders", good, good])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    complaints = io.StringIO()

    call_command(
        "create_user", "bea@winkel.example", "--name", "Bea", "--role", "admin",
        stdout=io.StringIO(), stderr=complaints,
    )  # fmt: skip

    assert User.objects.get().check_password(good)
    assert "too short" in complaints.getvalue()
    assert "not the same" in complaints.getvalue()


def test_address_that_is_taken_or_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "bea@winkel.example", "--name", "Bea")

    for email in ("BEA@winkel.example", "geen adres"):
        with pytest.raises(CommandError):
            run(monkeypatch, email, "--name", "Bea")
    assert User.objects.count() == 1
