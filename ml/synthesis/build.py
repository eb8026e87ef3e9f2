"""`python -m ml.synthesis.build --references DIR --output DIR`: make a synthetic set, on all cores, going on where it stopped.

The set is a folder: `shards/` (Parquet and manifests), `references/` (the photographs' own files, by sha256), the settings
table, and `dataset.json` that names them all. It holds no distorted image: a recipe renders any of them.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from tqdm import tqdm

from ml.synthesis.calibrate import PICTURES
from ml.synthesis.masks import CocoMasks, MaskSource
from ml.synthesis.metrics import BUILT_IN, METRICS, metric_of
from ml.synthesis.references import WORKING_SIDE
from ml.synthesis.rows import metric_id
from ml.synthesis.settings import SHIPPED_TABLE, read_table
from ml.synthesis.shards import REFERENCES_PER_SHARD, ShardSpec, Tools, run_shard

DATASET = "dataset.json"


@dataclass(frozen=True)
class Plan:
    """How a set is made; the same on every worker. `coco` gives the masks, else a segmentation model proposes them."""

    output: str
    table: str
    coco: str | None
    segmentation: str
    device: str = "cpu"
    metric: str = BUILT_IN

    def mask_source(self) -> tuple[str, MaskSource]:
        """The masks' source and its name, which is part of every shard's key."""
        if self.coco is not None:
            path = Path(self.coco)
            return f"coco:{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}", CocoMasks(path)
        from ml.synthesis.proposed import ProposedMasks  # noqa: PLC0415  (a model's weights are read only when it is asked)

        source = ProposedMasks(self.segmentation, device=self.device)
        return source.name, source

    def tools(self) -> Tools:
        metric = metric_of(self.metric, device=self.device)
        return Tools(read_table(Path(self.table)), metric, self.mask_source()[1], self.device)


def plan_shards(paths: Sequence[Path], plan: Plan, *, long_side: int, masks: str) -> list[ShardSpec]:
    """Copy the photographs into the set, each once, and cut them into shards of eight, by sha256 so that order is no matter."""
    folder = Path(plan.output) / "references"
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, str] = {}
    for path in tqdm(paths, desc="Photographs", unit="file"):
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        # The name stays in the file's: COCO masks are found by it.
        kept = folder / sha / path.name
        if sha not in known and not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            partial = kept.with_name(f".{path.name}.part")
            shutil.copyfile(path, partial)
            partial.replace(kept)
        known.setdefault(sha, str(kept))
    table, metric = read_table(Path(plan.table)).version, metric_id(metric_of(plan.metric, device=plan.device))
    ordered = sorted(known.items())
    return [
        ShardSpec(tuple(ordered[start : start + REFERENCES_PER_SHARD]), table, metric, masks, long_side)
        for start in range(0, len(ordered), REFERENCES_PER_SHARD)
    ]


_tools: Tools | None = None


def _begin(plan: Plan) -> None:
    """Once per process: shards run beside each other, more threads in each would only wait for one another."""
    global _tools  # noqa: PLW0603  (a process's own tools: loading a model once per shard would cost more than the shard)
    torch.set_num_threads(1)
    _tools = plan.tools()


def _make(spec: ShardSpec, output: str) -> dict[str, Any]:
    if _tools is None:
        raise RuntimeError("A worker of the build was not begun.")
    return run_shard(spec, Path(output), _tools)


def run_plan(specs: Sequence[ShardSpec], plan: Plan, *, workers: int) -> Iterable[dict[str, Any]]:
    """The manifests as they come. A shard that is there already costs a look at its hashes."""
    if workers == 1:
        tools = plan.tools()
        yield from (run_shard(spec, Path(plan.output), tools) for spec in specs)
        return
    with ProcessPoolExecutor(
        max_workers=workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(plan,)
    ) as pool:
        futures = [pool.submit(_make, spec, plan.output) for spec in specs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def finish(
    output: Path, specs: Sequence[ShardSpec], manifests: Sequence[dict[str, Any]], table: Path
) -> dict[str, Any]:
    """Write `dataset.json`: shards in order, totals, and the cuts that make five levels of importance."""
    importance = np.concatenate(
        [
            pq.read_table(output / "shards" / spec.key / "scores.parquet", columns=["importance"]).column(0).to_numpy()
            for spec in specs
        ]
    )
    # Fifths of what touches the frame at all: most of the raw values crowd at 0.
    cuts = np.quantile(importance, [0.2, 0.4, 0.6, 0.8]) if len(importance) else np.zeros(4)
    for spec in specs:
        for left in (output / "shards").glob(f".{spec.key}-*"):
            # Of a worker that was killed; whoever makes this shard again makes it whole.
            shutil.rmtree(left, ignore_errors=True)
    shutil.copyfile(table, output / "settings_table.json")
    document = {
        "format": 1,
        "shards": [spec.key for spec in specs],
        "long_side": specs[0].long_side,
        "table": specs[0].table,
        "metric": specs[0].metric,
        "pipeline": specs[0].pipeline,
        "masks": specs[0].masks,
        "rows": {name: sum(manifest["rows"][name] for manifest in manifests) for name in manifests[0]["rows"]},
        "importance_cuts": [round(float(cut), 8) for cut in cuts],
        "fingerprint": hashlib.sha256("".join(spec.key for spec in specs).encode()).hexdigest(),
    }
    partial = output / f".{DATASET}.part"
    partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    partial.replace(output / DATASET)
    return document


def arguments_of(prog: str, description: str | None) -> argparse.ArgumentParser:
    """What every way of building a set is told: from which photographs, where to, and how."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument(
        "--references", type=Path, required=True, metavar="DIR", help="photographs: JPEG, PNG, TIFF, RAW"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--coco", type=Path, metavar="JSON", help="masks by file name; without it a model proposes them"
    )
    parser.add_argument(
        "--segmentation", default="region-tree", metavar="MODEL", help="a folder of weights, or region-tree"
    )
    parser.add_argument("--table", type=Path, default=SHIPPED_TABLE, help="settings table of ml.synthesis.calibrate")
    parser.add_argument("--metric", choices=METRICS, default=BUILT_IN, help="topiq needs pyiqa, non-commercial")
    parser.add_argument("--long-side", type=int, default=WORKING_SIDE, help="working size in pixels")
    parser.add_argument("--limit", type=int, help="only so many photographs, the first by name")
    parser.add_argument("--device", default="cpu")
    return parser


