"""`manage.py download_weights NAME [--from FOLDER]`: weights for this installation, into the data folder.

`ml.segmentation.download` does it, in a process of its own: the platform does not import `ml`.
"""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Fetch published weights (sam-vit-b, sam-vit-l, sam-vit-h, sam2.1-hiera-tiny, ..., the detector rtdetr-r50), "
        "compare their hash with the published one, and make a model of this installation of them. This is the only "
        "command that calls out to the internet; with --from it does not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="which weights; with --from any name of your own")
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            metavar="FOLDER",
            help="a folder (or official .pth) that is here already",
        )
        parser.add_argument("--licence", default="", help="of weights that are not known to this command")

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = [options["name"], "--into", str(settings.WEIGHTS_DIR)]
        if options["source"] is not None:
            arguments += ["--from", str(options["source"].resolve())]
        if options["licence"]:
            arguments += ["--licence", options["licence"]]
        done = subprocess.run(  # noqa: S603  (our own module)
            [sys.executable, "-m", "ml.segmentation.download", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=settings.REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=None if options["verbosity"] > 1 else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stderr or "").strip().splitlines()
            raise CommandError(lines[-1] if lines else "It failed; see above.")
        self.stdout.write(done.stdout.strip())
        if (settings.WEIGHTS_DIR / options["name"] / "manifest.json").exists():
            self.stdout.write(
                f"Choose {options['name']!r} in a study's settings, or set ROIQA_SEGMENTATION_MODEL={options['name']} for "
                "new studies."
            )
