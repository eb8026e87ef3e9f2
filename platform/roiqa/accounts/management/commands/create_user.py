"""`manage.py create_user NAME`: an account; the password is prompted for, or read from a pipe, never an argument."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from roiqa.accounts import services
from roiqa.core.errors import DomainError


class Command(BaseCommand):
    help = "Make an account. The password is asked for, or read from standard input when that is not a terminal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--can-create-studies", action="store_true", help="may make studies of their own")
        parser.add_argument("--superuser", action="store_true", help="runs the installation; may make studies too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = services.create_user(
                username=options["username"],
                password=_read_password(),
                can_create_studies=options["can_create_studies"],
                is_superuser=options["superuser"],
            )
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Made the account {user.username}.")


def _read_password() -> str:
    """Raises CommandError when the two typed passwords differ, or when there is none."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise CommandError("The two passwords differ: nothing was made.")
    if not password:
        raise CommandError("The password is empty: nothing was made.")
    return password
