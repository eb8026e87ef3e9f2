"""The JSON of proposals."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.strict import JSONObject, StrictSerializer, Text
from roiqa.regions.models import Level
from roiqa.studies.content_serializers import MaskSerializer
from roiqa.studies.models import Proposal, ProposalState

MAX_IMAGES = 1000


class ProposalSerializer(serializers.ModelSerializer[Proposal]):
    """A mask that a backend proposes; `roi` is what it became."""

    image = serializers.UUIDField(source="image_id")
    image_url = serializers.SerializerMethodField()
    file_name = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)
    segmentation = serializers.SerializerMethodField()
    bbox = serializers.ListField(
        child=serializers.IntegerField(), min_length=4, max_length=4, help_text="[x, y, w, h] in px"
    )
    area = serializers.IntegerField(help_text="In pixels.")
    score = serializers.FloatField(help_text="How much the backend believes in it, 0 to 1.")
    stability = serializers.FloatField(allow_null=True, help_text="0 to 1; null for backends without logits.")
    state = serializers.ChoiceField(choices=ProposalState.choices)
    source = serializers.DictField(  # type: ignore[assignment]  # the wire name is DRF's own attribute name
        help_text="Backend, version and prompt."
    )
    roi = serializers.UUIDField(source="roi_id", allow_null=True)

    class Meta:
        model = Proposal
        fields = (
            "id",
            "image",
            "image_url",
            "file_name",
            "level",
            "segmentation",
            "bbox",
            "area",
            "score",
            "stability",
            "state",
            "source",
            "roi",
            "created_at",
        )
        read_only_fields = fields

    def get_image_url(self, proposal: Proposal) -> str:
        return reverse("image-file", args=[proposal.image_id])

    @extend_schema_field(MaskSerializer)
    def get_segmentation(self, proposal: Proposal) -> dict[str, Any]:
        return {"size": [proposal.image.height, proposal.image.width], "counts": proposal.counts}


class ProposalsQuery(StrictSerializer):
    state = serializers.ChoiceField(choices=ProposalState.choices, required=False)
    image = serializers.UUIDField(required=False, help_text="Only the proposals on this image.")
    level = serializers.ChoiceField(choices=Level.choices, required=False)


class NewProposalsInput(StrictSerializer):
    level = serializers.ChoiceField(choices=Level.choices)
    images = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_empty=False,
        max_length=MAX_IMAGES,
        help_text="Ids of images of the study; all of them when left out.",
    )


class AcceptInput(StrictSerializer):
    segmentation = MaskSerializer(required=False, help_text="The mask as a person repaired it.")
    level = serializers.ChoiceField(choices=Level.choices, required=False)
    name = Text(max_length=120, allow_blank=True, default="")
    provenance = JSONObject(max_bytes=64 * 1024, default=dict, help_text="What was repaired; at most 64 KB.")
