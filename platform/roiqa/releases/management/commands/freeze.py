"""`manage.py freeze STUDY`: a release without a worker."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from roiqa.core import jobs
from roiqa.core.errors import DomainError
from roiqa.core.models import Job
from roiqa.releases.freezing import freeze_study
from roiqa.releases.models import ReleaseState
from roiqa.studies.models import Study


class Command(BaseCommand):
    help = "Freeze a release of a study: its complete ROIs with their labels and ratings, under a hash, for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("--note", default="", metavar="TEXT", help="why this release is made")
        parser.add_argument(
            "--licence", default="", metavar="TEXT", help="under which terms the labels may be used; exported"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}: see the address of its page for its slug.")
        for name, limit in (("note", 2000), ("licence", 200)):
            if len(options[name]) > limit:
                raise CommandError(f"--{name} has {len(options[name]):,} characters: {limit:,} at most are kept.")
        try:
            release = freeze_study(study=study, by=None, note=options["note"], licence=options["licence"], send=False)
        except DomainError as error:
            raise CommandError(error.detail) from error
        job_id = str(release.job_id)
        self._run(job_id)
        release.refresh_from_db()
        if release.state != ReleaseState.READY:
            raise CommandError(f"Release {release.number} was not made: {release.failure}")
        job = Job.objects.get(pk=job_id)
        self.stdout.write(f"{study.slug}@{release.number} {release.content_sha256}\n{job.message}")

    def _run(self, job_id: str) -> None:
        watched = self.stderr.isatty()
        try:
            jobs.run(job_id, watch=self._show if watched else None)
        except KeyboardInterrupt:
            # Nobody else may go on with it: end the job here and now.
            jobs.cancel(job=Job.objects.get(pk=job_id))
            Job.objects.filter(pk=job_id).update(lease_expires_at=timezone.now())
            jobs.run(job_id)
        finally:
            if watched:
                self.stderr.write("\r\x1b[K", ending="")

    def _show(self, job: Job) -> None:
        counted = f" {job.done:,} of {job.total:,}" if job.total else ""
        self.stderr.write(f"\r\x1b[K{job.message}{counted}", ending="")
        self.stderr.flush()
