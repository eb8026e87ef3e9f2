"""`python -m ml.synthesis.export_images SET --output DIR [--form png|webdataset]`: the images of a set as files.

A set needs none: recipes render them. For other programs: `png` writes `Dist.Images/<Type>/<Type>_<k>/<reference>.png`,
`webdataset` one tar per shard of the set, a PNG and a JSON with masks and labels for each image. Same set, same bytes;
what is there already is not made again.
"""

import argparse
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from tqdm import tqdm

from ml.seagull.data.records import ImageSample
from ml.synthesis.dataset import SyntheticSet

FORMS = ("png", "webdataset")


def png_of(sample: ImageSample) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sample.load()).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def record_of(sample: ImageSample) -> dict[str, Any]:
    """What stands beside an image: where it is from, and its ROIs (COCO masks) with scores on 0..4."""
    reference, kind, setting = sample.image_id.split(":")
    rois = [
        {
            "roi": roi.roi_id,
            "level": roi.level,
            "segmentation": {"size": [roi.rle.height, roi.rle.width], "counts": roi.rle.counts},
            "quality": roi.labels.quality,
            "importance": roi.labels.importance,
            "distortions": sorted(roi.labels.distortions or ()),
        }
        for roi in sample.rois
    ]
    return {"reference": reference, "type": kind, "setting": int(setting), "rois": rois}


def export_png(opened: SyntheticSet, output: Path) -> Iterator[Path]:
    """The files as they are written, or found."""
    for sample in opened.samples():
        reference, kind, setting = sample.image_id.split(":")
        name = kind.capitalize()
        path = output / "Dist.Images" / name / f"{name}_{setting}" / f"{reference}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, png_of(sample))
        yield path


def export_tars(opened: SyntheticSet, output: Path) -> Iterator[Path]:
    """The tars as they are written, or found: `<number>-<shard>.tar`."""
    output.mkdir(parents=True, exist_ok=True)
    for number, shard in enumerate(opened.info["shards"]):
        path = output / f"{number:06d}-{shard}.tar"
        if not path.exists():
            part = path.with_name(f"{path.name}.part")
            with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
                # Only this shard's rows: a set of thousands of references does not fit in memory at once.
                for sample in replace(opened, info={**opened.info, "shards": [shard]}).samples():
                    # WebDataset takes what comes before the first dot as the sample's key.
                    key = sample.image_id.replace(":", "-")
                    _add(tar, f"{key}.png", png_of(sample))
                    _add(tar, f"{key}.json", json.dumps(record_of(sample), sort_keys=True).encode())
            part.replace(path)
        yield path


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    # Owner and time stay at their zeros: the same set gives the same bytes.
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.synthesis.export_images", description=__doc__)
    parser.add_argument("set", type=Path, metavar="SET", help="a folder of ml.synthesis.build")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--form", choices=FORMS, default="webdataset")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        opened = SyntheticSet.open(given.set)
        if given.form == "png":
            made = export_png(opened, given.output)
            total = opened.info["rows"]["references"] * 120
        else:
            made, total = export_tars(opened, given.output), len(opened.info["shards"])
        count = sum(1 for _ in tqdm(made, total=total, desc="Exporting", unit="file"))
    except ValueError as error:
        sys.exit(f"ml.synthesis.export_images: {error}")
    sys.stdout.write(f"{given.output}: {count} files.\n")


if __name__ == "__main__":
    main()
