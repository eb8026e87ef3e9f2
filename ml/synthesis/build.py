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
from ml.synthesis.masks import BadMasks, CocoMasks, MaskSource
from ml.synthesis.quality import MultiScaleSSIM
from ml.synthesis.references import WORKING_SIDE, BadReference
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

    def mask_source(self) -> tuple[str, MaskSource]:
        """The masks' source and its name, which is part of every shard's key."""
        if self.coco is not None:
            path = Path(self.coco)
            return f"coco:{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}", CocoMasks(path)
        from ml.synthesis.proposed import ProposedMasks  # noqa: PLC0415  (a model's weights are read only when it is asked)

        source = ProposedMasks(self.segmentation, device=self.device)
        return source.name, source

    def tools(self) -> Tools:
        return Tools(read_table(Path(self.table)), MultiScaleSSIM(), self.mask_source()[1], self.device)


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
    table, metric = read_table(Path(plan.table)).version, metric_id(MultiScaleSSIM())
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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.synthesis.build", description=__doc__)
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
    parser.add_argument("--long-side", type=int, default=WORKING_SIDE, help="working size in pixels")
    parser.add_argument("--limit", type=int, help="only so many photographs, the first by name")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args(arguments)
    paths = sorted(path for path in given.references.rglob("*") if path.suffix.lower() in PICTURES)[: given.limit]
    if not paths:
        sys.exit(
            f"--references {given.references}: there is no photograph in it. Give a folder of JPEG, PNG, TIFF or RAW."
        )
    coco = str(given.coco) if given.coco else None
    plan = Plan(str(given.output), str(given.table), coco, given.segmentation, given.device)
    try:
        masks, _ = plan.mask_source()
        specs = plan_shards(paths, plan, long_side=given.long_side, masks=masks)
        manifests = []
        with tqdm(total=sum(len(spec.references) for spec in specs), desc="References", unit="reference") as bar:
            for manifest in run_plan(specs, plan, workers=given.workers):
                manifests.append(manifest)
                bar.update(manifest["rows"]["references"])
    except (BadReference, BadMasks, ValueError) as error:
        sys.exit(f"ml.synthesis.build: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. What is finished stays; the same command goes on from there.")
    document = finish(given.output, specs, manifests, given.table)
    print(f"{given.output}: {document['rows']} in {len(specs)} shards; fingerprint {document['fingerprint'][:12]}.")


if __name__ == "__main__":
    main()
