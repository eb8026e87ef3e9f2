"""`manage.py train STUDY ...`: a training run from a script. Exit status 0 only when it has made a model."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from roiqa.core import jobs
from roiqa.core.errors import DomainError
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.models import Study
from roiqa.training.estimates import estimate
from roiqa.training.models import TrainingRun
from roiqa.training.planning import Plan, plan_run
from roiqa.training.selectors import seconds_left
from roiqa.training.services import start_run
from roiqa.training.settings_rules import schema

POLL_SECONDS = 1.0


class Command(BaseCommand):
    help = "Train on a release (the newest, unless --release) or on a synthetic set; a worker does it, this follows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("--stage", default="finetune", choices=sorted(schema()["stages"]))
        parser.add_argument("--preset", default="", choices=["", *sorted(schema()["presets"])], metavar="NAME")
        parser.add_argument("--variant", default="", metavar="NAME")
        parser.add_argument("--base", metavar="MODEL", help="id of a model version, or shipped:NAME")
        parser.add_argument(
            "--release", type=int, metavar="NUMBER", help="a release of the study (default: the newest)"
        )
        parser.add_argument("--synthetic-set", default="", metavar="NAME", help="train on it instead of a release")
        parser.add_argument("--fraction", type=float, default=1.0, help="share of the training images")
        parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="change settings of the stage")
        parser.add_argument(
            "--network", nargs="+", default=[], metavar="NAME=VALUE", help="change the preset's network"
        )
        parser.add_argument("--note", default="")
        parser.add_argument("--estimate", action="store_true", help="say how long it would take, and start nothing")
        parser.add_argument("--here", action="store_true", help="train in this process instead of on a worker")
        parser.add_argument("--no-wait", action="store_true", help="print the run's id and leave")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = _plan(options)
            if options["estimate"]:
                self._say_estimate(plan)
                return
            here: bool = options["here"]
            run, is_new = start_run(plan, by=None, note=options["note"], send=not here)
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"run {run.number} {run.pk}{'' if is_new else ' (the same as before)'}")
        if here and not run.is_finished:
            self._run_here(run)
        elif not options["no_wait"]:
            self._follow(run)
        else:
            return
        run.refresh_from_db()
        if run.model_version is None:
            raise CommandError(f"Run {run.number} is {run.state}: {run.message}")
        self.stdout.write(f"model {run.model_version.number} {run.model_version_id} {run.model_version.weights_sha256}")

    def _say_estimate(self, plan: Plan) -> None:
        found = estimate(plan)
        self.stdout.write(
            f"{plan.steps:,} steps, about {found.seconds:,.0f} s and {found.memory_bytes / 1e9:.1f} GB"
            f"{', needs a GPU' if found.needs_gpu else ''}. {found.basis}"
        )

    def _run_here(self, run: TrainingRun) -> None:
        # By name: what answers a job is the workers' business, and the platform does not import it.
        current_app.loader.import_default_modules()
        jobs.run(str(run.job_id), watch=lambda _: self._show(run))
        self._end_line()

    def _follow(self, run: TrainingRun) -> None:
        try:
            while True:
                self._show(run)
                if run.is_finished:
                    break
                connection.close()
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            self._end_line()
            raise CommandError(f"Run {run.number} goes on without this command; give it again to follow it.") from None
        self._end_line()

    def _show(self, run: TrainingRun) -> None:
        run.refresh_from_db()
        if not sys.stderr.isatty():
            return
        left = seconds_left(run)
        loss = run.metrics.get("loss")
        shown = [f"{run.state}, step {run.step:,} of {run.steps:,}"]
        shown += [f"loss {loss:.3f}"] if loss is not None else []
        shown += [f"{left:,.0f} s left"] if left is not None else []
        self.stderr.write(f"\r\x1b[K{', '.join(shown)}. {run.message}", ending="")
        self.stderr.flush()

    def _end_line(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\x1b[K", ending="")


def _plan(options: dict[str, Any]) -> Plan:
    study = Study.objects.filter(slug=options["study"]).first()
    if study is None:
        raise CommandError(f"There is no study {options['study']!r}: see the address of its page for its slug.")
    release = None if options["synthetic_set"] else _release(study, options["release"])
    return plan_run(
        study=study,
        stage=options["stage"],
        preset=options["preset"],
        variant=options["variant"],
        base=options["base"],
        release=release.pk if release else None,
        synthetic_set=options["synthetic_set"],
        fraction=options["fraction"],
        settings=_changes(options["set"]),
        network=_changes(options["network"]),
    )


def _release(study: Study, number: int | None) -> Release:
    releases = Release.objects.filter(study=study, state=ReleaseState.READY).order_by("-number")
    release = releases.first() if number is None else releases.filter(number=number).first()
    if release is None:
        wanted = "no release that is ready" if number is None else f"no ready release {number}"
        raise CommandError(f"{study.slug} has {wanted}: `manage.py freeze {study.slug}` makes one.")
    return release


def _changes(pairs: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"{pair!r} is not NAME=VALUE.")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    return changes
