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
        password, is_made = choose_password(from_stdin=password_stdin)
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        person.set_password(password)
        person.save()
        self.stdout.write(f"Created {email}, {person.get_role_display()}.")
        if is_made:
            self.stdout.write(f"Password (shown only now): {password}")


def choose_password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return a password and whether we made it up."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    password = getpass.getpass("Password (empty: make one): ")
    if not password:
        return secrets.token_urlsafe(15), True
    if getpass.getpass("Once more: ") != password:
        raise CommandError("The two passwords are not the same. Nothing was created.")
    return password, False