def planned(given: argparse.Namespace) -> tuple[Plan, list[ShardSpec]]:
    """The plan and the shards that these arguments mean; the photographs are in the set afterwards. Raises ValueError."""
    paths = sorted(path for path in given.references.rglob("*") if path.suffix.lower() in PICTURES)[: given.limit]
    if not paths:
        raise ValueError(
            f"--references {given.references}: there is no photograph in it. Give a folder of JPEG, PNG, TIFF or RAW."
        )
    # Whole paths: a worker elsewhere may have another working directory.
    coco = str(given.coco.resolve()) if given.coco else None
    plan = Plan(
        str(given.output.resolve()), str(given.table.resolve()), coco, given.segmentation, given.device, given.metric
    )
    masks, _ = plan.mask_source()
    return plan, plan_shards(paths, plan, long_side=given.long_side, masks=masks)


def said(output: Path, document: dict[str, Any]) -> str:
    shards, fingerprint = len(document["shards"]), document["fingerprint"][:12]
    return f"{output}: {document['rows']} in {shards} shards; fingerprint {fingerprint}."


def main(arguments: list[str] | None = None) -> None:
    parser = arguments_of("python -m ml.synthesis.build", __doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    try:
        plan, specs = planned(given)
        manifests = []
        with tqdm(total=sum(len(spec.references) for spec in specs), desc="References", unit="reference") as bar:
            for manifest in run_plan(specs, plan, workers=given.workers):
                manifests.append(manifest)
                bar.update(manifest["rows"]["references"])
    except ValueError as error:
        sys.exit(f"ml.synthesis.build: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. What is finished stays; the same command goes on from there.")
    print(said(given.output, finish(given.output, specs, manifests, given.table)))


if __name__ == "__main__":
    main()
