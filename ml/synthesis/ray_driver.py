"""`python -m ml.synthesis.ray_driver --references DIR --output DIR`: make a synthetic set with Ray Data.

For more than a few machines: Ray starts as many workers as its cluster has room for and keeps each one's model loaded.
Whatever Ray loses is made by the same command: a shard's folder appears whole or not at all. `--output` must be shared.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import torch

from ml.synthesis import build
from ml.synthesis.shards import ShardSpec, read_manifest, run_shard


class ShardMaker:
    """A Ray worker: loads its tools once, then makes the shards of every batch it is given."""

    def __init__(self, plan: dict[str, Any]) -> None:
        torch.set_num_threads(1)
        self._plan = build.Plan(**plan)
        self._tools = self._plan.tools()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        made = run_shard(ShardSpec.from_json(dict(row["spec"])), Path(self._plan.output), self._tools)
        return {"key": made["key"], "references": made["rows"]["references"]}


def main(arguments: list[str] | None = None) -> None:
    parser = build.arguments_of("python -m ml.synthesis.ray_driver", __doc__)
    parser.add_argument("--workers", type=int, default=4, help="at most that many at a time, one core each")
    parser.add_argument("--gpus", type=float, default=0.0, help="share of a GPU that a worker takes")
    given = parser.parse_args(arguments)
    try:
        ray: Any = importlib.import_module("ray")
        data: Any = importlib.import_module("ray.data")
    except ModuleNotFoundError as error:
        sys.exit(
            f"ml.synthesis.ray_driver: Ray is not installed ({error.name} cannot be imported). Run `pip install "
            "roiqa[ray]`, or use ml.synthesis.build on one machine and ml.worker.build_synthetic_set on workers."
        )
    try:
        plan, specs = build.planned(given)
    except ValueError as error:
        sys.exit(f"ml.synthesis.ray_driver: {error}")
    ray.init(ignore_reinit_error=True)
    rows = [{"spec": {**vars(spec), "references": [list(one) for one in spec.references]}} for spec in specs]
    made = data.from_items(rows, override_num_blocks=len(rows)).map(
        ShardMaker,
        fn_constructor_args=(vars(plan),),
        compute=data.ActorPoolStrategy(min_size=1, max_size=min(given.workers, len(rows))),
        num_cpus=1,
        num_gpus=given.gpus,
    )
    done = sum(row["references"] for row in made.iter_rows())
    manifests = [manifest for spec in specs if (manifest := read_manifest(given.output / "shards" / spec.key))]
    sys.stdout.write(
        f"{done} references. {build.said(given.output, build.finish(given.output, specs, manifests, given.table))}\n"
    )


if __name__ == "__main__":
    main()
