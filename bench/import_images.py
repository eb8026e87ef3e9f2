"""Import of 300 photographs with 2,712 masks, from an empty platform: this project's import against the plain loop.

    python -m bench.import_images

Measured in process, on the embedded PostgreSQL with fsync on and files on the disk, so that both sides do the same
work: originals kept, lossless display copies, thumbnails, rows. The pictures are those of ROIQA_BENCH_COCO (a folder
with `annotations.json`), else of the folder `shared/bsds500` beside the repository, else 300 generated ones.
"""

import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench import servers
from bench.rows import Row, table

TARGET_SECONDS = 15.0
IMAGES, REGIONS = 300, 2_712


def run() -> list[Row]:
    """Needs a set-up platform (`bench.servers.platform`)."""
    with _pictures() as folder:
        coco = json.loads((folder / "annotations.json").read_text())
        what = f"import {len(coco['images'])} images with {len(coco['annotations'])} masks"
        ours = _seconds(_import, folder, len(coco["annotations"]))
        again = _seconds(_import, folder, 0)
        _empty()
        plain = _seconds(_plain_loop, folder)
        _empty()
    return [
        Row(what, ours, plain, "s", TARGET_SECONDS),
        Row("the same import again (changes nothing)", again, None, "s"),
    ]


def _seconds(work: object, *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - start


def _import(folder: Path, expected: int) -> None:
    from roiqa.studies.imports.pipeline import Import, Options
    from roiqa.studies.imports.sources import folder_entries
    from roiqa.studies.management.commands.import_images import Terminal
    from roiqa.studies.models import Study

    study, _ = Study.objects.get_or_create(slug="bench-import", defaults={"title": "Import"})
    work = Import(study_id=study.pk, user_id=None, options=Options(), checkpoint=Terminal(io.StringIO()))
    report = work.run([*folder_entries(folder, with_json=True)])
    if (report.rois_added, report.refused_count) != (expected, 0):
        raise SystemExit(f"bench: the import went wrong: {report.summary()} {report.refused[:3]}")


def _plain_loop(folder: Path) -> None:
    """What one writes first: every picture and every row on its own, with Pillow's and Django's defaults."""
    import hashlib

    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from PIL import Image as Picture
    from PIL import ImageOps
    from pycocotools import mask as coco_mask

    from roiqa.images.models import Image
    from roiqa.images.split import split_of
    from roiqa.regions.models import ROI
    from roiqa.studies.models import Study, StudyImage, StudyROI

    study = Study.objects.create(slug="bench-plain", title="Plain loop")
    coco = json.loads((folder / "annotations.json").read_text())
    by_id: dict[int, Image] = {}
    for entry in coco["images"]:
        data = (folder / entry["file_name"]).read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if Image.objects.filter(sha256=sha256).exists():
            continue
        picture = ImageOps.exif_transpose(Picture.open(io.BytesIO(data)))
        image = Image(
            sha256=sha256,
            split=split_of(sha256),
            width=picture.width,
            height=picture.height,
            format="JPEG",
            byte_size=len(data),
        )
        display, thumbnail = io.BytesIO(), io.BytesIO()
        picture.save(display, "PNG")
        picture.thumbnail((320, 320))
        picture.save(thumbnail, "WEBP")
        for key, content in (
            (image.original_key, data),
            (image.display_key, display.getvalue()),
            (image.thumbnail_key, thumbnail.getvalue()),
        ):
            default_storage.save(key, ContentFile(content))
        image.save()
        StudyImage.objects.create(study=study, image=image, file_name=entry["file_name"])
        by_id[entry["id"]] = image
    for number, annotation in enumerate(coco["annotations"]):
        mask = coco_mask.decode(annotation["segmentation"])
        encoded = coco_mask.encode(np.asfortranarray(mask))
        x, y, w, h = (int(side) for side in coco_mask.toBbox(encoded))
        counts = encoded["counts"].decode()
        roi = ROI.objects.create(
            image=by_id[annotation["image_id"]],
            level="component",
            counts=counts,
            mask_sha256=hashlib.sha256(counts.encode()).hexdigest(),
            area=int(mask.sum()),
            x=x,
            y=y,
            w=w,
            h=h,
        )
        StudyROI.objects.create(study=study, roi=roi, image=roi.image, shuffle_key=number, raters_wanted=7)


def _empty() -> None:
    from roiqa.images.models import Image
    from roiqa.regions.models import ROI
    from roiqa.studies.models import Study, StudyImage, StudyROI

    for model in (StudyROI, ROI, StudyImage, Image):
        model.objects.all().delete()
    Study.objects.filter(slug__startswith="bench-").delete()
    shutil.rmtree(Path(os.environ["ROIQA_DATA_DIR"]) / "media" / "images", ignore_errors=True)


@contextmanager
def _pictures() -> Iterator[Path]:
    beside = servers.REPOSITORY.parent / "shared" / "bsds500"
    given = Path(os.environ.get("ROIQA_BENCH_COCO") or beside)
    if (given / "annotations.json").is_file():
        yield given
        return
    with tempfile.TemporaryDirectory() as temporary:
        _generate(Path(temporary))
        yield Path(temporary)


def _generate(folder: Path) -> None:
    """Smooth shades with grain, which weigh what photographs weigh; blobs with ragged edges and holes as regions."""
    from PIL import Image as Picture
    from pycocotools import mask as coco_mask

    random = np.random.default_rng(1)
    images, annotations = [], []
    height, width = 321, 481
    rows, columns = np.mgrid[0:height, 0:width]
    for number in range(IMAGES):
        coarse = Picture.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8)).resize((width, height))
        pixels = np.clip(np.asarray(coarse, dtype=np.int16) + random.normal(0, 12, (height, width, 1)), 0, 255)
        Picture.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:03}.jpg", quality=90)
        images.append({"id": number, "file_name": f"{number:03}.jpg", "width": width, "height": height})
        wanted = REGIONS // IMAGES + (number < REGIONS % IMAGES)
        for _ in range(wanted):
            y, x, radius = random.integers(60, height - 60), random.integers(60, width - 60), random.integers(28, 58)
            edge = radius + random.normal(0, 1.5, (height, width))
            mask = np.hypot(rows - y, columns - x) < edge
            mask &= np.hypot(rows - y, columns - x) > random.integers(0, 9)
            encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            segmentation = {"size": [height, width], "counts": encoded["counts"].decode()}
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "segmentation": segmentation}
            )
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "region"}]}
    (folder / "annotations.json").write_text(json.dumps(document))


if __name__ == "__main__":
    with servers.platform():
        rows = run()
    print(table(rows))
    sys.exit(0)
