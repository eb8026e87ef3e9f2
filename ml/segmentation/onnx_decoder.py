"""The mask decoder as one ONNX file: weights in 16 bits, arithmetic in 32, checked against torch.

The inputs and outputs are in docs/segmentation.md. Weights of 1,024 values and more are stored as float16 with a Cast
behind each, which onnxruntime folds when it loads the file: half the bytes, and the same speed as before.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from ml.segmentation.geometry import prompt_arrays
from ml.segmentation.prompts import Box, Logits, Pixels, Point, Prompt
from ml.segmentation.sam_backend import SAMBackend, SAMImage

OPSET = 18
OUTPUTS = ("low_res_masks", "iou_predictions")
PROMPT_INPUTS = ("point_coords", "point_labels", "mask_input", "has_mask_input")
# The matrix that encodes positions has 256 values in SAM and multiplies whole periods: it stays in 32 bits.
HALVED_FROM = 1024


def decoder_bytes(backend: SAMBackend) -> bytes:
    """decoder.onnx of a model."""
    graph = _exported(backend)
    _halve_weights(graph)
    _strip(graph)
    onnx.checker.check_model(graph)
    data: bytes = graph.SerializeToString(deterministic=True)
    return data


def session_of(decoder: bytes) -> Any:
    """An onnxruntime session on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(decoder, options, providers=["CPUExecutionProvider"])


def run_decoder(session: Any, image: SAMImage, prompt: Prompt) -> tuple[Logits, np.ndarray[Any, np.dtype[np.float32]]]:
    """What `SAMImage.decode` gives for one prompt, from onnxruntime: logits (4 x L x L) and predicted IoU (4)."""
    coords, labels = prompt_arrays(prompt, image_size=image.image_size, resized=image.resized)
    size = image.backend.manifest.low_res
    previous = np.zeros(size, dtype=np.float32) if prompt.previous is None else prompt.previous
    names = (*image.backend.decoder.feature_names, *PROMPT_INPUTS)
    given = (
        *(feature.cpu().numpy() for feature in image.features),
        coords[None],
        labels[None],
        previous[None, None].astype(np.float32),
        np.array([prompt.previous is not None], dtype=np.float32),
    )
    masks, scores = session.run(OUTPUTS, dict(zip(names, given, strict=True)))
    return masks[0], scores[0]


def overlaps_with_torch(backend: SAMBackend, decoder: bytes) -> dict[str, float]:
    """IoU of torch's and onnxruntime's masks, all four together, for prompts of every kind."""
    session = session_of(decoder)
    image = backend.prepare(_picture())
    overlaps = {}
    for name, prompt in _prompts(image).items():
        torch_logits, _ = image.decode([prompt])
        onnx_logits, _ = run_decoder(session, image, prompt)
        first, second = torch_logits[0] > 0, onnx_logits > 0
        union = int(np.count_nonzero(first | second))
        overlaps[name] = np.count_nonzero(first & second) / union if union else 1.0
    return overlaps


def _prompts(image: SAMImage) -> dict[str, Prompt]:
    points = (Point(50, 40), Point(20, 70), Point(100, 15, positive=False), Point(64, 64), Point(5, 5, positive=False))
    box = Box(24, 20, 90, 75)
    previous = image.decode([Prompt(points=points[:1])])[0][0, 1]
    return {
        "one point": Prompt(points=points[:1]),
        "two points": Prompt(points=points[:2]),
        "five points": Prompt(points=points),
        "box": Prompt(box=box),
        "box and a point": Prompt(points=points[2:3], box=box),
        "two points and a mask": Prompt(points=points[:2], previous=previous),
        "box and a mask": Prompt(box=box, previous=previous),
    }


def _picture() -> Pixels:
    """Discs of a few colours on a slope of grey, 128 x 96."""
    rows, columns = np.mgrid[:96, :128]
    picture = np.stack([rows, columns, rows + columns], axis=-1).astype(np.float64)
    for x, y, radius, colour in (
        (50, 40, 24, (210, 60, 40)),
        (95, 70, 18, (40, 90, 200)),
        (18, 72, 14, (240, 230, 90)),
    ):
        picture[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = colour
    return np.clip(picture, 0, 255).astype(np.uint8)


def _exported(backend: SAMBackend) -> onnx.ModelProto:
    manifest, decoder = backend.manifest, backend.decoder
    example = [torch.zeros(1, *part.shape) for part in manifest.embedding]
    # More than one point: a size of 1 would be taken for a constant.
    prompt = [
        torch.tensor([[[8.0, 8.0], [16.0, 24.0], [0.0, 0.0]]]),
        torch.tensor([[1.0, 0.0, -1.0]]),
        torch.zeros(1, 1, *manifest.low_res),
        torch.zeros(1),
    ]
    points = torch.export.Dim("points", min=1, max=1024)
    shapes = (*({} for _ in example), {1: points}, {1: points}, {}, {})
    device = backend.device
    try:
        decoder.cpu()
        with _quiet():
            program = torch.onnx.export(
                decoder,
                (*example, *prompt),
                dynamo=True,
                dynamic_shapes=shapes,
                input_names=[*decoder.feature_names, *PROMPT_INPUTS],
                output_names=list(OUTPUTS),
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
    finally:
        decoder.to(device)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program.")
    graph: onnx.ModelProto = program.model_proto
    return graph


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch 2.13 says of itself during an export."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec.*deprecated", category=FutureWarning)
            warnings.filterwarnings("ignore", message=".*The axis name: points will not be used", category=UserWarning)
            yield
    finally:
        logger.setLevel(level)


def _halve_weights(graph: onnx.ModelProto) -> None:
    weights = graph.graph.initializer
    casts = []
    for weight in list(weights):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < HALVED_FROM:
            continue
        halved = f"{weight.name}.half"
        casts.append(onnx.helper.make_node("Cast", [halved], [weight.name], to=onnx.TensorProto.FLOAT))
        weights.remove(weight)
        weights.append(numpy_helper.from_array(values.astype(np.float16), halved))
    nodes = [*casts, *graph.graph.node]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)


def _strip(graph: onnx.ModelProto) -> None:
    """Without the exporter's notes: they name files of the machine that exported, and weigh as much as a small decoder."""
    del graph.metadata_props[:]
    del graph.graph.metadata_props[:]
    del graph.graph.value_info[:]
    graph.graph.doc_string = ""
    for node in graph.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        node.name = ""
    for value in (*graph.graph.input, *graph.graph.output):
        del value.metadata_props[:]
