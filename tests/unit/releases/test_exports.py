"""Exports: valid in the tools that read them, the same bytes every time, made of the snapshot alone."""

import contextlib
import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from pycocotools.coco import COCO

from roiqa.consensus.ratings_csv import HEADER, read_ratings
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.images.models import Image
from roiqa.ratings.exclusion import exclude_annotator
from roiqa.ratings.models import Rating
from roiqa.regions.models import ROI
from roiqa.releases.errors import NoImagesInFormat, ReleaseNotReady, SnapshotBroken
from roiqa.releases.exports.formats import FORMATS, export_of
from roiqa.releases.exports.ratings import harmless
from roiqa.releases.models import Release
from roiqa.studies.models import Membership, Study, StudyImage, StudyROI
from tests.api.factories import make_roi, make_study, make_user
from tests.api.release_study import answer, exported, freeze, image_in, rate, raters_of, seagull_of, sha256, small_study

pytestmark = pytest.mark.django_db(transaction=True)


def loaded(data: bytes, folder: Path) -> COCO:
    path = folder / "annotations.json"
    path.write_bytes(data)
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


@pytest.mark.parametrize("name", ["seagull", "coco"])
def test_pycocotools_opens_the_json_and_finds_the_masks(name: str, tmp_path: Path) -> None:
    release = freeze(small_study())
    found = loaded(exported(release, name), tmp_path)
    assert len(found.getAnnIds()) == 3
    masks = {
        ROI.objects.get(counts=a["segmentation"]["counts"]).pk: found.annToMask(a)
        for a in found.loadAnns(found.getAnnIds())
    }
    for roi_id, mask in masks.items():
        roi = ROI.objects.get(pk=roi_id)
        expected = np.zeros((120, 160), dtype=np.uint8)
        expected[roi.y : roi.y + roi.h, roi.x : roi.x + roi.w] = 1
        assert np.array_equal(mask, expected)


def test_seagull_holds_every_field_of_the_contract() -> None:
    release = freeze(small_study(), licence="CC BY 4.0")
    document = seagull_of(release)
    info = document["info"]
    assert (info["study"]["slug"], info["ruleset"], info["licence"]) == ("hills", "anchor-v1", "CC BY 4.0")
    assert info["release"] == release.content_sha256
    assert info["protocol"]["raters_per_roi"] == 3
    assert set(info["versions"]) == {"roiqa", "snapshot", "exporter"}
    assert [c["name"] for c in document["categories"]] == ["object", "component"]
    image = document["images"][0]
    assert set(image) == {"id", "file_name", "width", "height", "sha256", "source", "split"}
    annotation = document["annotations"][0]
    for field in ("id", "image_id", "category_id", "segmentation", "bbox", "area", "level", "n_raters", "clean"):
        assert field in annotation
    assert (annotation["iscrowd"], annotation["n_raters"]) == (0, 3)
    assert set(annotation["quality"]) == {
        "mean", "sd", "interval", "t_interval", "level", "level_word", "votes", "mos_map", "mos_map_se",
    }  # fmt: skip
    assert list(annotation["distortions"]) == list(DISTORTIONS)


def annotation_named(release: Release, name: str) -> Any:
    return next(a for a in seagull_of(release)["annotations"] if a["name"] == name)


def test_labels_follow_the_worked_numbers() -> None:
    study = make_study("worked", raters_per_roi=7)
    blur = [1, 2, 2, 3, 5, 5, 2]  # methodology 4.2: anchor-v1 has severity 2.0, level Moderate
    rate(
        make_roi(study, image_in(study), name="worked"),
        raters_of(study, 7),
        [answer(blur=severity, quality=2) for severity in blur],
    )
    annotation = annotation_named(freeze(study), "worked")
    label = annotation["distortions"]["blur"]
    assert (label["present"], label["severity"], label["level_word"]) == (True, 2.0, "moderate")
    assert label["votes"] == [0, 1, 3, 1, 0, 2]
    assert label["p_present"] == 5 / 7
    assert annotation["quality"]["level_word"] == "fair"
    assert annotation["distortions"]["noise"]["level"] is None
    assert (annotation["clean"], annotation["contested_clean"], annotation["tie"]) == (False, False, False)


def test_coco_has_masks_and_categories_only() -> None:
    document = json.loads(exported(freeze(small_study()), "coco"))
    assert set(document["images"][0]) == {"id", "file_name", "width", "height"}
    assert set(document["annotations"][0]) == {
        "id", "image_id", "category_id", "segmentation", "bbox", "area", "iscrowd",
    }  # fmt: skip


