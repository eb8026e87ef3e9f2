"""Segmentation models over HTTP: which there are, their decoders, embeddings, and masks decoded on the server."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent, Job
from roiqa.images.models import Image
from roiqa.regions import decoding
from roiqa.regions.embeddings import key_of, storage_key
from roiqa.regions.segmentation_models import SegmentationModel
from roiqa.studies import segmentation_views
from roiqa.studies.models import Study, StudyImage
from tests.api.factories import client_for, make_image, make_member, make_study, store_embedding, token_client_for
from tests.api.import_files import run_import
from tests.unit.images.pictures import jpeg

CLICK = {"points": [{"x": 80, "y": 60}]}


@pytest.fixture(autouse=True)
def forget(tiny_sam: SegmentationModel) -> Iterator[None]:
    yield
    for cached in (decoding._sessions, decoding._embeddings, decoding._queue, segmentation_views._limit):
        cached.cache_clear()


@pytest.fixture
def image(study: Study) -> Image:
    study.segmentation_model = "tiny-sam"
    study.save()
    return make_image(study, with_files=True)


def embedding_url(image: Image) -> str:
    return f"/api/v1/images/{image.pk}/embedding/"


def decode_url(image: Image) -> str:
    return f"/api/v1/images/{image.pk}/decode/"


# Models.


def test_the_list_says_what_a_browser_needs(stranger: User, tiny_sam: SegmentationModel, settings: Any) -> None:
    [model] = client_for(stranger).get("/api/v1/segmentation-models/").json()
    assert model == {
        "id": "tiny-sam",
        "title": "Tiny SAM",
        "family": "sam",
        "version": tiny_sam.weights_sha256[:12],
        "geometry": "pad",
        "input_size": 128,
        "low_res": [32, 32],
        "embedding": [{"name": "image_embeddings", "shape": [32, 8, 8]}],
        "decoder": {
            "url": "/api/v1/segmentation-models/tiny-sam/decoder/",
            "sha256": tiny_sam.decoder_sha256,
            "bytes": tiny_sam.decoder_bytes,
        },
        "licence": "Apache-2.0",
        "is_default": False,
    }
    settings.SEGMENTATION_MODEL = "tiny-sam"
    assert client_for(stranger).get("/api/v1/segmentation-models/").json()[0]["is_default"] is True


def test_the_decoder_is_one_immutable_file(stranger: User, tiny_sam: SegmentationModel) -> None:
    client, url = client_for(stranger), "/api/v1/segmentation-models/tiny-sam/decoder/"
    first = client.get(url, headers={"Accept": "application/octet-stream"})
    assert hashlib.sha256(first.content).hexdigest() == tiny_sam.decoder_sha256
    assert (first["ETag"], first["Content-Type"]) == (f'"{tiny_sam.decoder_sha256}"', "application/octet-stream")
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["sam-vit-h", "region-tree", "..", "a" * 300])
def test_a_model_that_is_not_there_has_no_decoder(stranger: User, name: str) -> None:
    answer = client_for(stranger).get(f"/api/v1/segmentation-models/{name}/decoder/")
    assert (answer.status_code, answer.json()["code"]) == (404, "segmentation_model_not_found")


# What a study uses.


def test_a_new_study_uses_what_the_installation_says(admin: User, settings: Any) -> None:
    admin.can_create_studies = True
    admin.save()
    client = client_for(admin)
    assert client.post("/api/v1/studies/", {"title": "One"}).json()["segmentation_model"] == "region-tree"
    settings.SEGMENTATION_MODEL = "tiny-sam"
    assert client.post("/api/v1/studies/", {"title": "Two"}).json()["segmentation_model"] == "tiny-sam"
    chosen = client.post("/api/v1/studies/", {"title": "Three", "segmentation_model": "region-tree"})
    assert chosen.json()["segmentation_model"] == "region-tree"
    refused = client.post("/api/v1/studies/", {"title": "Four", "segmentation_model": "sam-vit-h"})
    assert (refused.status_code, refused.json()["code"]) == (422, "segmentation_model_unknown")
    assert "tiny-sam" in refused.json()["fields"]["segmentation_model"][0]


def test_choosing_a_model_starts_its_embeddings_once(admin: User, study: Study) -> None:
    client, url = client_for(admin), f"/api/v1/studies/{study.slug}/"
    assert client.patch(url, {"segmentation_model": "sam-vit-h"}).status_code == 422
    assert client.patch(url, {"segmentation_model": 7}).status_code == 400
    assert not Job.objects.exists()
    for _ in range(2):
        changed = client.patch(url, {"segmentation_model": "tiny-sam"})
        assert (changed.status_code, changed.json()["segmentation_model"]) == (200, "tiny-sam")
    [job] = Job.objects.all()
    assert (job.kind, job.payload) == ("embeddings", {"study_id": study.pk, "model": "tiny-sam"})
    assert client.patch(url, {"segmentation_model": "region-tree"}).status_code == 200
    assert Job.objects.count() == 1
    details = [event.details["after"] for event in AuditEvent.objects.filter(action="study_changed").order_by("pk")]
    assert details == [{"segmentation_model": "tiny-sam"}, {"segmentation_model": "region-tree"}]


def test_only_admins_choose_the_model(annotator: User, ml_engineer: User, study: Study) -> None:
    for user in (annotator, ml_engineer):
        answer = client_for(user).patch(f"/api/v1/studies/{study.slug}/", {"segmentation_model": "tiny-sam"})
        assert answer.status_code == 403


def test_an_import_starts_the_embeddings_of_a_study_with_a_model(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.jpg": jpeg(seed=500)})
    assert not Job.objects.filter(kind="embeddings").exists()
    Study.objects.filter(pk=study.pk).update(segmentation_model="tiny-sam")
    run_import(admin, study, {"b.jpg": jpeg(seed=501)})
    run_import(admin, study, {"b.jpg": jpeg(seed=501)})
    assert Job.objects.filter(kind="embeddings").count() == 1


# Embeddings.


def test_an_embedding_is_one_immutable_file(admin: User, image: Image, tiny_sam: SegmentationModel) -> None:
    stored = store_embedding(image, tiny_sam)
    client = client_for(admin)
    first = client.get(embedding_url(image), headers={"Accept": "application/octet-stream"})
    assert (first.status_code, first.content, first["ETag"]) == (200, stored, f'"{key_of(image, tiny_sam)}"')
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(embedding_url(image), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(embedding_url(image), {"model": "tiny-sam"}).content == stored


def test_a_missing_embedding_is_said_and_asking_for_it_starts_one_job(
    admin: User, ml_engineer: User, image: Image, tiny_sam: SegmentationModel
) -> None:
    client = client_for(admin)
    answer = client.get(embedding_url(image))
    assert (answer.status_code, answer.json()["code"], "job" in answer.json()) == (409, "embedding_not_ready", False)
    started = client.post(embedding_url(image))
    assert (started.status_code, started.json()["kind"]) == (202, "embeddings")
    assert (
        client_for(ml_engineer).post(embedding_url(image), {"model": "tiny-sam"}).json()["id"] == started.json()["id"]
    )
    assert client.get(embedding_url(image)).json()["job"] == started.json()["id"]
    assert client.post(decode_url(image), CLICK).json()["code"] == "embedding_not_ready"
    store_embedding(image, tiny_sam)
    assert client.post(embedding_url(image)).status_code == 204


def test_the_job_of_the_study_is_named_too(admin: User, image: Image, study: Study) -> None:
    client = client_for(admin)
    Study.objects.filter(pk=study.pk).update(segmentation_model="region-tree")
    client.patch(f"/api/v1/studies/{study.slug}/", {"segmentation_model": "tiny-sam"})
    assert client.get(embedding_url(image)).json()["job"] == str(Job.objects.get().pk)


def test_a_study_of_region_trees_has_no_embeddings_unless_a_model_is_named(
    admin: User, study: Study, tiny_sam: SegmentationModel
) -> None:
    image, client = make_image(study, with_files=True), client_for(admin)
    for answer in (
        client.get(embedding_url(image)),
        client.post(embedding_url(image)),
        client.post(decode_url(image), CLICK),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "no_segmentation_model")
    assert client.get(embedding_url(image), {"model": "tiny-sam"}).json()["code"] == "embedding_not_ready"
    assert client.get(embedding_url(image), {"model": "sam-vit-h"}).status_code == 404
    assert client.get(embedding_url(image), {"modell": "tiny-sam"}).status_code == 400
    assert client.post(embedding_url(image), {"model": "tiny-sam"}).status_code == 202


def test_annotators_get_it_where_they_draw(
    annotator: User, study: Study, image: Image, tiny_sam: SegmentationModel
) -> None:
    store_embedding(image, tiny_sam)
    client = client_for(annotator)
    calls = (lambda: client.get(embedding_url(image)), lambda: client.post(decode_url(image), CLICK))
    for call in calls:
        assert (call().status_code, call().json()["code"]) == (403, "drawing_closed")
    Study.objects.filter(pk=study.pk).update(annotators_draw=True)
    for call in calls:
        assert call().status_code == 200


def test_strangers_cannot_tell_that_the_image_exists(stranger: User, foreign_admin: User, image: Image) -> None:
    for user in (stranger, foreign_admin):
        client = client_for(user)
        answers = (
            client.get(embedding_url(image)),
            client.post(embedding_url(image)),
            client.post(decode_url(image), CLICK),
        )
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")


# Decoding on the server.


def test_masks_come_whole_with_their_boxes(admin: User, image: Image, tiny_sam: SegmentationModel) -> None:
    store_embedding(image, tiny_sam)
    answer = token_client_for(admin).post(decode_url(image), {**CLICK, "candidates": "all"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["model"], len(body["candidates"])) == ("tiny-sam", 3)
    scores = [candidate["iou_prediction"] for candidate in body["candidates"]]
    assert scores == sorted(scores, reverse=True)
    for candidate in body["candidates"]:
        assert candidate["segmentation"]["size"] == [120, 160]
        assert candidate["area"] > 0
    best = token_client_for(admin).post(decode_url(image), CLICK).json()["candidates"]
    assert best == body["candidates"][:1]


def test_a_decoded_mask_is_an_roi_that_can_be_drawn(
    admin: User, study: Study, image: Image, tiny_sam: SegmentationModel
) -> None:
    store_embedding(image, tiny_sam)
    client = client_for(admin)
    [best] = client.post(decode_url(image), {"points": [], "box": [10, 10, 120, 100]}).json()["candidates"]
    roi = {"study": study.slug, "level": "object", "segmentation": best["segmentation"]}
    drawn = client.post(f"/api/v1/images/{image.pk}/rois/", roi)
    assert drawn.status_code == 201, drawn.json()
    assert (drawn.json()["bbox"], drawn.json()["area"]) == (best["bbox"], best["area"])


def unpack(content: bytes) -> tuple[dict[str, Any], np.ndarray]:
    length = struct.unpack_from("<I", content, 4)[0]
    header = json.loads(content[8 : 8 + length])
    shape = (len(header["candidates"]), *header["low_res"])
    assert (content[:4], length % 4, len(content)) == (b"RQD1", 0, 8 + length + 2 * int(np.prod(shape)))
    return header, np.frombuffer(content, dtype="<f2", offset=8 + length).reshape(shape)


def test_logits_come_binary_and_go_back_as_the_mask_so_far(
    admin: User, image: Image, tiny_sam: SegmentationModel
) -> None:
    store_embedding(image, tiny_sam)
    client = client_for(admin)
    binary = {"Accept": "application/octet-stream"}
    answer = client.post(decode_url(image), {**CLICK, "candidates": "all"}, headers=binary)
    assert (answer["Content-Type"], answer["Vary"]) == ("application/octet-stream", "Accept, Cookie")
    header, logits = unpack(answer.content)
    assert header["model"] == "tiny-sam"
    assert sorted(candidate["index"] for candidate in header["candidates"]) == [1, 2, 3]
    points = [{"x": 80, "y": 60}, {"x": 20, "y": 100, "positive": False}]
    previous = base64.b64encode(logits[0].tobytes()).decode()
    header, corrected = unpack(
        client.post(decode_url(image), {"points": points, "previous": previous}, headers=binary).content
    )
    assert ([candidate["index"] for candidate in header["candidates"]], corrected.shape) == ([0], (1, 32, 32))
    alone = unpack(client.post(decode_url(image), {"points": points}, headers=binary).content)[1]
    assert not np.array_equal(alone, corrected)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "points"),
        ({"points": []}, 422, "points"),
        ({"points": [{"x": 160, "y": 0}]}, 422, "points[0]"),
        ({"points": [{"x": 5, "y": 5}, {"x": 0, "y": 120}]}, 422, "points[1]"),
        ({"points": [{"x": 1.5, "y": 0}]}, 400, "points.0.x"),
        ({"points": [{"x": -1, "y": 0}]}, 400, "points.0.x"),
        ({"points": [{"x": 1, "y": 0, "positive": 1}]}, 400, "points.0.positive"),
        ({"points": [{"x": 1, "y": 1}] * 101}, 400, "points"),
        ({"box": [0, 0, 161, 10]}, 422, "box"),
        ({"box": [10, 10, 10, 20]}, 422, "box"),
        ({"box": [20, 10, 10, 20]}, 422, "box"),
        ({"box": [0, 0, 10]}, 400, "box"),
        ({**CLICK, "previous": "not base64!"}, 400, "previous"),
        ({**CLICK, "previous": base64.b64encode(b"\0" * 100).decode()}, 422, "previous"),
        ({**CLICK, "previous": base64.b64encode(b"\xff\x7f" * 1024).decode()}, 422, "previous"),
        ({**CLICK, "candidates": "some"}, 400, "candidates"),
        ({**CLICK, "prompt": 1}, 400, "prompt"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_prompt_is_refused_with_its_field(
    admin: User, image: Image, tiny_sam: SegmentationModel, body: dict[str, Any], status: int, field: str
) -> None:
    store_embedding(image, tiny_sam)
    answer = client_for(admin).post(decode_url(image), body)
    assert (answer.status_code, list(answer.json()["fields"])) == (status, [field]), answer.json()


def test_a_busy_server_says_when_to_come_again(
    admin: User, image: Image, tiny_sam: SegmentationModel, settings: Any
) -> None:
    store_embedding(image, tiny_sam)
    settings.DECODE_AT_ONCE, settings.DECODE_WAITING = 1, 0
    with decoding._queue().turn():
        answer = client_for(admin).post(decode_url(image), CLICK)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "busy", "1")
    assert client_for(admin).post(decode_url(image), CLICK).status_code == 200


def test_each_person_has_a_rate_of_their_own(
    admin: User, ml_engineer: User, image: Image, tiny_sam: SegmentationModel, settings: Any
) -> None:
    store_embedding(image, tiny_sam)
    settings.DECODE_PER_MINUTE = 12
    client = client_for(admin)
    assert [client.post(decode_url(image), CLICK).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.post(decode_url(image), CLICK)
    assert 1 <= int(refused["Retry-After"]) <= 5
    assert client_for(ml_engineer).post(decode_url(image), CLICK).status_code == 200


def test_a_file_that_is_no_embedding_is_made_again(admin: User, image: Image, tiny_sam: SegmentationModel) -> None:
    default_storage.save(storage_key(image, tiny_sam), ContentFile(b"RQE1 and then nothing"))
    client = client_for(admin)
    assert client.post(embedding_url(image)).status_code == 204
    answer = client.post(decode_url(image), CLICK)
    assert (answer.status_code, answer.json()["code"]) == (409, "embedding_not_ready")
    assert client.post(embedding_url(image)).status_code == 202


def test_the_same_picture_in_a_study_of_another_model(
    admin: User, study: Study, image: Image, tiny_sam: SegmentationModel
) -> None:
    """Each study has its own model, the picture only one embedding of each; a model comes before the region tree."""
    store_embedding(image, tiny_sam)
    other = make_study("plains", segmentation_model="tiny-sam")
    make_member(other, "admin", user=admin)
    StudyImage.objects.create(study=other, image=image, file_name="a.png")
    Study.objects.filter(pk=study.pk).update(segmentation_model="region-tree")
    assert client_for(admin).post(decode_url(image), CLICK).json()["model"] == "tiny-sam"


def test_reading_and_decoding_ask_the_database_little(
    admin: User, image: Image, tiny_sam: SegmentationModel, django_assert_max_num_queries: Any
) -> None:
    store_embedding(image, tiny_sam)
    client = client_for(admin)
    client.post(decode_url(image), CLICK)
    with django_assert_max_num_queries(4):
        client.post(decode_url(image), CLICK)
    with django_assert_max_num_queries(4):
        client.get(embedding_url(image))
    with django_assert_max_num_queries(2):
        client.get("/api/v1/segmentation-models/")
