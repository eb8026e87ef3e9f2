"""The door to what an annotator's votes change. It only reads."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.consensus.effects import effect_of_votes
from roiqa.core.scales import SCALES
from roiqa.studies.access import STAFF, study_for


class ScoreShiftSerializer(serializers.Serializer[Any]):
    quality = serializers.FloatField(allow_null=True)
    importance = serializers.FloatField(allow_null=True)


class AlphaPairSerializer(serializers.Serializer[Any]):
    with_votes = serializers.DictField(child=serializers.FloatField(allow_null=True))
    without_votes = serializers.DictField(child=serializers.FloatField(allow_null=True))


class WordChangeSerializer(serializers.Serializer[Any]):
    scale = serializers.ChoiceField(choices=SCALES)
    with_votes = serializers.CharField(
        allow_null=True, help_text="The level word; null where the distortion is absent."
    )
    without_votes = serializers.CharField(allow_null=True)


class AffectedROISerializer(serializers.Serializer[Any]):
    roi = serializers.UUIDField()
    image = serializers.UUIDField()
    file_name = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    changes = WordChangeSerializer(many=True)


class VoteEffectSerializer(serializers.Serializer[Any]):
    """The labels of the ROIs that an annotator rated, with and without the annotator's votes."""

    member = serializers.UUIDField()
    excluded = serializers.BooleanField(help_text="Whether the votes are left out at present.")
    rois = serializers.IntegerField(help_text="That the annotator rated.")
    changed = serializers.IntegerField(help_text="ROIs with another word on at least one scale.")
    scales = serializers.DictField(child=serializers.IntegerField(), help_text="Changed words by scale.")
    unlabelled = serializers.IntegerField(help_text="ROIs on which no other vote is left.")
    short = serializers.IntegerField(help_text="ROIs that lack raters without these votes.")
    shift = ScoreShiftSerializer(help_text="Mean with the votes less mean without, over the ROIs.")
    alpha = AlphaPairSerializer(help_text="Ordinal alpha on these ROIs.")
    examples = AffectedROISerializer(many=True, help_text="The first 50 changed ROIs, most changed words first.")


class VoteEffectView(APIView):
    @extend_schema(
        operation_id="effect_of_annotator",
        summary="Labels with and without an annotator's votes",
        responses=VoteEffectSerializer,
    )
    def get(self, request: Request, slug: str, member_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(VoteEffectSerializer(effect_of_votes(study=study, member_id=member_id)).data)
