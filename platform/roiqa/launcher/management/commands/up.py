"""`manage.py up`: serve the platform on this machine, with everything it needs."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from roiqa.launcher.errors import LaunchError
from roiqa.launcher.supervisor import Options, Supervisor


class Command(BaseCommand):
    help = (
        "Start PostgreSQL and the broker (embedded, unless DATABASE_URL and CELERY_BROKER_URL name others), the web server "
        "and the worker; watch them; Ctrl-C stops everything."
    )
    # Nothing may touch the database before it has been started.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="port, 0 for any free one (default: %(default)s)")
        parser.add_argument(
            "--data-dir", type=Path, default=settings.DATA_DIR, help="data folder (default: %(default)s)"
        )
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo study")

    def handle(self, *args: Any, **options: Any) -> None:
        if not sys.platform.startswith("linux"):
            raise CommandError("`up` runs on Linux; elsewhere use the containers of docker-compose.yml.")
        supervisor = Supervisor(
            Options(
                data_dir=options["data_dir"].expanduser(),
                host=options["host"],
                port=options["port"],
                demo=not options["no_demo"],
                environment=os.environ,
                say=self._say,
            )
        )
        try:
            supervisor.run()
        except LaunchError as error:
            raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except OSError:
            # The terminal is gone (its window was closed): the log still has the line, and stopping must go on.
            return