def test_ids_are_numbers_from_1_and_point_to_their_image() -> None:
    document = seagull_of(freeze(small_study()))
    assert [a["id"] for a in document["annotations"]] == [1, 2, 3]
    sizes = {i["id"]: [i["height"], i["width"]] for i in document["images"]}
    assert sorted(sizes) == [1, 2]
    by_image = {i["id"]: i["file_name"] for i in document["images"]}
    assert {by_image[a["image_id"]] for a in document["annotations"] if a["name"] == "sky"} == {"a/one.png"}


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_same_bytes_every_time(name: str) -> None:
    release = freeze(small_study())
    assert exported(release, name) == exported(release, name)


@pytest.mark.parametrize("name", list(FORMATS))
def test_exports_read_the_snapshot_and_never_the_live_tables(name: str) -> None:
    study = small_study()
    release = freeze(study)
    before = exported(release, name)
    StudyImage.objects.filter(study=study).update(file_name="renamed.png")
    ROI.objects.update(name="renamed", level="component")
    Study.objects.update(title="Renamed")
    Membership.objects.update(excluded_at="2026-01-01T00:00Z")
    Rating.objects.update(status="surplus")
    assert exported(release, name) == before


def test_tags_differ_by_release_format_and_images() -> None:
    study = small_study()
    releases = [freeze(study), freeze(study, licence="CC0")]
    exports = [export_of(r, name=name, images=images) for r in releases for name in FORMATS for images in (False,)]
    exports += [export_of(r, name=name, images=True) for r in releases for name in ("seagull", "coco")]
    assert len({export.tag for export in exports}) == len(exports)


def csv_rows(release: Release) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(release, "ratings").decode())))


def test_the_csv_has_one_row_per_rating_under_pseudonyms() -> None:
    study = small_study()
    rows = csv_rows(freeze(study))
    assert len(rows) == 9
    assert tuple(rows[0])[: len(HEADER)] == HEADER
    pseudonyms = {str(p) for p in Membership.objects.filter(study=study).values_list("pseudonym", flat=True)}
    assert {row["annotator"] for row in rows} == pseudonyms
    usernames = Membership.objects.filter(study=study).values_list("user__username", flat=True)
    text = exported(freeze(study), "ratings").decode()
    assert not [name for name in usernames if name in text]


def test_the_csv_makes_the_labels_of_its_release(tmp_path: Path) -> None:
    study = small_study()
    StudyROI.objects.filter(study=study).update(raters_wanted=1)
    bad = Membership.objects.filter(study=study).order_by("pk")[0]
    exclude_annotator(study=study, member_id=bad.pk, reason="clicks", by=make_user())
    release = freeze(study)
    assert {row["counted"] for row in csv_rows(release)} == {"0", "1"}
    path = tmp_path / "ratings.csv"
    path.write_bytes(exported(release, "ratings"))
    call_command("consensus", path, output=tmp_path / "labels.json")
    made = json.loads((tmp_path / "labels.json").read_text())["rois"]
    frozen = {a["roi"]: a for a in seagull_of(release)["annotations"]}
    assert set(made) == set(frozen)
    for roi, label in made.items():
        assert label["n"] == frozen[roi]["n_raters"]
        for part in ("quality", "importance", "distortions", "clean", "tie", "contested_clean"):
            assert label[part] == frozen[roi][part]


def test_the_reader_of_ratings_takes_the_csv() -> None:
    release = freeze(small_study())
    table = read_ratings(exported(release, "ratings"))
    assert (len(table.roi_names), len(table.annotator_names), len(table.roi)) == (3, 3, 9)


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", "  =x", "\tx", "\rx", "＝1"])
def test_a_file_name_is_never_a_formula(name: str) -> None:
    assert harmless(name) == f"'{name}"


@pytest.mark.parametrize("name", ["a=b.png", "plain.png", "", "a-b", "日本.png"])
def test_a_harmless_file_name_stays(name: str) -> None:
    assert harmless(name) == name


def test_formulas_are_disarmed_in_the_file() -> None:
    study = small_study()
    StudyImage.objects.filter(study=study).update(file_name='=HYPERLINK("https://example.org","x"), "y"\n.png')
    assert {row["file_name"] for row in csv_rows(freeze(study))} == {
        '\'=HYPERLINK("https://example.org","x"), "y"\n.png'
    }


