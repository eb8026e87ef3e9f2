"""The JSON of claims and answers. An annotator's JSON holds nothing of anybody else's."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.core.strict import Flag, JSONObject, StrictSerializer, Text, WholeNumber
from roiqa.ratings.answers import Answer
from roiqa.ratings.models import Assignment, Rating, RatingStatus, SkipReason
from roiqa.regions.models import Level
from roiqa.studies.models import SuggestionMode

TELEMETRY_MAX_BYTES = 16 * 1024
DRAFT_MAX_BYTES = 16 * 1024


class SeveritiesSerializer(StrictSerializer):
    exposure = WholeNumber(min_value=0, max_value=5)
    noise = WholeNumber(min_value=0, max_value=5)
    blur = WholeNumber(min_value=0, max_value=5)
    contrast = WholeNumber(min_value=0, max_value=5)
    colorfulness = WholeNumber(min_value=0, max_value=5)
    compression = WholeNumber(min_value=0, max_value=5)


class RatingInputSerializer(StrictSerializer):
    distortions = SeveritiesSerializer(
        help_text="Severity: extreme 0, severe 1, moderate 2, minor 3, trivial 4, nonexistent 5."
    )
    quality = WholeNumber(min_value=0, max_value=4, help_text="bad 0 .. excellent 4")
    importance = WholeNumber(min_value=0, max_value=4, help_text="unimportant 0 .. essential 4")
    bulk_clean = Flag(default=False, help_text="Set by 'no visible distortion'.")
    confirmed = serializers.ListField(
        child=serializers.ChoiceField(choices=SCALES),
        default=list,
        max_length=len(SCALES),
        help_text="Scales that you answered or confirmed. All eight are needed where `suggestion` came with the form.",
    )
    telemetry = JSONObject(
        max_bytes=TELEMETRY_MAX_BYTES, default=dict, help_text="Times, zoom, viewport; at most 16 KB."
    )

    def answer(self) -> Answer:
        given = self.validated_data
        return Answer(
            severities={name: given["distortions"][name] for name in DISTORTIONS},
            quality=given["quality"],
            importance=given["importance"],
            bulk_clean=given["bulk_clean"],
        )


class RatingSerializer(serializers.ModelSerializer[Rating]):
    distortions = serializers.SerializerMethodField()
    reveals = serializers.SerializerMethodField(help_text="Whether there is a model's view to see now: `reveal`.")

    class Meta:
        model = Rating
        # No status: whether an answer counted would tell how many others have answered.
        fields = [
            "id", "assignment", "distortions", "quality", "importance", "bulk_clean", "revision", "reveals", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(SeveritiesSerializer)
    def get_distortions(self, rating: Rating) -> dict[str, int]:
        return {name: getattr(rating, name) for name in DISTORTIONS}

    def get_reveals(self, rating: Rating) -> bool:
        return rating.mode == SuggestionMode.REVEAL_AFTER and rating.status != RatingStatus.REVEALED


class SuggestedLevelsSerializer(serializers.Serializer[Any]):
    """A model's levels, in the shape of an answer. Never how sure it is of them."""

    distortions = SeveritiesSerializer()
    quality = serializers.IntegerField(min_value=0, max_value=4)
    importance = serializers.IntegerField(min_value=0, max_value=4)


class SegmentationSerializer(serializers.Serializer[Any]):
    size = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    counts = serializers.CharField()


class AssignedROISerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    level = serializers.ChoiceField(choices=Level.choices)
    name = serializers.CharField()
    segmentation = SegmentationSerializer()
    bbox = serializers.ListField(child=serializers.IntegerField(), min_length=4, max_length=4)


class AssignedImageSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    file_url = serializers.CharField()


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    study = serializers.CharField(source="study.slug", read_only=True)
    roi = serializers.SerializerMethodField()
    image = serializers.SerializerMethodField()
    previous_rating = serializers.SerializerMethodField()
    suggestion = serializers.SerializerMethodField()

    class Meta:
        model = Assignment
        fields = [
            "id", "study", "state", "position", "lease_expires_at", "roi", "image", "draft", "draft_revision",
            "previous_rating", "suggestion",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(AssignedROISerializer)
    def get_roi(self, assignment: Assignment) -> dict[str, Any]:
        roi, image = assignment.study_roi.roi, assignment.study_roi.image
        return {
            "id": str(roi.pk),
            "level": roi.level,
            "name": roi.name,
            "segmentation": {"size": [image.height, image.width], "counts": roi.counts},
            "bbox": roi.bbox,
        }

    @extend_schema_field(AssignedImageSerializer)
    def get_image(self, assignment: Assignment) -> dict[str, Any]:
        image = assignment.study_roi.image
        return {
            "id": str(image.pk),
            "width": image.width,
            "height": image.height,
            "file_url": reverse("image-file", args=[image.pk]),
        }

    @extend_schema_field(RatingSerializer(allow_null=True))
    def get_previous_rating(self, assignment: Assignment) -> dict[str, Any] | None:
        if not assignment.reopened:
            return None
        rating = Rating.objects.get(assignment_id=assignment.pk, is_current=True)
        return as_json(RatingSerializer, rating)

    @extend_schema_field(SuggestedLevelsSerializer(allow_null=True))
    def get_suggestion(self, assignment: Assignment) -> dict[str, Any] | None:
        # What has been shown, and nothing before: a blind claim and one that reveals later look the same.
        return levels_json(assignment.shown["levels"]) if assignment.shown is not None else None


def levels_json(levels: Mapping[str, int]) -> dict[str, Any]:
    """Eight levels by scale, in the shape of an answer."""
    return {
        "distortions": {name: levels[name] for name in DISTORTIONS},
        "quality": levels["quality"],
        "importance": levels["importance"],
    }


def as_json(kind: type[serializers.ModelSerializer[Any]], instance: Assignment | Rating) -> dict[str, Any]:
    """What `kind(instance).data` answers, with the serializer's fields made once and not at every click."""
    return dict(_writer(kind).to_representation(instance))


@cache
def _writer(kind: type[serializers.ModelSerializer[Any]]) -> serializers.ModelSerializer[Any]:
    return kind()


class ClaimInputSerializer(StrictSerializer):
    exclude = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=8,
        help_text="Assignments that the page holds already; without it a reload gets the same ROI again.",
    )
    viewing_check = serializers.UUIDField(
        default=None, allow_null=True, help_text="The viewing check made on this very screen, where the study asks."
    )


class DraftInputSerializer(StrictSerializer):
    revision = WholeNumber(min_value=1, max_value=2_000_000_000)
    draft = JSONObject(max_bytes=DRAFT_MAX_BYTES)


class DraftSavedSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField()


class LeaseSerializer(serializers.Serializer[Any]):
    lease_expires_at = serializers.DateTimeField()


class SkipInputSerializer(StrictSerializer):
    reason = serializers.ChoiceField(choices=SkipReason.choices)
    note = Text(max_length=500, required=False, allow_blank=True, default="")


class RevealedSerializer(serializers.Serializer[Any]):
    suggestion = SuggestedLevelsSerializer()
    rating = RatingSerializer(help_text="Your own answer. It stays the one that counts.")
    may_revise = serializers.BooleanField(help_text="False once a second thought was given.")


class MyProgressSerializer(serializers.Serializer[Any]):
    rated = serializers.IntegerField()
    skipped = serializers.IntegerField()
    rated_today = serializers.IntegerField()
    can_undo = serializers.UUIDField(allow_null=True, help_text="The assignment that `reopen` would take.")


class ExclusionInputSerializer(StrictSerializer):
    reason = Text(max_length=500)
