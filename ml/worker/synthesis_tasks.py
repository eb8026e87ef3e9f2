"""Shards of synthetic sets: one job each. Importing this registers the runner with `roiqa.core.jobs`, and loads no torch."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.worker.backends import TorchMissing
from roiqa.core import jobs
from roiqa.core.errors import Conflict

if TYPE_CHECKING:
    from ml.synthesis.build import Plan
    from ml.synthesis.shards import Tools

logger = logging.getLogger(__name__)
KIND = "synthesis_shard"


class ShardRefused(Conflict):
    default_code = "shard_refused"


@jobs.runs(KIND)
def make_shard(progress: jobs.Progress) -> None:
    """Make the shard that the job's payload plans. The folder appears whole or not at all, so running again is safe."""
    try:
        from ml.synthesis.build import Plan  # noqa: PLC0415
        from ml.synthesis.shards import ShardSpec, run_shard  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TorchMissing(error.name or "torch") from None
    job = progress.job
    spec, plan = ShardSpec.from_json(job.payload["spec"]), Plan(**job.payload["plan"])
    count = len(spec.references)
    progress.expect(count, f"Shard {spec.key}: loading")
    try:
        # A reference can take longer than a lease lasts: 120 images and a few thousand comparisons on a busy machine.
        with progress.alive():
            masks, tools = _tools(plan)
            if masks != spec.masks:
                raise ShardRefused(f"The shard was planned with masks {spec.masks}; this worker has {masks}.")
            manifest = run_shard(
                spec,
                Path(plan.output),
                tools,
                step=lambda done: progress.step(done, f"Shard {spec.key}: {done} of {count} references"),
            )
    except (OSError, ValueError) as error:
        raise ShardRefused(str(error)) from error
    job.report = manifest["rows"]
    job.message = f"Shard {spec.key}: {job.report['scores']} labels of {job.report['masks']} masks."


@lru_cache(maxsize=1)
def _tools(plan: "Plan") -> "tuple[str, Tools]":
    """Loaded once per process: the worker makes many shards of one set after another."""
    return plan.mask_source()[0], plan.tools()


def payload_of(spec: Any, plan: Any) -> dict[str, object]:
    """What a job carries: names and paths, never pixels."""
    return {"output": plan.output, "key": spec.key, "spec": dict(vars(spec)), "plan": dict(vars(plan))}
