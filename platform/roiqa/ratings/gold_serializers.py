"""The JSON of golds. Staff only: an annotator must never learn which ROI is one."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.scales import DISTORTIONS
from roiqa.core.strict import StrictSerializer, WholeNumber
from roiqa.ratings.checks import Tally
from roiqa.regions.models import Level
from roiqa.studies.content_serializers import MaskSerializer
from roiqa.studies.golds.expected import highest_level
from roiqa.studies.golds.making import MOST_AT_ONCE
from roiqa.studies.models import Gold


class GoldSerializer(serializers.ModelSerializer[Gold]):
    """A gold and how it is answered. The context holds `tallies`: by StudyROI id."""

    id = serializers.UUIDField(source="roi_id", help_text="Of its ROI.")
    image = serializers.UUIDField(source="study_roi.image_id")
    file_name = serializers.CharField()
    image_url = serializers.SerializerMethodField()
    level = serializers.ChoiceField(source="study_roi.roi.level", choices=Level.choices)
    name = serializers.CharField(source="study_roi.roi.name")
    segmentation = serializers.SerializerMethodField()
    bbox = serializers.ListField(
        source="study_roi.roi.bbox", child=serializers.IntegerField(), min_length=4, max_length=4
    )
    accepted = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()), help_text="The levels that pass, by scale."
    )
    distortion = serializers.SerializerMethodField(help_text="What was put in; null for one marked by hand.")
    made_from = serializers.SerializerMethodField(help_text="The pristine ROI; null for one marked by hand.")
    answered = serializers.SerializerMethodField()
    passed = serializers.SerializerMethodField()

    class Meta:
        model = Gold
        fields = (
            "id", "image", "file_name", "image_url", "level", "name", "segmentation", "bbox", "accepted", "distortion",
            "made_from", "answered", "passed", "retired_at", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_image_url(self, gold: Gold) -> str:
        return reverse("image-file", args=[gold.study_roi.image_id])

    @extend_schema_field(MaskSerializer)
    def get_segmentation(self, gold: Gold) -> dict[str, Any]:
        image = gold.study_roi.image
        return {"size": [image.height, image.width], "counts": gold.study_roi.roi.counts}

    def get_distortion(self, gold: Gold) -> str | None:
        put_in: str | None = gold.recipe.get("distortion")
        return put_in

    def get_made_from(self, gold: Gold) -> str | None:
        source: str | None = gold.recipe.get("source")
        return source

    def get_answered(self, gold: Gold) -> int:
        return self._tally(gold).answered

    def get_passed(self, gold: Gold) -> int:
        return self._tally(gold).passed

    def _tally(self, gold: Gold) -> Tally:
        tallies: Mapping[int, Tally] = self.context["tallies"]
        return tallies.get(gold.study_roi_id, Tally())


class MakeGoldsInput(StrictSerializer):
    rois = serializers.ListField(
        child=serializers.UUIDField(),
        allow_empty=False,
        max_length=MOST_AT_ONCE,
        help_text="Pristine ROIs, of any study that you are staff of; each gives one gold.",
    )
    distortions = serializers.ListField(
        child=serializers.ChoiceField(choices=DISTORTIONS),
        default=list,
        max_length=len(DISTORTIONS),
        help_text="To deal out evenly; all six when left out.",
    )

    def validate_rois(self, rois: list[Any]) -> list[Any]:
        return list(dict.fromkeys(rois))


class AcceptedLevelsSerializer(StrictSerializer):
    """The levels that pass, by scale; a scale that is left out is not checked."""

    def get_fields(self) -> dict[str, Any]:
        names = (*DISTORTIONS, "quality", "importance")
        return {
            name: serializers.ListField(
                child=WholeNumber(min_value=0, max_value=highest_level(name)), required=False, max_length=6
            )
            for name in names
        }


class MarkGoldInput(StrictSerializer):
    roi = serializers.UUIDField(help_text="An ROI of the study that nobody has rated.")
    accepted = AcceptedLevelsSerializer()
