"""`python -m ml.worker.build_synthetic_set --references DIR --output DIR`: make a synthetic set on the workers.

Plans the set, starts a job for every shard that is neither there nor under way, and shows progress until all are made;
then it writes `dataset.json`. The folder must be at the same path for every worker. Ctrl-C leaves the jobs running: the
same command watches them again, starts failed ones anew and finishes. `--cancel` stops them; finished shards stay.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import django
from django.db import close_old_connections
from tqdm import tqdm

from ml.synthesis import build
from ml.synthesis.shards import ShardSpec, read_manifest

POLL_SECONDS = 1.0


def start_missing(plan: build.Plan, specs: Sequence[ShardSpec]) -> int:
    """Start a job for each shard that is not there and that no unfinished job makes; answers how many."""
    from ml.worker.synthesis_tasks import KIND, payload_of  # noqa: PLC0415  (Django is set up first)
    from roiqa.core import jobs  # noqa: PLC0415
    from roiqa.core.models import Job  # noqa: PLC0415

    unfinished = Job.objects.filter(kind=KIND, payload__output=plan.output, finished_at=None)
    under_way = set(unfinished.values_list("payload__key", flat=True))
    missing = [spec for spec in specs if spec.key not in under_way and read_manifest(_folder(plan, spec)) is None]
    for spec in missing:
        jobs.start(kind=KIND, payload=payload_of(spec, plan), user_id=None, total=len(spec.references))
    return len(missing)


def watch(plan: build.Plan, specs: Sequence[ShardSpec], *, poll: float = POLL_SECONDS) -> None:
    """Show progress until every shard is made. Raises ValueError naming a shard that failed or was cancelled."""
    from ml.worker.synthesis_tasks import KIND  # noqa: PLC0415
    from roiqa.core.models import Job, JobState  # noqa: PLC0415

    of_set = Job.objects.filter(kind=KIND, payload__output=plan.output).order_by("created_at")
    with tqdm(total=sum(len(spec.references) for spec in specs), desc="References", unit="reference") as bar:
        while True:
            # Later jobs of a shard replace earlier ones: a failed shard may have been started again.
            latest = {job.payload["key"]: job for job in of_set.only("payload", "state", "done", "message")}
            there = [spec for spec in specs if (_folder(plan, spec) / "manifest.json").exists()]
            made = {spec.key for spec in there}
            running = [latest[spec.key] for spec in specs if spec.key not in made and spec.key in latest]
            bar.n = sum(len(spec.references) for spec in there) + sum(job.done for job in running)
            bar.refresh()
            if len(there) == len(specs):
                return
            for job in running:
                if job.state in {JobState.FAILED, JobState.CANCELLED}:
                    raise ValueError(f"Shard {job.payload['key']} is {job.state}: {job.message}")
            close_old_connections()
            time.sleep(poll)


def cancel(output: str) -> int:
    """Ask every unfinished job of the set to stop; answers how many."""
    from ml.worker.synthesis_tasks import KIND  # noqa: PLC0415
    from roiqa.core import jobs  # noqa: PLC0415
    from roiqa.core.errors import Conflict  # noqa: PLC0415
    from roiqa.core.models import Job  # noqa: PLC0415

    asked = 0
    for job in Job.objects.filter(kind=KIND, payload__output=output, finished_at=None):
        try:
            jobs.cancel(job=job)
        except Conflict:
            continue
        asked += 1
    return asked


def finish(plan: build.Plan, specs: Sequence[ShardSpec]) -> str:
    """Write dataset.json of shards that are all there, and say what they hold. Raises ValueError for a damaged one."""
    manifests = [manifest for spec in specs if (manifest := read_manifest(_folder(plan, spec))) is not None]
    return build.said(Path(plan.output), build.finish(Path(plan.output), specs, manifests, Path(plan.table)))


def _folder(plan: build.Plan, spec: ShardSpec) -> Path:
    return Path(plan.output) / "shards" / spec.key


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = build.arguments_of("python -m ml.worker.build_synthetic_set", __doc__)
    parser.add_argument("--no-wait", action="store_true", help="start the jobs and leave")
    parser.add_argument("--cancel", action="store_true", help="stop the jobs of the set in --output")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    given = _arguments(arguments)
    django.setup()
    if given.cancel:
        sys.stdout.write(f"{cancel(str(given.output.resolve()))} jobs were asked to stop; finished shards stay.\n")
        return
    try:
        plan, specs = build.planned(given)
        started = start_missing(plan, specs)
        sys.stdout.write(f"{len(specs)} shards, {started} jobs started.\n")
        if given.no_wait:
            return
        watch(plan, specs)
        sys.stdout.write(f"{finish(plan, specs)}\n")
    except ValueError as error:
        sys.exit(f"ml.worker.build_synthetic_set: {error}")
    except KeyboardInterrupt:
        sys.exit("The jobs go on without this command; run it again to watch them and to finish the set.")


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roiqa.config.settings")
    main()
