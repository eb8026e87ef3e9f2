"""Masks decoded in the web process: onnxruntime on the CPU, behind a bounded queue.

The browser does the same with the same file (`annotator_ui/src/sam`); this is its fallback, and the faster of the two on
weak machines. Nothing of a request outlives it: the caches hold sessions and embeddings, which no request changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.storage import default_storage
from numpy.typing import NDArray

from roiqa.core.byte_cache import ByteCache
from roiqa.core.gates import BoundedQueue
from roiqa.images.models import Image
from roiqa.regions import embeddings
from roiqa.regions.embeddings import Embedding
from roiqa.regions.segmentation_models import SegmentationModel, decoder_bytes

Logits = NDArray[np.float32]

PATIENCE_SECONDS = 5.0
# A session holds its weights unpacked (fp16 in the file) and what the kernels pre-pack.
_SESSION_BYTES_PER_FILE_BYTE = 4


@dataclass(frozen=True)
class Prompt:
    """Points as (x, y, positive), a half-open box (x0, y0, x1, y1), both in image pixels; the low-res logits so far."""

    points: Sequence[tuple[int, int, bool]]
    box: tuple[int, int, int, int] | None = None
    previous: Logits | None = None

    @property
    def is_ambiguous(self) -> bool:
        """A single click on its own: the model then has three answers, otherwise one."""
        alone = len(self.points) == 1 and self.box is None and self.previous is None
        return alone and self.points[0][2]


@dataclass(frozen=True)
class DecodedCandidate:
    """`index` is the decoder's; `logits` are low_res, rows x columns."""

    index: int
    iou_prediction: float
    logits: Logits


def load_embedding(image: Image, model: SegmentationModel) -> Embedding:
    """The image's embedding from memory or storage. Raises FileNotFoundError, EmbeddingBroken."""

    def read() -> Embedding:
        with default_storage.open(embeddings.storage_key(image, model), "rb") as stored:
            return embeddings.read_embedding(stored.read(), image=image, model=model)

    return _embeddings().get(embeddings.key_of(image, model), read)


def decode(model: SegmentationModel, embedding: Embedding, prompt: Prompt) -> list[DecodedCandidate]:
    """Candidates, the model's own choice first: three for one positive click alone, one for anything else.

    Raises TooManyRequests, DecoderBroken.
    """
    coordinates, labels = _points(model, embedding, prompt)
    rows, columns = model.low_res
    previous = np.zeros((rows, columns), dtype=np.float32) if prompt.previous is None else prompt.previous
    given = {
        **embedding.tensors,
        "point_coords": coordinates[None],
        "point_labels": labels[None],
        "mask_input": previous[None, None],
        "has_mask_input": np.array([prompt.previous is not None], dtype=np.float32),
    }
    with _queue().turn():
        session = _sessions().get(model.decoder_sha256, lambda: _Session.of(model))
        masks, scores = session.run(given)
    order = sorted(range(1, len(scores)), key=lambda index: -float(scores[index])) if prompt.is_ambiguous else [0]
    return [DecodedCandidate(index, float(scores[index]), masks[index]) for index in order]


def _points(model: SegmentationModel, embedding: Embedding, prompt: Prompt) -> tuple[Logits, Logits]:
    """Coordinates [N, 2] in pixels of the model's input and labels [N], as the exported decoder wants them."""
    (height, width), (resized_height, resized_width) = embedding.image_size, embedding.resized
    scale = np.array([resized_width / width, resized_height / height])
    places = [(x, y) for x, y, _ in prompt.points]
    labels = [1 if positive else 0 for *_, positive in prompt.points]
    coordinates = np.array(places, dtype=np.float64).reshape(-1, 2) * scale
    if prompt.box is None:
        # As segment_anything does: the padding point stands for the box that is not there.
        coordinates = np.concatenate([coordinates, np.zeros((1, 2))])
        labels = [*labels, -1]
    else:
        corners = np.array(prompt.box, dtype=np.float64).reshape(2, 2) * scale
        coordinates = np.concatenate([coordinates, corners])
        labels = [*labels, 2, 3]
    return coordinates.astype(np.float32), np.array(labels, dtype=np.float32)


class _Session:
    """onnxruntime's session of one decoder; running it changes nothing in it."""

    def __init__(self, data: bytes) -> None:
        # Not needed before somebody decodes: an installation of region trees never loads it.
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.DECODE_THREADS
        options.inter_op_num_threads = 1
        # Threads that wait by spinning would take the processors from the other requests.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.byte_size = _SESSION_BYTES_PER_FILE_BYTE * len(data)

    @classmethod
    def of(cls, model: SegmentationModel) -> "_Session":
        return cls(decoder_bytes(model))

    def run(self, given: dict[str, Any]) -> tuple[Logits, Logits]:
        """Masks [4, rows, columns] and their predicted IoU [4]."""
        masks, scores = self._session.run(["low_res_masks", "iou_predictions"], given)
        return masks[0], scores[0]


@lru_cache(maxsize=1)
def _sessions() -> ByteCache[_Session]:
    return ByteCache(max_bytes=settings.DECODE_CACHE_BYTES, size_of=lambda session: session.byte_size)


@lru_cache(maxsize=1)
def _embeddings() -> ByteCache[Embedding]:
    return ByteCache(max_bytes=settings.DECODE_CACHE_BYTES, size_of=lambda embedding: embedding.byte_size)


@lru_cache(maxsize=1)
def _queue() -> BoundedQueue:
    return BoundedQueue(
        at_once=settings.DECODE_AT_ONCE, waiting=settings.DECODE_WAITING, patience_seconds=PATIENCE_SECONDS
    )
