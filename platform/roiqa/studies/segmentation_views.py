"""Doors to segmentation models: which there are, their decoders, images' embeddings, and masks decoded on the server."""

import json
import logging
import struct
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.core.errors import Conflict, Invalid
from roiqa.core.gates import RateLimit
from roiqa.core.schema import THROTTLED
from roiqa.core.serializers import JobSerializer
from roiqa.images.models import Image
from roiqa.images.serving import ONE_YEAR_SECONDS, serve_file
from roiqa.regions import decoding, embeddings, segmentation_models
from roiqa.regions.decoding import DecodedCandidate, Prompt
from roiqa.regions.embeddings import Embedding, EmbeddingBroken
from roiqa.regions.enlarging import full_mask
from roiqa.regions.segmentation_models import SegmentationModel
from roiqa.studies import drawing
from roiqa.studies import embeddings as study_embeddings
from roiqa.studies.image_views import UNCHANGED, AnyMediaType
from roiqa.studies.segmentation_serializers import (
    DecodedSerializer,
    DecodeInput,
    EmbeddingInput,
    EmbeddingQuery,
    SegmentationModelSerializer,
)

logger = logging.getLogger(__name__)

BINARY = "application/octet-stream"
DECODED_MAGIC = b"RQD1"


class SegmentationModelsView(APIView):
    @extend_schema(
        operation_id="list_segmentation_models",
        summary="The segmentation models of this installation, by id",
        description="`region-tree`, which needs no weights, is not one of them.",
        responses=SegmentationModelSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        context = {"default": settings.SEGMENTATION_MODEL}
        models: Any = segmentation_models.installed()
        return Response(SegmentationModelSerializer(models, many=True, context=context).data)


class DecoderView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_decoder",
        summary="A model's mask decoder: one ONNX file, for the browser",
        description="docs/segmentation.md describes its inputs and outputs. The strong ETag is its sha256.",
        responses={(200, BINARY): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, model_id: str) -> HttpResponseBase:
        model = segmentation_models.find(model_id)
        strong = f'"{model.decoder_sha256}"'
        held = parse_etags(request.headers.get("If-None-Match", ""))
        response: HttpResponse
        if "*" in held or strong in {tag.removeprefix("W/") for tag in held}:
            response = HttpResponseNotModified()
        else:
            response = HttpResponse(segmentation_models.decoder_bytes(model), content_type=BINARY)
        response["ETag"] = strong
        # Weights are no secret of a study, but whoever fetches them is signed in.
        response["Cache-Control"] = f"private, max-age={ONE_YEAR_SECONDS}, immutable"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class EmbeddingView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_embedding",
        summary="The image's embedding (whoever may draw on it)",
        description="Binary, little endian, `RQE1`: docs/segmentation.md describes it. 409 `embedding_not_ready` (with "
        "the id of the `job` that will make it, if one is under way) while it is not computed; POST starts that.",
        parameters=[EmbeddingQuery],
        responses={(200, BINARY): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        image, study = drawing.image_to_draw_on(user=signed_in(request.user), image_id=image_id)
        query = EmbeddingQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        model = study_embeddings.model_for(study=study, asked=query.validated_data.get("model"))
        if not study_embeddings.is_ready(image, model):
            raise _not_ready(image, model)
        return serve_file(
            request._request,
            key=embeddings.storage_key(image, model),
            etag=embeddings.key_of(image, model),
            content_type=BINARY,
        )

    @extend_schema(
        operation_id="compute_embedding",
        summary="Have the image's embedding computed (whoever may draw on it)",
        description="Repeating it while the job is under way answers with the same job.",
        request=EmbeddingInput,
        responses={202: JobSerializer, 204: OpenApiResponse(description="It is there already.")},
    )
    def post(self, request: Request, image_id: UUID) -> Response:
        user = signed_in(request.user)
        image, study = drawing.image_to_draw_on(user=user, image_id=image_id)
        given = EmbeddingInput(data=request.data)
        given.is_valid(raise_exception=True)
        model = study_embeddings.model_for(study=study, asked=given.validated_data.get("model"))
        job = study_embeddings.start_for_image(image=image, study=study, model=model, user_id=user.pk)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


def _not_ready(image: Image, model: SegmentationModel) -> Conflict:
    job = study_embeddings.job_of(image=image, model=model)
    if job is None:
        detail = f"The embedding of this image by {model.id} is not computed yet: POST to its embedding starts that."
    else:
        detail = f"The embedding of this image by {model.id} is being computed: ask again in a second."
    return Conflict(detail, code="embedding_not_ready", extra={"job": str(job.pk)} if job else {})


class DecodeView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="decode_mask",
        summary="The mask of clicks and a box, decoded on the server (whoever may draw)",
        description="`Accept: application/octet-stream` asks for the low-res logits (`RQD1`, docs/segmentation.md) "
        "instead of full masks. 409 `embedding_not_ready` as for the embedding.",
        request=DecodeInput,
        responses={(200, "application/json"): DecodedSerializer, (200, BINARY): OpenApiTypes.BINARY},
        extensions={THROTTLED: True},
    )
    def post(self, request: Request, image_id: UUID) -> HttpResponseBase:
        user = signed_in(request.user)
        image, study = drawing.image_to_draw_on(user=user, image_id=image_id)
        body = DecodeInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        model = study_embeddings.model_for(study=study, asked=given.get("model"))
        prompt = _prompt(given, image, model)
        _limit().spend(user.pk)
        try:
            embedding = decoding.load_embedding(image, model)
        except FileNotFoundError:
            raise _not_ready(image, model) from None
        except EmbeddingBroken as error:
            # It was computed and can be again; as it is, nobody can use it.
            logger.warning("the embedding of image %s is removed: %s", image.pk, error)
            default_storage.delete(embeddings.storage_key(image, model))
            raise _not_ready(image, model) from None
        found = decoding.decode(model, embedding, prompt)
        if given["candidates"] == "best":
            found = found[:1]
        response: HttpResponse
        if wants_binary(request):
            response = HttpResponse(_packed(model, found), content_type=BINARY)
        else:
            response = Response(DecodedSerializer(_full(model, embedding, found)).data)
        patch_vary_headers(response, ["Accept"])
        return response


def wants_binary(request: Request) -> bool:
    """Whether the client names the binary form; anything else gets JSON."""
    named = [part.partition(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")]
    return BINARY in named


def _prompt(given: dict[str, Any], image: Image, model: SegmentationModel) -> Prompt:
    """Raises Invalid (`prompt_empty`, `prompt_outside`, `previous_broken`), naming the field."""
    points = [(point["x"], point["y"], point["positive"]) for point in given["points"]]
    if not points and given["box"] is None:
        detail = "Send at least one point, or a box."
        raise Invalid(detail, code="prompt_empty", fields={"points": [detail]})
    for number, (x, y, _) in enumerate(points):
        if x >= image.width or y >= image.height:
            raise _outside(f"points[{number}]", f"({x}, {y})", image)
    box = tuple(given["box"]) if given["box"] is not None else None
    if box is not None:
        x0, y0, x1, y1 = box
        if not (x0 < x1 <= image.width and y0 < y1 <= image.height):
            raise _outside("box", f"[{x0}, {y0}, {x1}, {y1}]", image)
    return Prompt(points=points, box=box, previous=_previous(given["previous"], model))


def _outside(field: str, value: str, image: Image) -> Invalid:
    detail = f"{value} is not within the image of {image.width} x {image.height} pixels."
    return Invalid(detail, code="prompt_outside", fields={field: [detail]})


def _previous(data: bytes | None, model: SegmentationModel) -> decoding.Logits | None:
    if data is None:
        return None
    rows, columns = model.low_res
    if len(data) == 2 * rows * columns:
        logits = np.frombuffer(data, dtype="<f2").astype(np.float32).reshape(rows, columns)
        if bool(np.isfinite(logits).all()):
            return logits
    detail = f"Send {rows} x {columns} finite numbers as fp16, which are {2 * rows * columns} bytes, in base64."
    raise Invalid(detail, code="previous_broken", fields={"previous": [detail]})


def _full(model: SegmentationModel, embedding: Embedding, found: list[DecodedCandidate]) -> dict[str, Any]:
    candidates = []
    for candidate in found:
        mask = full_mask(candidate.logits, model=model, image_size=embedding.image_size, resized=embedding.resized)
        candidates.append(
            {
                "segmentation": {"size": [mask.height, mask.width], "counts": mask.counts},
                "bbox": list(mask.bbox),
                "area": mask.area,
                "iou_prediction": candidate.iou_prediction,
            }
        )
    return {"model": model.id, "candidates": candidates}


def _packed(model: SegmentationModel, found: list[DecodedCandidate]) -> bytes:
    """`RQD1`, the header's length, the header padded to four bytes, then the logits as fp16, one candidate after another."""
    said = {
        "model": model.id,
        "low_res": list(model.low_res),
        "candidates": [{"index": one.index, "iou_prediction": one.iou_prediction} for one in found],
    }
    header = json.dumps(said, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    # Logits beyond what fp16 holds are as certain as its largest number.
    logits = np.clip(np.stack([one.logits for one in found]), -65504, 65504).astype("<f2")
    return b"".join([DECODED_MAGIC, struct.pack("<I", len(header)), header, logits.tobytes()])


@lru_cache(maxsize=1)
def _limit() -> RateLimit:
    return RateLimit(per_minute=settings.DECODE_PER_MINUTE)
