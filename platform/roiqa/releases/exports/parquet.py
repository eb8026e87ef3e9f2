"""The export `parquet`: one row per ROI, its label in flat columns, its ratings as a nested list.

One file answers both questions: read the flat columns for labels, unnest `ratings` for votes.
"""

import json
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from typing import Any

from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.releases.exports.pieces import Sink
from roiqa.releases.snapshot_file import FrozenROI, Record, SnapshotReader

VERSION = 1
ROW_GROUP_ROIS = 2_000


def writer_version() -> str:
    """Part of the export's tag: another pyarrow may lay out the same rows in other bytes."""
    return f"pyarrow {version('pyarrow')}"


def parquet(reader: SnapshotReader, content_sha256: str) -> Iterator[bytes]:
    """The file in pieces: a row group at a time."""
    # Heavy, and only this export needs it: the web process starts without.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    about = {"release": content_sha256, "exporter": VERSION, **reader.header}
    schema = _schema(pa).with_metadata({"roiqa": json.dumps(about, sort_keys=True)})
    sink = Sink()
    with ParquetWriter(
        pa.PythonFile(sink, mode="w"), schema, compression="zstd", use_dictionary=True, write_statistics=True
    ) as writer:
        rois = reader.rois()
        while group := list(islice(rois, ROW_GROUP_ROIS)):
            writer.write_table(pa.Table.from_pylist([_row(roi) for roi in group], schema=schema))
            yield sink.take()
    yield sink.take()


def _row(roi: FrozenROI) -> Record:
    record, image, label = roi.record, roi.image.record, roi.record["label"]
    x, y, w, h = record["bbox"]
    row = {
        "roi": record["id"],
        "name": record["name"],
        "level": record["level"],
        "image": image["sha256"],
        "file_name": image["file_name"],
        "source": image["source"],
        "split": image["split"],
        "image_width": image["width"],
        "image_height": image["height"],
        "bbox_x": x,
        "bbox_y": y,
        "bbox_w": w,
        "bbox_h": h,
        "area": record["area"],
        "rle_counts": record["counts"],
        "n_raters": label["n"],
        "clean": label["clean"],
        "contested_clean": label["contested_clean"],
        "tie": label["tie"],
        "ratings": record["ratings"],
    }
    for scale in ("quality", "importance"):
        row |= _flat(scale, label[scale])
    for distortion in DISTORTIONS:
        row |= _flat(distortion, label["distortions"][distortion])
    return row


def _flat(scale: str, record: Record) -> Record:
    low, high = record["interval"] or (None, None)
    flat = {f"{scale}_{name}": value for name, value in record.items() if name != "interval"}
    return flat | {f"{scale}_low": low, f"{scale}_high": high}


def _schema(pa: Any) -> Any:
    text, small, flag, number = pa.string(), pa.int8(), pa.bool_(), pa.float64()
    spread = {"sd": number, "low": number, "high": number, "level": small, "level_word": text}
    spread |= {"votes": pa.list_(pa.int16())}
    score = {"mean": number, **spread}
    distortion = {"present": flag, "severity": number, **spread, "tie": flag, "p_present": number}
    distortion |= {"severity_present": number, "severity_all": number}
    rating = {"annotator": text, "revision": pa.int16(), "status": text, "current": flag, "excluded": flag}
    rating |= {"counted": flag, "mode": text, "bulk_clean": flag, "simulated": flag, **dict.fromkeys(SCALES, small)}
    columns = {
        "roi": text, "name": text, "level": text, "image": text, "file_name": text, "source": text, "split": text,
        "image_width": pa.int32(), "image_height": pa.int32(),
        "bbox_x": pa.int32(), "bbox_y": pa.int32(), "bbox_w": pa.int32(), "bbox_h": pa.int32(),
        "area": pa.int64(), "rle_counts": text,
        "n_raters": pa.int16(), "clean": flag, "contested_clean": flag, "tie": flag,
        **{f"quality_{name}": kind for name, kind in score.items()},
        **{f"importance_{name}": kind for name, kind in score.items()},
        **{f"{scale}_{name}": kind for scale in DISTORTIONS for name, kind in distortion.items()},
        "ratings": pa.list_(pa.struct(list(rating.items()))),
    }  # fmt: skip
    return pa.schema(list(columns.items()))
