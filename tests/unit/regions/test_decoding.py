"""The server's decoder against the model itself: the same masks, the same choice, and nothing kept between requests."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ml.segmentation import prompts as ml_prompts
from ml.segmentation.embedding import Embedding as StoredEmbedding
from ml.segmentation.models import load
from ml.segmentation.sam_backend import SAMImage
from roiqa.core.errors import TooManyRequests
from roiqa.images.models import Image
from roiqa.regions import decoding
from roiqa.regions.decoding import Prompt
from roiqa.regions.embeddings import Embedding, key_of, read_embedding
from roiqa.regions.enlarging import full_mask
from roiqa.regions.masks import mask_from_array
from roiqa.regions.overlap import ious
from roiqa.regions.segmentation_models import DecoderBroken, SegmentationModel
from tests.conftest import TEST_WEIGHTS

IMAGE = Image(sha256="ab" * 32, width=160, height=120)
PROMPTS = {
    "click": Prompt(points=[(80, 60, True)]),
    "click in the corner": Prompt(points=[(0, 0, True)]),
    "negative click": Prompt(points=[(30, 20, False)]),
    "two clicks": Prompt(points=[(80, 60, True), (20, 100, False)]),
    "many clicks": Prompt(points=[(10 * n, 8 * n, n % 3 != 0) for n in range(1, 8)]),
    "box": Prompt(points=[], box=(20, 10, 140, 100)),
    "whole image": Prompt(points=[], box=(0, 0, 160, 120)),
    "box and click": Prompt(points=[(60, 60, True)], box=(20, 10, 140, 100)),
}


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """No test sees the caches or the queue of another."""
    yield
    for cached in (decoding._sessions, decoding._embeddings, decoding._queue):
        cached.cache_clear()


@pytest.fixture(scope="module")
def torch_image() -> SAMImage:
    """A picture as the model sees it, from the embedding in the form in which it is stored."""
    backend = load(TEST_WEIGHTS / "tiny-sam")
    pixels = np.random.default_rng(1).integers(0, 256, (15, 20, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    return backend.open(StoredEmbedding.from_bytes(backend.encode(pixels).to_bytes(key="")))


@pytest.fixture
def embedding(torch_image: SAMImage, tiny_sam: SegmentationModel) -> Embedding:
    backend = torch_image.backend
    pixels = np.random.default_rng(1).integers(0, 256, (15, 20, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    data = backend.encode(pixels).to_bytes(key=key_of(IMAGE, tiny_sam))
    return read_embedding(data, image=IMAGE, model=tiny_sam)


def as_ml(prompt: Prompt) -> ml_prompts.Prompt:
    points = tuple(ml_prompts.Point(x, y, positive) for x, y, positive in prompt.points)
    box = None if prompt.box is None else ml_prompts.Box(*prompt.box)
    return ml_prompts.Prompt(points=points, box=box, previous=prompt.previous)


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("corrected", [False, True], ids=["first", "with the mask so far"])
def test_masks_and_choice_are_those_of_the_model(
    tiny_sam: SegmentationModel, embedding: Embedding, torch_image: SAMImage, name: str, corrected: bool
) -> None:
    prompt = PROMPTS[name]
    if corrected:
        before = decoding.decode(tiny_sam, embedding, PROMPTS["click"])[0].logits
        prompt = Prompt(points=prompt.points, box=prompt.box, previous=before)
    found = decoding.decode(tiny_sam, embedding, prompt)
    expected = torch_image.predict(as_ml(prompt))
    assert len(found) == len(expected) == (3 if name.startswith("click") and not corrected else 1)
    for here, there in zip(found, expected, strict=True):
        mask = full_mask(here.logits, model=tiny_sam, image_size=(120, 160), resized=embedding.resized)
        assert ious(mask, [mask_from_array(there.mask)])[0] >= 0.99
        # A candidate's score is cut to 0..1; the decoder's number is handed on as it is.
        assert min(max(here.iou_prediction, 0), 1) == pytest.approx(there.score, abs=1e-2)
        assert 0 < mask.area < 120 * 160


def test_the_mask_so_far_changes_the_answer(tiny_sam: SegmentationModel, embedding: Embedding) -> None:
    alone = decoding.decode(tiny_sam, embedding, PROMPTS["two clicks"])[0].logits
    points = PROMPTS["two clicks"].points
    corrected = decoding.decode(tiny_sam, embedding, Prompt(points=points, previous=alone))[0].logits
    assert not np.allclose(alone, corrected)


def test_requests_leave_nothing_behind(tiny_sam: SegmentationModel, embedding: Embedding) -> None:
    """Users of one process at the same time get what each alone would get."""
    alone = {name: decoding.decode(tiny_sam, embedding, prompt)[0].logits for name, prompt in PROMPTS.items()}
    wrong: list[str] = []

    def check(name: str) -> None:
        answers = [decoding.decode(tiny_sam, embedding, PROMPTS[name])[0].logits for _ in range(5)]
        wrong.extend(name for logits in answers if not np.array_equal(logits, alone[name]))

    threads = [threading.Thread(target=check, args=(name,)) for name in PROMPTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_full_queue_sends_away_at_once(tiny_sam: SegmentationModel, embedding: Embedding, settings: Any) -> None:
    settings.DECODE_AT_ONCE, settings.DECODE_WAITING = 1, 0
    with decoding._queue().turn(), pytest.raises(TooManyRequests):
        decoding.decode(tiny_sam, embedding, PROMPTS["click"])


def test_a_decoder_is_loaded_once(
    tiny_sam: SegmentationModel, embedding: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = decoding.decoder_bytes, []
    monkeypatch.setattr(decoding, "decoder_bytes", lambda model: read.append(model.id) or real(model))
    for _ in range(3):
        decoding.decode(tiny_sam, embedding, PROMPTS["click"])
    assert read == ["tiny-sam"]


def test_a_decoder_that_is_not_the_manifests_is_never_run(
    tiny_sam: SegmentationModel, embedding: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(model: SegmentationModel) -> bytes:
        raise DecoderBroken(model)

    monkeypatch.setattr(decoding, "decoder_bytes", changed)
    with pytest.raises(DecoderBroken):
        decoding.decode(tiny_sam, embedding, PROMPTS["click"])
