"""`manage.py load_demo`: the demo studies; `manage.py up` runs it unless told `--no-demo`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from roiqa.launcher.demo import load_demo


class Command(BaseCommand):
    help = "Make the demo studies with their photographs, ROIs and simulated ratings. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        load_demo(
            fixtures=settings.REPOSITORY / "fixtures" / "demo", logins_file=settings.DATA_DIR / "demo-logins.json"
        )
