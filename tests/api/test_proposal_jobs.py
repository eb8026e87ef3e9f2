"""The worker's part in proposals: with and without weights, once each, and on after a crash."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Picture

import ml.segmentation.models
import ml.worker.segmentation_tasks
from ml.segmentation import proposals as ml_proposals
from ml.segmentation.prompts import Box
from ml.segmentation.proposals import Detection, Filter
from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.images.models import Image
from roiqa.regions.segmentation_models import SegmentationModel
from roiqa.studies import embeddings, proposals
from roiqa.studies.models import Proposal, Study
from tests.api.factories import client_for, make_image

DEMO = Path(__file__).resolve().parents[2] / "fixtures" / "demo" / "images"


@pytest.fixture
def image(study: Study) -> Image:
    """A real photograph, small enough to be quick."""
    return photograph(study, 0)


def photograph(study: Study, number: int) -> Image:
    made = make_image(study, with_files=True)
    path = sorted(DEMO.iterdir())[number]
    with Picture.open(path) as picture:
        small = picture.convert("RGB").resize((made.width, made.height), Picture.Resampling.BOX)
    small.save(default_storage.path(made.display_key), "PNG")
    return made


def ask(admin: User, study: Study, level: str = "component", **body: Any) -> Job:
    """Ask for proposals over HTTP and run the job here."""
    answer = client_for(admin).post(f"/api/v1/studies/{study.slug}/proposals/", {"level": level, **body})
    assert answer.status_code == 202, answer.json()
    return run(answer.json()["id"])


def run(job_id: str) -> Job:
    jobs.run(job_id)
    return Job.objects.get(pk=job_id)


def test_a_fresh_installation_proposes_components(admin: User, study: Study, image: Image) -> None:
    job = ask(admin, study)
    found = list(Proposal.objects.order_by("created_at"))
    assert (job.state, job.report["images"], job.report["added"]) == ("succeeded", 1, len(found))
    assert found
    scores = [proposal.score for proposal in found]
    assert scores == sorted(scores, reverse=True)
    for proposal in found:
        assert (proposal.level, proposal.stability, proposal.area >= 32 * 32) == ("component", None, True)
        assert (proposal.source["tool"], proposal.source["home"]) == ("region-tree", "worker")
        [event] = proposal.source["events"]
        assert (event["type"], event["positive"]) == ("point", True)
    accepted = client_for(admin).post(f"/api/v1/proposals/{found[0].pk}/accept/", {})
    assert accepted.status_code == 201, accepted.json()


def test_asking_again_adds_nothing(admin: User, study: Study, image: Image) -> None:
    first = ask(admin, study)
    again = ask(admin, study)
    assert again.pk != first.pk
    assert (again.state, again.report["added"]) == ("succeeded", 0)


def test_only_the_images_that_were_asked_for(admin: User, study: Study, image: Image) -> None:
    other = photograph(study, 1)
    job = ask(admin, study, images=[str(other.pk)])
    assert (job.report["images"], job.total) == (1, 1)
    assert set(Proposal.objects.values_list("image_id", flat=True)) == {other.pk}


def test_a_broken_off_job_goes_on_after_the_last_image(
    admin: User, study: Study, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph(study, 1)
    job = proposals.start(user=admin, study=study, level="component", image_ids=None)
    real, asked = ml.worker.segmentation_tasks.propose, []

    def dies_at_the_second(seen: Any, *given: Any, **options: Any) -> Any:
        asked.append(seen.image.pk)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(seen, *given, **options)

    monkeypatch.setattr(ml.worker.segmentation_tasks, "propose", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(str(job.pk))
    kept = Proposal.objects.count()
    assert kept > 0
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
    ended = run(str(job.pk))
    assert (ended.state, ended.report["images"], len(asked)) == ("succeeded", 2, 3)
    assert asked[1] == asked[2] != asked[0]
    assert ended.report["added"] == Proposal.objects.count() > kept


def test_an_attempt_that_lost_its_job_stores_nothing(
    admin: User, study: Study, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = proposals.start(user=admin, study=study, level="component", image_ids=None)
    real = ml.worker.segmentation_tasks.propose

    def slowly(*given: Any, **options: Any) -> Any:
        Job.objects.filter(pk=job.pk).update(attempts=2)
        return real(*given, **options)

    monkeypatch.setattr(ml.worker.segmentation_tasks, "propose", slowly)
    jobs.run(str(job.pk))
    assert not Proposal.objects.exists()
    assert Job.objects.get(pk=job.pk).state == "running"


def test_an_image_without_its_file_does_not_stop_the_others(admin: User, study: Study, image: Image) -> None:
    lost = make_image(study)
    job = ask(admin, study)
    assert (job.state, job.report["images"], job.report["failed"]) == ("succeeded", 2, [str(lost.pk)])
    assert Proposal.objects.exists()


def test_a_model_proposes_from_the_stored_embedding(
    admin: User, study: Study, image: Image, tiny_sam: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.segmentation_model = "tiny-sam"
    study.save()
    # Random weights believe in nothing.
    monkeypatch.setitem(ml_proposals.FILTERS, "tiny-sam", Filter(score=-9, stability=0))  # type: ignore[arg-type]
    encoded: list[Any] = []
    real = ml.segmentation.models.SAMBackend.encode
    monkeypatch.setattr(
        ml.segmentation.models.SAMBackend, "encode", lambda *given: encoded.append(given) or real(*given)
    )
    assert ask(admin, study).state == "succeeded"
    job = ask(admin, study)
    assert (job.state, job.report["added"], len(encoded)) == ("succeeded", 0, 1)
    assert embeddings.is_ready(image, tiny_sam)
    proposal = Proposal.objects.order_by("created_at").first()
    assert proposal is not None
    assert proposal.stability is not None
    assert (proposal.source["tool"], proposal.source["model"]) == ("sam", "tiny-sam")
    assert proposal.source["version"] == tiny_sam.version


def test_objects_come_from_the_boxes_of_a_detector(
    admin: User, study: Study, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Detection(box=Box(20, 20, 120, 100), score=0.8)]
    monkeypatch.setattr(ml.worker.segmentation_tasks, "detector", lambda: lambda pixels: found)
    job = ask(admin, study, "object")
    assert job.state == "succeeded", job.message
    [proposal] = Proposal.objects.all()
    assert (proposal.level, proposal.score) == ("object", 0.8)
    assert proposal.source["events"] == [{"type": "box", "x0": 20, "y0": 20, "x1": 120, "y1": 100}]


def test_without_a_detector_the_job_says_what_to_do(
    admin: User, study: Study, image: Image, settings: Any, tmp_path: Path
) -> None:
    settings.WEIGHTS_DIR, settings.DETECTOR = tmp_path, None
    job = ask(admin, study, "object")
    assert job.state == "failed"
    assert "download_weights rtdetr-r50" in job.message


def test_a_detectors_folder_that_is_none_is_named(
    admin: User, study: Study, image: Image, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "rtdetr-r50").mkdir()
    (tmp_path / "rtdetr-r50" / "detector.json").write_text("{}")
    settings.WEIGHTS_DIR, settings.DETECTOR = tmp_path, None
    job = ask(admin, study, "object")
    assert job.state == "failed"
    assert str(tmp_path / "rtdetr-r50") in job.message
