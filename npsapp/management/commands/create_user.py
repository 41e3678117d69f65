"""manage.py create_user: somebody who can log in, the first admin among them."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from npsapp.models import User
from npsapp.roles import Role
from surveys.addresses import InvalidAddress, normalise_address


class Command(BaseCommand):
    help = (
        "Create somebody who can log in. The password is asked for, or read with "
        "--password-stdin; where nobody can be asked, one is made and printed once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--language", choices=User.Language.values, default="en")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read one line from standard input"
        )

    def handle(
        self,
        *args: Any,
        email: str,
        name: str,
        role: str,
        language: str,
        password_stdin: bool,
        **options: Any,
    ) -> None:
        try:
            email = normalise_address(email)
        except InvalidAddress as error:
            raise CommandError(f"{email!r} is not an e-mail address: {error}") from None
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError(f"There is a user {email} already.")
        person = User(email=email, name=name.strip(), role=role, language=language)
        password, is_made = self.choose_password(person, from_stdin=password_stdin)
        person.set_password(password)
        person.save()
        self.stdout.write(f"Created {email}, {person.get_role_display()}.")
        if is_made:
            self.stdout.write(f"Password (shown only now): {password}")

    def choose_password(self, person: User, *, from_stdin: bool) -> tuple[str, bool]:
        """Return a password and whether we made it up."""
        if not from_stdin and sys.stdin.isatty():
            return self.ask_password(person)
        if not from_stdin:
            return secrets.token_urlsafe(15), True
        password = sys.stdin.readline().rstrip("\r\n")
        if trouble := find_trouble(password, person):
            raise CommandError(trouble)
        return password, False

    def ask_password(self, person: User) -> tuple[str, bool]:
        """Ask until a password will do: who mistypes need not type the whole command again."""
        while True:
            password = getpass.getpass("Password, 12 characters or more (empty: make one): ")
            if not password:
                return secrets.token_urlsafe(15), True
            if trouble := find_trouble(password, person):
                self.stderr.write(trouble)
            elif getpass.getpass("Once more: ") != password:
                self.stderr.write("The two passwords are not the same.")
            else:
                return password, False


def find_trouble(password: str, person: User) -> str:
    """Return what is wrong with a password, or nothing."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
