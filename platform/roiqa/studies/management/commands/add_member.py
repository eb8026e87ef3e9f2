"""`manage.py add_member STUDY NAME ROLE`: make an existing account a member of a study."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from roiqa.core.errors import DomainError
from roiqa.studies import members
from roiqa.studies.models import Role, Study


class Command(BaseCommand):
    help = "Make an existing account a member of a study."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("username")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}: make it with `manage.py create_study` first.")
        try:
            members.add_member(study=study, username=options["username"], role=options["role"])
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"{options['username']} is {options['role']} of {study.slug}.")
