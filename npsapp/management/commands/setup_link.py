"""manage.py setup_link: the way in for the first admin."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from npsapp.models import User
from npsapp.people.links import make_setup_url


class Command(BaseCommand):
    help = "Print a link, good for one day, by which the first admin of an empty database is made."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError(
                "Somebody can log in already, and invites others under Settings, Users. "
                "If nobody can any more: manage.py create_user EMAIL --name NAME --role admin"
            )
        self.stdout.write(make_setup_url())
