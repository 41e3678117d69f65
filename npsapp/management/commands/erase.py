"""manage.py erase: forget one person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from npsapp.erasing.erase import CannotEraseNow, erase
from npsapp.pages.privacy import explain
from surveys.addresses import InvalidAddress, normalise_address
from surveys.models import Contact


class Command(BaseCommand):
    help = (
        "Erase a person: name, address, comments, notes, mails, imported files that hold them. "
        "Scores stay without a name, and the address is never written to again. May be repeated; "
        "without such a contact it removes what is left of the address."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, email: str, yes: bool, **options: Any) -> None:
        address = read_address(email)
        person = Contact.objects.filter(email=address).first()
        if not yes:
            self.stdout.write(f"{person or address}: everything but the scores is erased for good.")
            if input("Type the address again to go on: ").strip().lower() != email.strip().lower():
                raise CommandError("Nothing was erased.")
        try:
            done = erase(address, person, user=None, now=timezone.now())
        except CannotEraseNow as reason:
            raise CommandError(explain(reason)) from None
        self.stdout.write(
            f"{'Erased' if person else 'There was no such contact; traces erased'}: "
            f"{done.answers} answers unlinked, {done.waiting} waiting mails stopped, "
            f"{done.mails} mails emptied, {done.previews + done.problem_files} imported files and "
            f"{done.files} files of the outbox removed. The address stays suppressed."
        )


def read_address(text: str) -> str:
    try:
        return normalise_address(text)
    except InvalidAddress as error:
        raise CommandError(f"{text!r} is not an e-mail address: {error}") from None
