"""`manage.py import_images`: folders, zips and files from the command line."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from roiqa.core.models import AuditEvent
from roiqa.regions.models import ROI
from roiqa.studies.models import Study, StudyImage
from tests.api.import_files import annotation, coco, codes, counts, zipped
from tests.unit.images.pictures import jpeg


def run(study: Study, path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """(exit code, report)"""
    out = io.StringIO()
    try:
        call_command("import_images", study.slug, str(path), "--json", *options, stdout=out)
    except SystemExit as stopped:
        return int(str(stopped.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    (pictures / "train").mkdir(parents=True)
    (pictures / "val").mkdir()
    (pictures / "train" / "1.jpg").write_bytes(jpeg(seed=301))
    (pictures / "val" / "1.jpg").write_bytes(jpeg(seed=302))
    (pictures / ".DS_Store").write_bytes(b"x")
    return pictures


def regions() -> bytes:
    images = [{"id": 1, "file_name": "train/1.jpg"}, {"id": 2, "file_name": "val/1.jpg"}]
    return coco(images, [annotation(1, number=1), annotation(2, number=2)])


def names(study: Study) -> list[str]:
    return sorted(StudyImage.objects.filter(study=study).values_list("file_name", flat=True))


def test_a_folder_keeps_its_relative_paths(study: Study, folder: Path) -> None:
    code, report = run(study, folder, "--source", "field trip")
    assert (code, counts(report)) == (0, (2, 0, 0, 0, 0))
    assert names(study) == ["train/1.jpg", "val/1.jpg"]
    assert set(StudyImage.objects.values_list("source", flat=True)) == {"field trip"}
    assert AuditEvent.objects.filter(action="images_imported", study_slug=study.slug).exists()


def test_a_coco_file_inside_the_folder_is_found(study: Study, folder: Path) -> None:
    (folder / "annotations.json").write_bytes(regions())
    assert counts(run(study, folder)[1]) == (2, 0, 2, 0, 0)
    assert counts(run(study, folder)[1]) == (0, 2, 0, 2, 0)


def test_the_coco_file_named_by_hand_is_the_only_one_taken(study: Study, folder: Path) -> None:
    (folder / "annotations.json").write_bytes(regions())
    (folder / "notes.json").write_bytes(b"{}")
    options = ("--coco", str(folder / "annotations.json"), "--level", "object")
    assert counts(run(study, folder, *options)[1]) == (2, 0, 2, 0, 0)
    assert set(ROI.objects.values_list("level", flat=True)) == {"object"}


def test_a_coco_file_may_have_any_extension(study: Study, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "regions.coco").write_bytes(regions())
    assert counts(run(study, folder, "--coco", str(tmp_path / "regions.coco"))[1]) == (2, 0, 2, 0, 0)


def test_links_are_refused_not_followed(study: Study, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(seed=303))
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "dangling.jpg").symlink_to(tmp_path / "nothing")
    code, report = run(study, folder)
    assert (code, counts(report)[0]) == (1, 2)
    assert codes(report) == {"link.jpg": "symlink", "folder": "symlink", "dangling.jpg": "symlink"}


def test_what_is_no_file_is_refused_without_waiting_for_it(study: Study, folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    assert codes(run(study, folder)[1]) == {"pipe.jpg": "not_a_file"}


def test_refusals_are_listed_and_the_exit_code_is_one(study: Study, folder: Path) -> None:
    (folder / "bad.jpg").write_bytes(b"x")
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("import_images", study.slug, str(folder), stdout=out)
    assert stopped.value.code == 1
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("refused bad.jpg: The content is no image")
    assert lines[-1] == "2 images and 0 ROIs added, 0 and 0 known before, 1 refused."


def test_a_zip_and_a_single_file_are_taken_too(study: Study, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x/a.jpg": jpeg(seed=304), "../b.jpg": jpeg(seed=305)}))
    (tmp_path / "c.jpg").write_bytes(jpeg(seed=306))
    code, report = run(study, tmp_path / "a.zip")
    assert (code, counts(report), codes(report)) == (1, (1, 0, 0, 0, 1), {"../b.jpg": "unsafe_name"})
    assert run(study, tmp_path / "c.jpg")[0] == 0
    assert names(study) == ["c.jpg", "x/a.jpg"]


@pytest.mark.parametrize(
    ("study_slug", "path", "options", "reason"),
    [
        ("nowhere", ".", (), "no study 'nowhere'"),
        ("mountains", "does/not/exist", (), "No such file"),
        ("mountains", ".", ("--coco", "does-not-exist.json"), "No such file"),
        ("mountains", ".", ("--source", "x" * 201), "200 characters"),
    ],
)
def test_what_cannot_begin_says_why(
    study: Study, tmp_path: Path, study_slug: str, path: str, options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("import_images", study_slug, str(tmp_path / path), *options)


def test_a_broken_zip_is_one_clear_line(study: Study, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(CommandError, match="truncated or broken"):
        call_command("import_images", study.slug, str(tmp_path / "a.zip"))


def test_a_closed_study_takes_nothing(study: Study, folder: Path) -> None:
    Study.objects.update(state="closed")
    with pytest.raises(CommandError, match="closed"):
        call_command("import_images", study.slug, str(folder))
