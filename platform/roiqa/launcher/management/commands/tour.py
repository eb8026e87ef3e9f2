"""`manage.py tour`: serve a platform of the tour's own and go through the whole loop on it."""

import re
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from roiqa.launcher.errors import LaunchError
from roiqa.launcher.tour import Tour
from roiqa.launcher.tour_client import read_logins

# What `up` says last.
LAST = "  Data:"
READY = re.compile(r"ready at (http://\S+?)/? ")
FIXTURES = Path(__file__).resolve().parents[5] / "fixtures" / "demo"


class Command(BaseCommand):
    help = (
        "Go through the whole loop in a few minutes: seven simulated annotators rate, a release is frozen, a worker trains a "
        "small network on it, the model is promoted, and the next annotator sees its suggestion. Then look around; Ctrl-C ends it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="port, 0 for any free one (default: %(default)s)")
        parser.add_argument(
            "--data-dir", type=Path, default=settings.DATA_DIR / "tour", help="data folder (default: %(default)s)"
        )
        parser.add_argument("--leave", action="store_true", help="stop at the end instead of serving on")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["data_dir"].expanduser()
        command = [sys.executable, sys.argv[0], "up", "--port", str(options["port"]), "--data-dir", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:  # noqa: S603  (our own command)
            try:
                self._go(platform, folder)
                if not options["leave"]:
                    platform.wait()
            except LaunchError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                # The terminal sent it to the platform as well.
                self.stdout.write("")
            finally:
                if platform.poll() is None:
                    platform.send_signal(signal.SIGINT)
                self._rest(platform)

    def _go(self, platform: "subprocess.Popen[str]", folder: Path) -> None:
        assert platform.stdout is not None
        url = None
        for line in platform.stdout:
            self.stdout.write(line.rstrip())
            if found := READY.search(line):
                url = found.group(1)
            if url is not None and line.startswith(LAST):
                break
        if url is None:
            raise LaunchError("The platform did not start; what it said stands above.")
        logins = read_logins(folder)
        tour = Tour(url=url, logins=logins, fixtures=FIXTURES, say=self.stdout.write)
        tour.see(tour.go())
        self.stdout.write(f"\nLook around: {url} as demo-admin, password {logins['demo-admin']}. Ctrl-C ends it.")

    @staticmethod
    def _rest(platform: "subprocess.Popen[str]") -> None:
        if platform.stdout is not None:
            for _ in platform.stdout:
                pass
