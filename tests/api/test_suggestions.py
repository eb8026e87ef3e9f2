"""Suggestions by a real (random) network, through the jobs that a worker runs."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import ml.worker.comparison_tasks
import ml.worker.networks
import ml.worker.suggestion_tasks
from ml.seagull.language.parser import parse_distortions
from roiqa.accounts.models import User
from roiqa.core import jobs, webhooks
from roiqa.core.models import Job, JobState
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES
from roiqa.core.webhook_models import Delivery
from roiqa.regions.masks import mask_from_compressed
from roiqa.registry import services, storage, suggesting
from roiqa.registry.models import ModelVersion, Suggestion
from roiqa.registry.selectors import suggestion_for
from roiqa.studies import drawing
from roiqa.studies.drawing import NewROI
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, encode_box, make_image, make_roi
from tests.api.networks import taken_in


def promoted(study: Study, **facts: Any) -> ModelVersion:
    model = taken_in(study, **facts)
    services.promote(model=model, by=None, override_reason="For the test.")
    return model


def waiting() -> Job | None:
    return Job.objects.filter(kind=suggesting.KIND, state=JobState.QUEUED).first()


def run(job: Job | None) -> Job:
    assert job is not None
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


def drawn(study: Study, image: Any, box: tuple[int, int, int, int], by: User) -> StudyROI:
    """An ROI as a person draws it."""
    rle = encode_box(image, box)
    mask = mask_from_compressed(rle["counts"], height=image.height, width=image.width)
    return drawing.create_roi(user=by, study=study, roi=NewROI(image_id=image.pk, mask=mask, level="object"))


def test_after_promotion_every_roi_that_may_be_shown_one_gets_one(study: Study) -> None:
    images = [make_image(study, with_files=True) for _ in range(2)]
    rois = [make_roi(study, image, box=box) for image in images for box in ((10, 20, 64, 48), (60, 50, 80, 60))]
    hidden = make_roi(study, make_image(study, with_files=True, split="test"))
    gold = make_roi(study, images[0], box=(0, 0, 50, 50))
    StudyROI.objects.filter(pk=gold.pk).update(is_gold=True, raters_wanted=0)
    model = promoted(study)
    job = run(waiting())
    assert (job.state, job.report) == ("succeeded", {"computed": 4, "leaked": 0, "failed": []})
    assert set(Suggestion.objects.values_list("study_roi", flat=True)) == {roi.pk for roi in rois}
    for roi in rois:
        said = suggestion_for(roi)
        assert said is not None
        assert said.model == model
        _is_whole(said)
    assert suggestion_for(hidden) is None
    assert suggestion_for(gold) is None
    assert suggesting.want(study) is None


def _is_whole(said: Suggestion) -> None:
    scores = said.probabilities
    for scale in ("quality", "importance"):
        assert len(scores[scale]) == 5
        assert sum(scores[scale]) == pytest.approx(1, abs=1e-5)
        assert said.levels[SCALES.index(scale)] == scores[scale].index(max(scores[scale]))
    told = parse_distortions(said.answer).distortions
    for place, name in enumerate(DISTORTIONS):
        assert sum(scores["distortions"][name]["severity"]) == pytest.approx(1, abs=1e-5), name
        assert said.levels[place] == told.get(name, NONEXISTENT), "the words and the levels say the same"
    assert 0 < said.uncertainty <= 1


def test_what_may_not_be_shown_is_asked_for_in_vain_even_where_it_is_stored(study: Study) -> None:
    rois = [make_roi(study, make_image(study, with_files=True)) for _ in range(3)]
    promoted(study)
    run(waiting())
    assert all(suggestion_for(roi) for roi in rois)
    image = rois[0].image
    image.split = "test"
    image.save()
    StudyROI.objects.filter(pk=rois[1].pk).update(is_gold=True, raters_wanted=0)
    Suggestion.objects.filter(study_roi=rois[2]).update(leaked=True)
    assert [suggestion_for(roi) for roi in rois] == [None, None, None]


def test_one_query_finds_it(study: Study) -> None:
    roi = make_roi(study, make_image(study, with_files=True))
    promoted(study)
    run(waiting())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert suggestion_for(roi) is not None
    assert len(queries) == 1


def test_images_of_the_training_are_leaked_and_those_of_the_base_too(study: Study) -> None:
    seen, of_base, new = (make_roi(study, make_image(study, with_files=True)) for _ in range(3))
    base = taken_in(study, seed=1, trained_images=[of_base.image.sha256])
    model = promoted(study, base=base, trained_images=[seen.image.sha256])
    assert run(waiting()).report == {"computed": 3, "leaked": 2, "failed": []}
    assert {one.study_roi_id for one in model.suggestions.filter(leaked=True)} == {seen.pk, of_base.pk}
    assert [suggestion_for(roi) is None for roi in (seen, of_base, new)] == [True, True, False]


def test_a_new_roi_and_a_changed_mask_are_asked_for_at_once(study: Study, admin: User) -> None:
    image = make_image(study, with_files=True)
    promoted(study)
    assert waiting() is None
    roi = drawn(study, image, (10, 10, 60, 60), admin)
    assert suggestion_for(roi) is None
    run(waiting())
    first = suggestion_for(roi)
    assert first is not None
    drawing.edit_roi(user=admin, roi_id=roi.roi_id, name="another name")
    assert waiting() is None
    drawing.edit_roi(user=admin, roi_id=roi.roi_id, segmentation=encode_box(image, (50, 30, 80, 70)))
    assert suggestion_for(roi) is None, "it was of another region"
    assert run(waiting()).report["computed"] == 1
    second = suggestion_for(roi)
    assert second is not None
    assert second.mask_sha256 != first.mask_sha256
    assert second.probabilities != first.probabilities
    assert Suggestion.objects.count() == 1


def test_listeners_are_told_once_after_a_promotion(study: Study, admin: User) -> None:
    image = make_image(study, with_files=True)
    webhooks.add_webhook(
        study_slug=study.slug,
        url="https://lab.example.org/",
        events=["suggestions.ready", "model.promoted"],
        user_id=admin.pk,
    )
    make_roi(study, image)
    model = promoted(study)
    run(waiting())
    drawn(study, image, (0, 0, 60, 60), admin)
    run(waiting())
    told = Delivery.objects.order_by("created_at").values_list("event", "payload")
    assert [(event, payload["model"], payload.get("computed")) for event, payload in told] == [
        ("model.promoted", str(model.pk), None),
        ("suggestions.ready", str(model.pk), 1),
    ]


def test_many_new_rois_wait_for_one_job(study: Study, admin: User) -> None:
    image = make_image(study, with_files=True)
    promoted(study)
    for left in range(3):
        drawn(study, image, (10 * left, 10, 60, 60), admin)
    assert Job.objects.filter(kind=suggesting.KIND).count() == 1
    assert run(waiting()).report["computed"] == 3


def test_a_worker_that_dies_in_the_middle_loses_and_doubles_nothing(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        make_roi(study, make_image(study, with_files=True))
    promoted(study)
    job = waiting()
    assert job is not None
    monkeypatch.setattr(ml.worker.suggestion_tasks, "IMAGES_AT_ONCE", 2)
    keep, calls = suggesting.keep, iter(range(9))

    def dies_in_the_second_batch(made: Any) -> int:
        kept = keep(made)
        if next(calls) == 1:
            raise KeyboardInterrupt
        return kept

    monkeypatch.setattr(suggesting, "keep", dies_in_the_second_batch)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(str(job.pk))
    # The second batch was written in a transaction that never ended.
    assert Suggestion.objects.count() == 2
    before = {one.pk: one.created_at for one in Suggestion.objects.all()}
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
    assert run(job).report == {"computed": 5, "leaked": 0, "failed": []}
    assert Suggestion.objects.count() == 5
    assert {one.pk: one.created_at for one in Suggestion.objects.filter(pk__in=before)} == before


def test_a_model_promoted_meanwhile_takes_over(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        make_roi(study, make_image(study, with_files=True))
    first, second = promoted(study), taken_in(study, seed=1)
    monkeypatch.setattr(ml.worker.suggestion_tasks, "IMAGES_AT_ONCE", 1)
    keep = suggesting.keep

    def promotes_another(made: Any) -> int:
        kept = keep(made)
        services.promote(model=second, by=None, override_reason="For the test.")
        return kept

    monkeypatch.setattr(suggesting, "keep", promotes_another)
    run(waiting())
    assert (first.suggestions.count(), second.suggestions.count()) == (1, 2)


def test_a_lost_picture_does_not_stop_the_others(study: Study) -> None:
    lost, kept = make_roi(study, make_image(study)), make_roi(study, make_image(study, with_files=True))
    promoted(study)
    job = run(waiting())
    assert (job.state, job.report["failed"]) == ("succeeded", [str(lost.image_id)])
    assert suggestion_for(kept) is not None


def test_it_makes_way_for_what_people_wait_for(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        make_roi(study, make_image(study, with_files=True))
    promoted(study)
    job = waiting()
    urgent = Job.objects.create(kind="embeddings", study_slug=study.slug)
    Job.objects.filter(pk=urgent.pk).update(created_at=urgent.created_at - ml.worker.suggestion_tasks._PATIENCE * 2)
    monkeypatch.setattr(ml.worker.suggestion_tasks, "IMAGES_AT_ONCE", 1)
    job = run(job)
    assert (job.state, Suggestion.objects.count()) == ("queued", 1)
    urgent.delete()
    assert run(job).report["computed"] == 2


def test_altered_weights_are_not_loaded(study: Study) -> None:
    make_roi(study, make_image(study, with_files=True))
    model = promoted(study)
    ml.worker.networks._loaded.cache_clear()
    name = next(name for name in model.files if name.endswith(".safetensors"))
    path = storage.folder_of(model) / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    job = run(waiting())
    assert job.state == "failed"
    assert f"{name} of model 1 in storage is not the file that was registered" in job.message
    assert not Suggestion.objects.exists()


def test_weights_in_object_storage_are_copied_once_and_again_when_the_copy_was_spoilt(
    study: Study, settings: Any, tmp_path: Path
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "tests.api.object_storage.ObjectStorage"}}
    settings.DATA_DIR = tmp_path
    make_roi(study, make_image(study, with_files=True))
    model = promoted(study)
    ml.worker.networks._loaded.cache_clear()
    copy = tmp_path / "models" / str(model.pk) / "config.json"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"x" * model.files["config.json"]["bytes"])
    assert run(waiting()).report["computed"] == 1
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == model.files["config.json"]["sha256"]
    before = copy.stat().st_mtime_ns
    assert storage.folder_of(model) == copy.parent
    assert copy.stat().st_mtime_ns == before


def test_the_network_is_loaded_once(study: Study, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    image = make_image(study, with_files=True)
    model = promoted(study)
    ml.worker.networks._loaded.cache_clear()
    for left in (0, 20):
        drawn(study, image, (left, 10, 60, 60), admin)
        run(waiting())
    assert ml.worker.networks._loaded.cache_info().misses == 1
    assert model.suggestions.count() == 2


def test_staff_see_all_of_them_and_how_far_they_are(study: Study, admin: User) -> None:
    seen, new = (make_roi(study, make_image(study, with_files=True)) for _ in range(2))
    model = promoted(study, trained_images=[seen.image.sha256])
    client = client_for(admin)
    state = client.get(f"/api/v1/studies/{study.slug}/suggestions/state/").json()
    assert state | {"job": None} == {
        "model": str(model.pk), "rois": 2, "ready": 0, "leaked": 0, "missing": 2, "job": None
    }  # fmt: skip
    answer = client.post(f"/api/v1/studies/{study.slug}/suggestions/", {})
    assert (answer.status_code, answer.json()["id"]) == (202, state["job"])
    run(waiting())
    state = client.get(f"/api/v1/studies/{study.slug}/suggestions/state/").json()
    assert (state["ready"], state["leaked"], state["missing"], state["job"]) == (1, 1, 0, None)
    rows = client.get(f"/api/v1/studies/{study.slug}/suggestions/").json()["results"]
    assert {row["roi"]: (row["leaked"], row["shown"]) for row in rows} == {
        str(seen.roi_id): (True, False),
        str(new.roi_id): (False, True),
    }
    assert set(rows[0]["levels"]) == set(SCALES)
    assert client.post(f"/api/v1/studies/{study.slug}/suggestions/", {}).status_code == 204
