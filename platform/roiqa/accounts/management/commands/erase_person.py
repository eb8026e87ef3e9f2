"""`manage.py erase_person NAME`: the person goes, what they have rated stays (docs/privacy.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from roiqa.accounts.erasure import erase_person
from roiqa.accounts.models import User
from roiqa.core.errors import DomainError


class Command(BaseCommand):
    help = "Erase a person: name, e-mail address, password, tokens, sessions and ids of crowd platforms. Ratings stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--yes", action="store_true", help="do not ask; it cannot be taken back")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(
                f"There is no account {name!r}: look at the names with `manage.py shell`, or ask its study."
            )
        if not options["yes"] and input(f"Erase {name} for good? Their ratings stay. Type the name again: ") != name:
            raise CommandError("That is another name: nothing was erased.")
        try:
            erased = erase_person(user=user, by=None)
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Erased {name}; what is left is called {erased.username}.")
