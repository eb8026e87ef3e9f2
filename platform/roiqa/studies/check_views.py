"""Doors to a study's checks on annotators and its stopping rule. Staff read them, admins change them."""

import math
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.strict import Flag, StrictSerializer, WholeNumber
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.checks import CHECKS, STOPPING, change_checks
from roiqa.studies.models import Gold, Membership, Role, Study


def finite(value: float) -> None:
    """Refuse "nan", which Python reads as a number that is within every bound."""
    if not math.isfinite(value):
        raise serializers.ValidationError(f"{value} is no number.")


class ChecksInput(StrictSerializer):
    gold_every = WholeNumber(min_value=0, max_value=1000, help_text="One ROI in so many is a gold; 0: none.")
    repeat_every = WholeNumber(min_value=0, max_value=1000, help_text="One ROI in so many was rated before; 0: none.")
    warm_up_rois = WholeNumber(min_value=0, max_value=20, help_text="So many at a session's beginning do not count.")
    break_after_minutes = WholeNumber(min_value=0, max_value=240, help_text="0: never.")
    break_after_rois = WholeNumber(min_value=0, max_value=1000, help_text="0: never.")
    adaptive_votes = Flag(help_text="Ask for two more votes at a time where a label is uncertain.")
    most_votes = WholeNumber(min_value=1, max_value=100)
    half_width = serializers.FloatField(
        min_value=0.05, max_value=4, validators=[finite], help_text="Of the 95 % interval of quality, in levels."
    )
    ask_on_near_ties = Flag(help_text="Also ask while two distortions or more are within a vote of a tie.")

    def validate_gold_every(self, value: int) -> int:
        return _density(value)

    def validate_repeat_every(self, value: int) -> int:
        return _density(value)


def _density(value: int) -> int:
    if value == 1:
        raise serializers.ValidationError("1 would leave no ROI for the labels: use 2 or more, or 0 for none.")
    return value


class ChecksSerializer(serializers.ModelSerializer[Study]):
    golds = serializers.SerializerMethodField(help_text="That are served.")
    annotators = serializers.SerializerMethodField(help_text="That are not excluded.")

    class Meta:
        model = Study
        fields = (*CHECKS, *STOPPING, "raters_per_roi", "golds", "annotators")
        read_only_fields = fields

    def get_golds(self, study: Study) -> int:
        return Gold.objects.filter(study_roi__study=study, retired_at=None).count()

    def get_annotators(self, study: Study) -> int:
        return Membership.objects.filter(study=study, role=Role.ANNOTATOR, excluded_at=None).count()


class ChecksView(APIView):
    @extend_schema(
        operation_id="get_checks",
        summary="Checks on annotators and the stopping rule (admins, ML engineers)",
        responses=ChecksSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(ChecksSerializer(study_for(user=request.user, slug=slug, roles=STAFF)).data)

    @extend_schema(
        operation_id="change_checks",
        summary="Change checks on annotators or the stopping rule (admins)",
        request=ChecksInput(partial=True),
        responses=ChecksSerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = ChecksInput(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changes: dict[str, Any] = given.validated_data
        return Response(ChecksSerializer(change_checks(study=study, by=signed_in(request.user), changes=changes)).data)
