"""The export `parquet`: one row per ROI, its label in flat columns, its ratings as a nested list.

One file answers both questions: read the flat columns for labels, unnest `ratings` for votes.
"""

import json
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from typing import Any, Final

from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.releases.exports.pieces import Sink
from roiqa.releases.snapshot_file import FrozenROI, Record, SnapshotReader

VERSION = 1
ROW_GROUP_ROIS = 2_000
# Labels of other votes than the counted ones (accepted_votes.WholeLabels).
VARIANTS: Final = ("without_prefilled", "with_excluded")
_VARIANT_DISTORTION: Final = ("present", "severity", "level", "p_present")


def writer_version() -> str:
    """Part of the export's tag: another pyarrow may lay out the same rows in other bytes."""
    return f"pyarrow {version('pyarrow')}"


def parquet(reader: SnapshotReader, content_sha256: str) -> Iterator[bytes]:
    """The file in pieces: a row group at a time."""
    # Heavy, and only this export needs it: the web process starts without.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    about = {"release": content_sha256, "exporter": VERSION, **reader.header}
    schema = _schema(pa, snapshot=reader.header["snapshot"]).with_metadata({"roiqa": json.dumps(about, sort_keys=True)})
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
    if "variants" in label:
        row |= {"n_prefilled": label["n_prefilled"]}
        for name in VARIANTS:
            # Where no other vote is at hand the columns repeat the label: they can be used as they stand.
            row |= _short(name, label["variants"].get(name, label))
    for scale in ("quality", "importance"):
        row |= _flat(scale, label[scale])
    for distortion in DISTORTIONS:
        row |= _flat(distortion, label["distortions"][distortion])
    return row


def _flat(scale: str, record: Record) -> Record:
    flat = {f"{scale}_{name}": value for name, value in record.items() if not name.endswith("interval")}
    low, high = record["interval"] or (None, None)
    flat |= {f"{scale}_low": low, f"{scale}_high": high}
    if "t_interval" in record:
        low, high = record["t_interval"] or (None, None)
        flat |= {f"{scale}_t_low": low, f"{scale}_t_high": high}
    return flat


def _short(variant: str, label: Record | None) -> Record:
    """A label of other votes in few columns: numbers and levels; all null where no vote is left."""
    if label is None:
        return {f"{variant}_n": 0}
    row = {f"{variant}_n": label["n"]}
    for score in ("quality", "importance"):
        row |= {f"{variant}_{score}_{name}": label[score][name] for name in ("mean", "level")}
    for distortion in DISTORTIONS:
        row |= {
            f"{variant}_{distortion}_{name}": label["distortions"][distortion][name] for name in _VARIANT_DISTORTION
        }
    return row


def _schema(pa: Any, *, snapshot: int) -> Any:
    text, small, flag, number = pa.string(), pa.int8(), pa.bool_(), pa.float64()
    spread = {"sd": number, "low": number, "high": number, "level": small, "level_word": text}
    spread |= {"votes": pa.list_(pa.int16())}
    corrected = {} if snapshot == 1 else {"mos_map": number, "mos_map_se": number}
    spread |= {} if snapshot == 1 else {"t_low": number, "t_high": number}
    score = {"mean": number, **spread, **corrected}
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
        **({} if snapshot == 1 else _variant_columns(small=small, number=number, flag=flag, count=pa.int16())),
        "ratings": pa.list_(pa.struct(list(rating.items()))),
    }  # fmt: skip
    return pa.schema(list(columns.items()))


def _variant_columns(*, small: Any, number: Any, flag: Any, count: Any) -> Record:
    columns = {"n_prefilled": count}
    for variant in VARIANTS:
        columns[f"{variant}_n"] = count
        columns |= {
            f"{variant}_{score}_{name}": kind
            for score in ("quality", "importance")
            for name, kind in (("mean", number), ("level", small))
        }
        columns |= {
            f"{variant}_{distortion}_{name}": kind
            for distortion in DISTORTIONS
            for name, kind in zip(_VARIANT_DISTORTION, (flag, number, small, number), strict=True)
        }
    return columns
