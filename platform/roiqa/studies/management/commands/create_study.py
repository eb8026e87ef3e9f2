"""`manage.py create_study TITLE --admin NAME`: a study, with an existing account as its admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework import serializers

from roiqa.accounts.models import User
from roiqa.core.errors import DomainError
from roiqa.studies import services
from roiqa.studies.models import RulesetName
from roiqa.studies.serializers import NewStudyInput


class Command(BaseCommand):
    help = "Make a study. Its admin needs an account that may make studies (see create_user)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("title")
        parser.add_argument("--admin", required=True, metavar="NAME", help="user name of the study's first admin")
        parser.add_argument("--slug", help="the study's address; made from the title when left out")
        parser.add_argument("--description")
        parser.add_argument("--raters-per-roi", type=int, metavar="N", help="1 to 100; 7 when left out")
        parser.add_argument("--lease-minutes", type=int, metavar="N", help="1 to 240; 15 when left out")
        parser.add_argument("--ruleset", choices=RulesetName.values)
        parser.add_argument(
            "--segmentation-model",
            metavar="ID",
            help="region-tree or a model; the installation's default when left out",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = ["title", "slug", "description", "raters_per_roi", "lease_minutes", "ruleset", "segmentation_model"]
        # The same checks as over HTTP.
        given = NewStudyInput(data={name: options[name] for name in names if options[name] is not None})
        admin = User.objects.filter(username=options["admin"]).first()
        if admin is None:
            raise CommandError(f"There is no account {options['admin']!r}: make it with `manage.py create_user` first.")
        try:
            given.is_valid(raise_exception=True)
            study = services.create_study(by=admin, **given.validated_data)
        except serializers.ValidationError as error:
            wrong = "; ".join(f"{name}: {' '.join(map(str, why))}" for name, why in dict(given.errors).items())
            raise CommandError(wrong) from error
        except DomainError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Made the study {study.slug}.")
