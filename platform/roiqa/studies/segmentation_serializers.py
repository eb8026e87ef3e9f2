"""The JSON of segmentation models, embeddings and masks decoded on the server."""

import base64
import binascii
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from roiqa.core.strict import Flag, StrictSerializer, Text, WholeNumber
from roiqa.regions.segmentation_models import FAMILIES, GEOMETRIES, SegmentationModel
from roiqa.studies.content_serializers import MAX_SIDE_PX, MaskSerializer

MAX_POINTS = 100
# Base64 of fp16 logits of 512 x 512, twice the side of SAM's.
MAX_PREVIOUS = 4 * 2 * 512 * 512 // 3 + 4


class TensorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The decoder's input.")
    shape = serializers.ListField(child=serializers.IntegerField(), help_text="Without the batch dimension.")


class DecoderSerializer(serializers.Serializer[Any]):
    url = serializers.CharField()
    sha256 = serializers.CharField()
    bytes = serializers.IntegerField()


class SegmentationModelSerializer(serializers.Serializer[SegmentationModel]):
    """A model with weights. The context holds `default`: what new studies use."""

    id = serializers.CharField()
    title = serializers.CharField()
    family = serializers.ChoiceField(choices=FAMILIES)
    version = serializers.CharField(help_text="The beginning of the weights' sha256, for provenance.")
    geometry = serializers.ChoiceField(
        choices=GEOMETRIES, help_text="`pad`: the longer side fills the input, the rest is padded; `stretch`: both do."
    )
    input_size = serializers.IntegerField(help_text="Side of the model's square input, in pixels.")
    low_res = serializers.ListField(
        child=serializers.IntegerField(), min_length=2, max_length=2, help_text="[rows, columns] of the decoder's masks"
    )
    embedding = TensorSerializer(many=True)
    decoder = serializers.SerializerMethodField()
    licence = serializers.CharField()
    is_default = serializers.SerializerMethodField()

    def get_decoder(self, model: SegmentationModel) -> DecoderSerializer:
        url = reverse("segmentation-decoder", args=[model.id])
        return {"url": url, "sha256": model.decoder_sha256, "bytes": model.decoder_bytes}  # type: ignore[return-value]  # DRF shows what the annotation describes

    def get_is_default(self, model: SegmentationModel) -> bool:
        return bool(model.id == self.context["default"])


class EmbeddingQuery(StrictSerializer):
    model = Text(max_length=64, required=False, help_text="Id of a segmentation model; the study's when left out.")


class EmbeddingInput(EmbeddingQuery):
    pass


class PointInput(StrictSerializer):
    x = WholeNumber(min_value=0, max_value=MAX_SIDE_PX)
    y = WholeNumber(min_value=0, max_value=MAX_SIDE_PX)
    positive = Flag(default=True)


class DecodeInput(StrictSerializer):
    """Prompts for one mask, in pixels of the upright image."""

    model = Text(max_length=64, required=False, help_text="Id of a segmentation model; the study's when left out.")
    points = serializers.ListField(child=PointInput(), default=list, max_length=MAX_POINTS)
    box = serializers.ListField(
        child=WholeNumber(min_value=0, max_value=MAX_SIDE_PX),
        min_length=4,
        max_length=4,
        allow_null=True,
        default=None,
        help_text="[x0, y0, x1, y1], half-open",
    )
    previous = Text(
        max_length=MAX_PREVIOUS,
        allow_null=True,
        default=None,
        help_text="The logits of the mask so far: base64 of fp16, little endian, row by row, of the model's `low_res`.",
    )
    candidates = serializers.ChoiceField(choices=("best", "all"), default="best")

    def validate_previous(self, value: str | None) -> bytes | None:
        if value is None:
            return None
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError("This is not base64.") from None


class CandidateSerializer(serializers.Serializer[Any]):
    segmentation = MaskSerializer()
    bbox = serializers.ListField(
        child=serializers.IntegerField(), min_length=4, max_length=4, help_text="[x, y, w, h] in px; zeros if empty"
    )
    area = serializers.IntegerField(help_text="In pixels.")
    iou_prediction = serializers.FloatField(help_text="How much the model believes in it, about 0 to 1.")


class DecodedSerializer(serializers.Serializer[Any]):
    """The model's own choice first."""

    model = serializers.CharField()
    candidates = CandidateSerializer(many=True)
