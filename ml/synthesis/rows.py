"""The Parquet rows of a shard: references, masks, and 120 scores per mask."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ml.synthesis.labels import score_regions
from ml.synthesis.masks import FoundMask
from ml.synthesis.quality import Metric
from ml.synthesis.references import Reference
from ml.synthesis.render import render
from ml.synthesis.settings import SETTINGS, TYPES, SettingsTable

REFERENCE_SCHEMA = pa.schema(
    [("reference", pa.string()), ("file_name", pa.string()), ("height", pa.uint16()), ("width", pa.uint16())]
)
MASK_SCHEMA = pa.schema(
    [
        ("reference", pa.string()),
        ("mask", pa.uint16()),
        ("level", pa.string()),
        ("source", pa.string()),
        ("prompt", pa.string()),
        ("counts", pa.string()),
        ("x", pa.uint16()),
        ("y", pa.uint16()),
        ("w", pa.uint16()),
        ("h", pa.uint16()),
        ("area", pa.uint32()),
    ]
)
SCORE_SCHEMA = pa.schema(
    [
        ("reference", pa.dictionary(pa.int16(), pa.string())),
        ("type", pa.uint8()),
        ("setting", pa.uint8()),
        ("mask", pa.uint16()),
        ("quality", pa.float32()),
        ("importance", pa.float32()),
        ("metric", pa.dictionary(pa.int8(), pa.string())),
    ]
)


def metric_id(metric: Metric) -> str:
    """Name, version and weights in one word: what stands in every row."""
    return ":".join(filter(None, (metric.name, metric.version, metric.weights_sha256[:12])))


def score_reference(reference: Reference, found: Sequence[FoundMask], table: SettingsTable, metric: Metric) -> pa.Table:
    """Every mask of a reference in every type and setting: 120 rows per mask."""
    masks = [one.tensor().to(reference.pixels.device) for one in found]
    columns: dict[str, list[Any]] = {name: [] for name in ("type", "setting", "mask", "quality", "importance")}
    for type_number, kind in enumerate(TYPES):
        if not masks:
            break
        frames = render(reference, kind, range(SETTINGS), table).float() / 255.0
        scores = score_regions(frames, reference.display, masks, metric)
        for mask_number in range(len(masks)):
            columns["type"] += [type_number] * SETTINGS
            columns["setting"] += range(SETTINGS)
            columns["mask"] += [mask_number] * SETTINGS
            columns["quality"] += scores.quality[mask_number].cpu().tolist()
            columns["importance"] += scores.importance[mask_number].cpu().tolist()
    count = len(columns["type"])
    columns |= {"reference": [reference.id] * count, "metric": [metric_id(metric)] * count}
    return pa.table(
        {field.name: pa.array(columns[field.name]).cast(field.type) for field in SCORE_SCHEMA}, SCORE_SCHEMA
    )


def reference_row(reference: Reference) -> pa.Table:
    _, height, width = reference.pixels.shape
    row = {"reference": reference.id, "file_name": reference.name, "height": height, "width": width}
    return pa.Table.from_pylist([row], REFERENCE_SCHEMA)


def mask_rows(reference: Reference, found: Sequence[FoundMask]) -> pa.Table:
    rows = []
    for number, one in enumerate(found):
        ys, xs = np.flatnonzero(one.mask.any(axis=1)), np.flatnonzero(one.mask.any(axis=0))
        box = {"x": xs[0], "y": ys[0], "w": xs[-1] - xs[0] + 1, "h": ys[-1] - ys[0] + 1}
        rows.append(
            {
                "reference": reference.id,
                "mask": number,
                "level": one.level,
                "source": one.source,
                "prompt": json.dumps(one.prompt, sort_keys=True),
                "counts": one.rle(),
                "area": int(one.mask.sum()),
                **{name: int(value) for name, value in box.items()},
            }
        )
    return pa.Table.from_pylist(rows, MASK_SCHEMA)
