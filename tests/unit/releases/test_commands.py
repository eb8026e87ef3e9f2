"""`manage.py freeze` and `manage.py export`."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.releases import freezing
from roiqa.releases.models import Release, ReleaseState
from tests.api.factories import make_study
from tests.api.release_study import exported, freeze, small_study

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_freeze_names_the_release_and_says_what_it_holds() -> None:
    study = small_study()
    said = run("freeze", study.slug, note="first", licence="CC0")
    release = Release.objects.get()
    assert (release.state, release.note, release.licence) == (ReleaseState.READY, "first", "CC0")
    assert said == (
        f"hills@1 {release.content_sha256}\nROIs: 3, images: 2, ratings: 9, annotators: 3. Incomplete ROIs left out: 1.\n"
    )


def test_freeze_of_nothing_says_why() -> None:
    make_study("empty")
    with pytest.raises(CommandError, match=r"Release 1 was not made: No ROI has all its raters"):
        run("freeze", "empty")


def test_freeze_of_an_unknown_study_is_refused() -> None:
    with pytest.raises(CommandError, match="no study 'nowhere'"):
        run("freeze", "nowhere")


def test_a_note_too_long_is_refused() -> None:
    with pytest.raises(CommandError, match="--note has 2,001 characters"):
        run("freeze", small_study().slug, note="x" * 2001)


def test_ctrl_c_leaves_a_failed_release_and_a_free_study(monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()

    def interrupted(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(freezing, "label_batch", interrupted)
        with pytest.raises(CommandError, match="was not made: Cancelled"):
            run("freeze", study.slug)
    assert Release.objects.get().state == ReleaseState.FAILED
    assert Job.objects.get().state == JobState.CANCELLED
    assert freeze(study).state == ReleaseState.READY


def test_a_terminal_sees_progress() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    run("freeze", small_study().slug, stderr=terminal)
    assert "Writing the snapshot 0 of 3" in terminal.getvalue()


def test_export_writes_what_the_api_sends(tmp_path: Path) -> None:
    release = freeze(small_study())
    for name, suffix in (("seagull", "json"), ("coco", "json"), ("ratings", "csv"), ("parquet", "parquet")):
        path = tmp_path / f"{name}.{suffix}"
        assert release.content_sha256 in run("export", "hills@1", format=name, output=path)
        assert path.read_bytes() == exported(release, name)


def test_export_takes_the_id_of_a_release(tmp_path: Path) -> None:
    release = freeze(small_study())
    run("export", str(release.pk), format="coco", output=tmp_path / "out.json")
    assert len(json.loads((tmp_path / "out.json").read_text())["annotations"]) == 3


@pytest.mark.parametrize(("name", "reason"), [("hills@9", "no release hills@9"), ("hills", "nor STUDY@NUMBER")])
def test_export_of_an_unknown_release_is_refused(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=reason):
        run("export", name, format="coco", output=tmp_path / "out.json")


def test_export_replaces_a_file_only_when_forced(tmp_path: Path) -> None:
    freeze(small_study())
    path = tmp_path / "out.json"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is there already: name another, or give --force"):
        run("export", "hills@1", format="coco", output=path)
    assert path.read_text() == "mine"
    run("export", "hills@1", format="coco", output=path, force=True)
    assert path.read_text().startswith('{"info"')


def test_a_broken_export_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    study = small_study()
    freeze(study)
    path = tmp_path / "out.zip"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is gone from storage"):
        run("export", "hills@1", format="coco", output=path, images=True, force=True)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_export_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    freeze(small_study())
    with pytest.raises(CommandError, match=r"No such file or directory\. Nothing was written"):
        run("export", "hills@1", format="coco", output=tmp_path / "missing" / "out.json")


def test_export_onto_a_folder_is_refused(tmp_path: Path) -> None:
    freeze(small_study())
    with pytest.raises(CommandError, match="it is not a file"):
        run("export", "hills@1", format="coco", output=tmp_path, force=True)


def test_a_job_started_for_a_command_is_not_sent_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Job] = []
    monkeypatch.setattr(jobs, "_send", sent.append)
    run("freeze", small_study().slug)
    assert sent == []


def test_images_come_as_a_zip(tmp_path: Path) -> None:
    from tests.unit.releases.test_exports import study_with_files

    freeze(study_with_files())
    run("export", "pictures@1", format="seagull", output=tmp_path / "out.zip", images=True)
    assert len(zipfile.ZipFile(tmp_path / "out.zip").namelist()) == 3
