"""Round trip: what a release exports goes into a fresh study through the ordinary import, mask for mask."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from pycocotools import mask as coco_mask

from roiqa.images.models import Image
from roiqa.regions.models import ROI
from roiqa.releases.models import Release
from roiqa.studies.models import Study
from tests.api.factories import make_roi, make_study
from tests.api.release_study import answer, exported, freeze, image_in, rate, raters_of

pytestmark = pytest.mark.django_db(transaction=True)

Regions = list[tuple[str, int, tuple[int, ...], str, str]]


def ragged_counts(seed: int, image: Image) -> str:
    """A mask with holes and islands."""
    pixels = np.random.default_rng(seed).random((image.height, image.width)) < 0.5
    pixels[20:100, 10:90] = True
    pixels[40:50, 30:35] = False
    counts: bytes = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))["counts"]
    return counts.decode("ascii")


@pytest.fixture
def release() -> Release:
    study = make_study("first", raters_per_roi=1)
    people = raters_of(study, 1)
    for number in range(3):
        image = image_in(study, with_files=True, file_name=f"folder/photo {number}.png", width=160 + number)
        for half, level in enumerate(("object", "component")):
            study_roi = make_roi(study, image, level=level, name=f"{level} {number}")
            counts = ragged_counts(2 * number + half, image)
            encoded = {"size": [image.height, image.width], "counts": counts}
            x, y, w, h = (int(side) for side in coco_mask.toBbox(encoded))
            ROI.objects.filter(pk=study_roi.roi_id).update(
                counts=counts, x=x, y=y, w=w, h=h, area=int(coco_mask.area(encoded))
            )
            rate(study_roi, people, [answer()])
    return freeze(study)


def regions_of(study: Study) -> Regions:
    rows = ROI.objects.filter(study_roi__study=study).select_related("image")
    return sorted((r.counts, r.area, (*r.bbox, r.image.width, r.image.height), r.level, r.name) for r in rows)


def imported(*arguments: object) -> Study:
    study = make_study("second")
    call_command("import_images", study.slug, *arguments, stdout=io.StringIO())
    return study


def test_seagull_with_images_gives_the_same_masks_in_a_fresh_study(release: Release, tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    path.write_bytes(exported(release, "seagull", images=True))
    assert regions_of(imported(path)) == regions_of(release.study)


def test_coco_with_images_gives_the_same_masks_and_levels(release: Release, tmp_path: Path) -> None:
    path = tmp_path / "release.zip"
    path.write_bytes(exported(release, "coco", images=True))
    without_names = [(*region[:4], "") for region in regions_of(release.study)]
    assert regions_of(imported(path)) == sorted(without_names)


def test_seagull_beside_the_original_files_gives_the_same_masks_and_images(release: Release, tmp_path: Path) -> None:
    for number, image in enumerate(Image.objects.all()):
        with default_storage.open(image.original_key) as stored:
            (tmp_path / f"renamed {number}.png").write_bytes(stored.read())
    (tmp_path / "annotations.json").write_bytes(exported(release, "seagull"))
    study = imported(tmp_path)
    assert regions_of(study) == regions_of(release.study)
    images = {row.image_id for row in release.study.study_images.all()}
    assert {row.image_id for row in study.study_images.all()} == images
