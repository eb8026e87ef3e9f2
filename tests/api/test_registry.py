"""Models: taking in, downloading, comparing on the frozen test split, promoting, rolling back."""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

import ml.worker.comparison_tasks
from ml.seagull import weights
from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import AuditEvent, Job
from roiqa.core.scales import DISTORTIONS
from roiqa.images.models import Image
from roiqa.images.split import split_of
from roiqa.images.storage import put
from roiqa.registry import comparing, services
from roiqa.registry.errors import ComparisonMissing, WeightsRefused, Worse
from roiqa.registry.models import ModelVersion, Promotion
from roiqa.registry.selectors import promoted_model
from roiqa.releases.models import Release
from roiqa.studies.models import Study
from tests.api.factories import client_for, make_roi, picture_bytes
from tests.api.networks import copied, random_weights, taken_in
from tests.api.release_study import answer, exported, freeze, rate, raters_of

# A release is read on a connection of its own.
COMMITS = pytest.mark.django_db(transaction=True)


def body_of(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_a_model_is_taken_in_with_everything_that_is_known_of_it(study: Study, admin: User, tmp_path: Path) -> None:
    folder = copied(0, tmp_path / "weights", card_md="# Card", report_json='{"rois": 3}')
    model = services.add_model_version(study=study, folder=folder, stage="scratch", created_by=admin)
    assert (model.number, model.name, model.preset, model.variant) == (1, "ci 1", "ci", "native")
    assert model.weights_sha256 == weights.fingerprint(folder)
    assert model.parameters == sum(
        one.numel() for name, one in weights.from_pretrained(folder).state_dict().items() if name != "lm.lm_head.weight"
    )
    assert (model.data_fingerprint, model.report, model.model_card) == (f"{0:064x}", {"rois": 3}, "# Card")
    assert model.config["network"]["name"] == "ci"
    for name in model.files:
        with default_storage.open(model.folder_key + name, "rb") as stored:
            assert stored.read() == (folder / name).read_bytes()
    again = services.add_model_version(study=study, folder=folder, stage="scratch")
    assert (again.pk, ModelVersion.objects.count()) == (model.pk, 1)
    assert taken_in(study, seed=1).number == 2
    assert AuditEvent.objects.filter(action="model_added").count() == 2


def test_the_database_refuses_to_change_or_delete_a_model(study: Study, admin: User) -> None:
    model = taken_in(study, created_by=admin)
    rows = ModelVersion.objects.filter(pk=model.pk)
    for change in (lambda: rows.update(report={"quality": 1}), rows.delete):
        with pytest.raises(IntegrityError, match="never"), transaction.atomic():
            change()
    rows.update(created_by=None)


def test_altered_weights_and_pickles_are_not_taken_in(study: Study, tmp_path: Path) -> None:
    folder = copied(0, tmp_path / "altered")
    name = "weights-00001-of-00001.safetensors"
    (folder / name).write_bytes((folder / name).read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsRefused, match=name):
        services.add_model_version(study=study, folder=folder, stage="scratch")
    folder = copied(0, tmp_path / "pickled")
    (folder / "optimizer.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(WeightsRefused, match=r"optimizer\.pt is not taken: .* never of pickles"):
        services.add_model_version(study=study, folder=folder, stage="scratch")
    folder = copied(0, tmp_path / "torn")
    (folder / "manifest.json").unlink()
    with pytest.raises(WeightsRefused, match="no complete folder of weights"):
        services.add_model_version(study=study, folder=folder, stage="scratch")
    assert not ModelVersion.objects.exists()


def test_what_was_downloaded_loads_and_says_the_same(study: Study, ml_engineer: User, tmp_path: Path) -> None:
    model = taken_in(study)
    client = client_for(ml_engineer)
    shown = client.get(f"/api/v1/model-versions/{model.pk}/").json()
    for file in shown["files"]:
        answer = client.get(f"/api/v1/model-versions/{model.pk}/files/{file['name']}")
        assert answer["Content-Disposition"].startswith("attachment")
        (tmp_path / file["name"]).write_bytes(body_of(answer))
        assert len((tmp_path / file["name"]).read_bytes()) == file["bytes"]
    assert weights.fingerprint(tmp_path) == shown["weights_sha256"]
    weights.from_pretrained(tmp_path)
    for name in ("settings.py", "..", "%2e%2e%2fsecret"):
        assert client.get(f"/api/v1/model-versions/{model.pk}/files/{name}").status_code == 404


def test_a_network_that_ships_is_taken_in_once(study: Study, ml_engineer: User, settings: Any, tmp_path: Path) -> None:
    folder = copied(0, tmp_path / "little", facts_json=json.dumps({"trained_images": ["ab"], "data": {"set": "parks"}}))
    settings.NETWORK_FOLDERS = [tmp_path]
    client = client_for(ml_engineer)
    first, second = (
        client.post(f"/api/v1/studies/{study.slug}/model-versions/", {"shipped": "little"}) for _ in range(2)
    )
    assert (first.status_code, first.json()["id"]) == (201, second.json()["id"])
    assert first.json()["name"] == "little, as it ships"
    assert (first.json()["trained_images"], first.json()["data"]) == (1, {"set": "parks"})
    assert first.json()["weights_sha256"] == weights.fingerprint(folder)
    refusal = client.post(f"/api/v1/studies/{study.slug}/model-versions/", {"shipped": "../little"})
    assert (refusal.status_code, refusal.json()["code"]) == (404, "shipped_network_not_found")
    assert "little" in refusal.json()["detail"]


def test_what_ships_with_the_repository_can_be_taken_in(study: Study, ml_engineer: User) -> None:
    answer = client_for(ml_engineer).post(f"/api/v1/studies/{study.slug}/model-versions/", {"shipped": "tiny"})
    assert (answer.status_code, answer.json()["preset"]) == (201, "tiny")
    assert "Model card" in answer.json()["model_card"] or "#" in answer.json()["model_card"]


def test_the_first_promotion_needs_nothing_and_the_second_a_comparison_or_a_reason(study: Study, admin: User) -> None:
    first, second = taken_in(study), taken_in(study, seed=1)
    client = client_for(admin)
    assert client.post(f"/api/v1/model-versions/{first.pk}/promote/", {}).json()["is_current"] is True
    refusal = client.post(f"/api/v1/model-versions/{second.pk}/promote/", {})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "comparison_missing")
    assert refusal.json()["serving"] == str(first.pk)
    # Blanks are no reason.
    assert client.post(f"/api/v1/model-versions/{second.pk}/promote/", {"override_reason": "  "}).status_code == 409
    promoted = client.post(f"/api/v1/model-versions/{second.pk}/promote/", {"override_reason": "It is faster."})
    assert (promoted.status_code, promoted.json()["override_reason"]) == (200, "It is faster.")
    assert promoted_model(study) == second
    event = AuditEvent.objects.filter(action="model_promoted").latest("at")
    assert (event.actor, event.details["reason"]) == (admin, "It is faster.")
    again = client.post(f"/api/v1/model-versions/{second.pk}/promote/", {})
    assert (again.json()["id"], Promotion.objects.count()) == (promoted.json()["id"], 2)
    listed = client.get(f"/api/v1/model-versions/?study={study.slug}").json()["results"]
    assert {row["number"]: row["is_promoted"] for row in listed} == {1: False, 2: True}


def test_rolling_back_is_a_pointer(study: Study, admin: User) -> None:
    models = [taken_in(study, seed=seed) for seed in range(3)]
    for model in models:
        services.promote(model=model, by=admin, override_reason="For the test.")
    client = client_for(admin)
    path = f"/api/v1/studies/{study.slug}/promotions/roll-back/"
    assert client.post(path, {"reason": ""}).status_code == 400
    served = [client.post(path, {"reason": "It calls all blurred."}).json()["model"] for _ in range(3)]
    assert served == [str(models[1].pk), str(models[0].pk), None]
    assert client.post(path, {"reason": "Once more."}).json()["code"] == "nothing_to_roll_back"
    assert promoted_model(study) is None
    history = client.get(f"/api/v1/studies/{study.slug}/promotions/").json()["results"]
    assert [row["number"] for row in history] == [None, 1, 2, 3, 2, 1]
    assert [row["is_current"] for row in history] == [True] + [False] * 5


def release_with_test_images(study: Study, count: int = 6) -> tuple[Release, list[Image]]:
    """A release of so many images, all of the test split."""
    people = raters_of(study, 1)
    study.raters_per_roi = 1
    study.save()
    images: list[Image] = []
    for original in (picture_bytes(seed=seed) for seed in itertools.count(1000)):
        sha256 = hashlib.sha256(original).hexdigest()
        if split_of(sha256) != "test":
            continue
        image = Image.objects.create(
            sha256=sha256, split="test", width=160, height=120, format="PNG", byte_size=len(original)
        )
        put(image.display_key, original)
        study.study_images.create(image=image, file_name=f"{len(images)}.png")
        level = len(images) % 5
        rate(make_roi(study, image), people, [answer(quality=level, importance=4 - level, blur=level)])
        rate(make_roi(study, image, box=(80, 20, 60, 80)), people, [answer(quality=4 - level)])
        images.append(image)
        if len(images) == count:
            break
    release = freeze(study)
    assert release.state == "ready", release.failure
    return release, images


def compared(model: ModelVersion, other: ModelVersion, **options: Any) -> Job:
    job = comparing.start_comparison(model=model, other=other, user_id=None, **options)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


@COMMITS
def test_two_models_are_compared_on_the_frozen_test_split(study: Study, admin: User) -> None:
    _, images = release_with_test_images(study)
    first, second = taken_in(study), taken_in(study, seed=1, trained_images=[images[0].sha256])
    client = client_for(admin)
    path = f"/api/v1/model-versions/{second.pk}/compare/{first.pk}/"
    assert client.get(path).json() | {"note": ""} == {"state": "missing", "note": "", "job": None, "comparison": None}
    started = client.post(path)
    assert (started.status_code, client.post(path).json()["id"]) == (202, started.json()["id"])
    assert client.get(path).json()["state"] == "computing"
    jobs.run(started.json()["id"])
    shown = client.get(path).json()
    result = shown["comparison"]
    assert (shown["state"], shown["job"]) == ("ready", started.json()["id"]), shown["note"]
    assert (result["n_rois"], result["n_images"], result["images_left_out"]) == (10, 5, 1)
    assert set(result["metrics"]) == {
        "quality_srocc", "quality_plcc", "importance_srocc", "importance_plcc", "types_f1"
    }  # fmt: skip
    for one in result["metrics"].values():
        assert one["difference"] == pytest.approx(one["a"] - one["b"])
        assert one["interval"][0] <= one["difference"] <= one["interval"][1]
        assert one["not_worse"] == (one["interval"][1] >= 0 and one["difference"] >= -result["margin"])
    assert result["not_worse"] == all(one["not_worse"] for one in result["metrics"].values())


@COMMITS
def test_a_second_comparison_scores_nothing_again(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    release_with_test_images(study, 3)
    first, second = taken_in(study), taken_in(study, seed=1)
    one = compared(second, first)
    assert one.state == "succeeded", one.message

    def never(*_: Any) -> Any:
        raise AssertionError("a network was asked again")

    monkeypatch.setattr(ml.worker.comparison_tasks, "network_of", never)
    mirrored = compared(first, second)
    assert mirrored.state == "succeeded", mirrored.message
    for name, metric in one.report["metrics"].items():
        assert mirrored.report["metrics"][name]["difference"] == pytest.approx(-metric["difference"])


@COMMITS
def test_one_test_image_is_too_few_for_an_interval(study: Study) -> None:
    _, images = release_with_test_images(study, 2)
    first, second = taken_in(study), taken_in(study, seed=1, trained_images=[images[0].sha256])
    refused = compared(second, first)
    assert (refused.state, bool(refused.report)) == ("failed", False)
    assert "has 1 test image that neither model was trained on" in refused.message
    assert "Label more test images" in refused.message


def test_a_study_without_a_release_or_a_test_split_says_what_to_do(study: Study, admin: User) -> None:
    first, second = taken_in(study), taken_in(study, seed=1)
    assert "freeze one" in compared(second, first).message
    shown = client_for(admin).get(f"/api/v1/model-versions/{second.pk}/compare/{first.pk}/").json()
    assert (shown["state"], shown["comparison"]) == ("impossible", None)
    assert "freeze one" in shown["note"]
    services.promote(model=first, by=admin)
    refusal = client_for(admin).post(f"/api/v1/model-versions/{second.pk}/promote/", {}).json()
    assert (refusal["code"], refusal["comparison_state"]) == ("comparison_missing", "impossible")
    assert "freeze one" in refusal["detail"]


def with_comparison(model: ModelVersion, other: ModelVersion, *, not_worse: bool) -> None:
    """A finished comparison with this outcome."""
    job = comparing.start_comparison(model=model, other=other, user_id=None)
    metric = {"a": 0.5, "b": 0.5, "difference": 0.0, "interval": [-0.1, 0.1], "not_worse": not_worse}
    report = {"metrics": {"quality_srocc": metric}, "not_worse": not_worse}
    Job.objects.filter(pk=job.pk).update(state="succeeded", report=report, finished_at=job.created_at)


def test_only_a_model_that_is_not_worse_is_promoted_without_a_reason(study: Study, admin: User) -> None:
    serving, worse, equal = (taken_in(study, seed=seed) for seed in range(3))
    services.promote(model=serving, by=admin)
    with_comparison(worse, serving, not_worse=False)
    with_comparison(equal, serving, not_worse=True)
    with pytest.raises(Worse, match="quality_srocc"):
        services.promote(model=worse, by=admin)
    promotion = services.promote(model=equal, by=admin)
    assert promotion.comparison["not_worse"] is True
    # What was compared with the model before says nothing of this one.
    with pytest.raises(ComparisonMissing):
        services.promote(model=worse, by=admin)


def perfect(study: Study, release: Release, place: Path, *, seed: int) -> ModelVersion:
    """A model whose run wrote predictions of the release's test part that are all right."""
    lines = []
    records = json.loads(exported(release, "seagull"))
    sha256_of = {one["id"]: one["sha256"] for one in records["images"]}
    for one in records["annotations"]:
        scales = {scale: _certain(one[scale]["mean"]) for scale in ("quality", "importance")}
        present = {name: float(label["present"]) for name, label in one["distortions"].items()}
        severity = dict.fromkeys(DISTORTIONS, [0.2] * 5)
        known = {"image_id": sha256_of[one["image_id"]], "roi_id": one["roi"], "labels": {}, "clean": 0.0}
        lines.append(json.dumps({**known, **scales, "present": present, "severity": severity}))
    return services.add_model_version(
        study=study,
        folder=copied(seed, place, predictions_jsonl="\n".join(lines)),
        stage="scratch",
        release=release.pk,
    )


def _certain(mean: float) -> list[float]:
    return [float(level == round(mean)) for level in range(5)]


@COMMITS
@pytest.mark.parametrize("better", ["the new one", "the one that serves"])
def test_a_rule_promotes_only_what_is_not_worse(study: Study, better: str, tmp_path: Path) -> None:
    release = release_with_test_images(study)[0]
    if better == "the new one":
        first, second = taken_in(study), perfect(study, release, tmp_path / "perfect", seed=1)
    else:
        first, second = perfect(study, release, tmp_path / "perfect", seed=1), taken_in(study)
    promotion = services.promote_automatically(model=first)
    assert promotion is not None
    assert promotion.automatic
    assert services.promote_automatically(model=second) is None
    job = Job.objects.get(kind=comparing.KIND)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.report["not_worse"] is (better == "the new one"), job.message
    assert job.report["metrics"]["quality_srocc"]["a" if better == "the new one" else "b"] == pytest.approx(1)
    assert promoted_model(study) == (second if better == "the new one" else first)


def test_models_of_two_studies_are_not_compared(study: Study, admin: User, foreign_admin: User) -> None:
    mine, theirs = taken_in(study), taken_in(foreign_admin.memberships.get().study)
    path = f"/api/v1/model-versions/{mine.pk}/compare/{theirs.pk}/"
    assert client_for(admin).get(path).status_code == 404
    assert random_weights(0).is_dir()