def test_parquet_has_a_row_per_roi_with_labels_and_ratings() -> None:
    release = freeze(small_study())
    table = pyarrow.parquet.read_table(io.BytesIO(exported(release, "parquet")))
    rows = {row["roi"]: row for row in table.to_pylist()}
    frozen = {a["roi"]: a for a in seagull_of(release)["annotations"]}
    assert set(rows) == set(frozen)
    for roi, row in rows.items():
        annotation = frozen[roi]
        assert row["quality_mean"] == annotation["quality"]["mean"]
        assert [row["quality_low"], row["quality_high"]] == annotation["quality"]["interval"]
        assert row["rle_counts"] == annotation["segmentation"]["counts"]
        for name in DISTORTIONS:
            label = annotation["distortions"][name]
            assert (row[f"{name}_present"], row[f"{name}_severity"]) == (label["present"], label["severity"])
            assert row[f"{name}_votes"] == label["votes"]
        assert len(row["ratings"]) == 3
        assert set(SCALES) < set(row["ratings"][0])
    about = json.loads(table.schema.metadata[b"roiqa"])
    assert (about["release"], about["ruleset"]) == (release.content_sha256, "anchor-v1")


def test_parquet_has_a_row_group_per_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    from roiqa.releases.exports import parquet

    monkeypatch.setattr(parquet, "ROW_GROUP_ROIS", 2)
    file = pyarrow.parquet.ParquetFile(io.BytesIO(exported(freeze(small_study()), "parquet")))
    assert (file.num_row_groups, file.metadata.num_rows) == (2, 3)


def study_with_files(slug: str = "pictures") -> Study:
    study = make_study(slug, raters_per_roi=1)
    people = raters_of(study, 1)
    for number in range(2):
        image = image_in(study, with_files=True, file_name=f"photo {number}.png")
        rate(make_roi(study, image), people, [answer(blur=number)])
    return study


@pytest.mark.parametrize("name", ["seagull", "coco"])
def test_the_archive_holds_the_pictures_that_the_json_names(name: str) -> None:
    release = freeze(study_with_files())
    archive = zipfile.ZipFile(io.BytesIO(exported(release, name, images=True)))
    assert archive.testzip() is None
    document = json.loads(archive.read("annotations.json"))
    names = [image["file_name"] for image in document["images"]]
    assert archive.namelist() == ["annotations.json", *names]
    for image in Image.objects.all():
        with default_storage.open(image.display_key) as stored:
            assert archive.read(f"images/{image.sha256}.png") == stored.read()
    assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_archive_is_the_same_every_time() -> None:
    release = freeze(study_with_files())
    assert sha256(exported(release, "seagull", images=True)) == sha256(exported(release, "seagull", images=True))


def test_the_archive_says_under_which_name_an_image_was_imported() -> None:
    archive = zipfile.ZipFile(io.BytesIO(exported(freeze(study_with_files()), "seagull", images=True)))
    images = json.loads(archive.read("annotations.json"))["images"]
    assert sorted(image["original_file_name"] for image in images) == ["photo 0.png", "photo 1.png"]


def test_a_lost_picture_is_named() -> None:
    release = freeze(study_with_files())
    lost = Image.objects.first()
    assert lost is not None
    default_storage.delete(lost.display_key)
    with pytest.raises(SnapshotBroken, match=lost.sha256):
        exported(release, "coco", images=True)


@pytest.mark.parametrize("name", ["ratings", "parquet"])
def test_tables_carry_no_images(name: str) -> None:
    with pytest.raises(NoImagesInFormat, match="use seagull or coco"):
        export_of(freeze(small_study()), name=name, images=True)


def test_a_failed_release_cannot_be_exported() -> None:
    release = freeze(make_study("empty"))
    with pytest.raises(ReleaseNotReady, match=r"is failed, so there is nothing to read\. No ROI has all its raters"):
        export_of(release, name="coco", images=False)


def test_a_lost_snapshot_is_refused_at_once() -> None:
    release = freeze(small_study())
    default_storage.delete(release.snapshot_key)
    with pytest.raises(SnapshotBroken, match="gone from storage"):
        export_of(release, name="coco", images=False).pieces()


def test_a_truncated_snapshot_breaks_off_instead_of_passing_for_whole() -> None:
    release = freeze(small_study())
    path = Path(default_storage.path(release.snapshot_key))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SnapshotBroken):
        exported(release, "seagull")
