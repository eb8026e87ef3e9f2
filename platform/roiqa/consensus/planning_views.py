"""Doors to what a rule would cost and what a study needs. They only read."""

import math
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.consensus.planning import stopping_forecast, study_plan
from roiqa.consensus.rules.stopping import StoppingRule
from roiqa.core.errors import Invalid
from roiqa.core.strict import StrictSerializer
from roiqa.studies.access import STAFF, study_for


def finite(value: float) -> None:
    """Refuse "nan", which Python reads as a number that is within every bound."""
    if not math.isfinite(value):
        raise serializers.ValidationError(f"{value} is not a number to plan with.")


class StoppingRuleInput(StrictSerializer):
    fewest = serializers.IntegerField(min_value=1, max_value=100, default=7)
    step = serializers.IntegerField(min_value=1, max_value=10, default=2)
    most = serializers.IntegerField(min_value=1, max_value=100, default=15)
    half_width = serializers.FloatField(
        min_value=0.05,
        max_value=4,
        required=False,
        validators=[finite],
        help_text="Of the 95 % interval of quality; left out: never asks.",
    )
    near_ties = serializers.IntegerField(
        min_value=1, max_value=6, required=False, help_text="So many distortions near a tie; left out: never asks."
    )


class StoppingForecastSerializer(serializers.Serializer[Any]):
    rois = serializers.IntegerField(help_text="That the forecast is made from.")
    mean_votes = serializers.FloatField()
    extended_share = serializers.FloatField(help_text="Share of ROIs that get more than the fewest votes.")
    at_most_share = serializers.FloatField(help_text="Share of ROIs that end with the most votes, settled or not.")
    final_votes = serializers.DictField(child=serializers.FloatField(), help_text="Share of ROIs by number of votes.")
    further_votes = serializers.IntegerField(help_text="In the whole study, beyond the fewest votes per ROI.")


class StoppingAnswerSerializer(serializers.Serializer[Any]):
    forecast = StoppingForecastSerializer(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="Why there is no forecast.")


class PlanInput(StrictSerializer):
    rois = serializers.IntegerField(
        min_value=1, max_value=10_000_000, required=False, help_text="Left out: as many as alpha_half_width asks for."
    )
    alpha_half_width = serializers.FloatField(
        min_value=0.001,
        max_value=1,
        required=False,
        validators=[finite],
        help_text="Of the 95 % interval of quality's alpha over images: how many ROIs narrow it so far.",
    )
    half_width = serializers.FloatField(min_value=0.05, max_value=4, required=False, validators=[finite])
    level_accuracy = serializers.FloatField(min_value=0.05, max_value=0.99, required=False, validators=[finite])
    ratings_per_annotator = serializers.IntegerField(min_value=1, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "half_width" not in attrs and "level_accuracy" not in attrs:
            raise serializers.ValidationError({"half_width": "Give half_width, level_accuracy, or both."})
        if "rois" not in attrs and "alpha_half_width" not in attrs:
            raise serializers.ValidationError({"rois": "Give rois, alpha_half_width, or both."})
        return attrs


class SizeForAlphaSerializer(serializers.Serializer[Any]):
    images = serializers.IntegerField()
    rois = serializers.IntegerField()


class VotePointSerializer(serializers.Serializer[Any]):
    votes = serializers.IntegerField()
    half_width = serializers.FloatField(help_text="Of the 95 % interval of a typical label.")
    level_accuracy = serializers.FloatField(allow_null=True, help_text="Share of right words.")


class PlanSerializer(serializers.Serializer[Any]):
    rois = serializers.IntegerField()
    votes_per_roi = serializers.IntegerField()
    votes_for_half_width = serializers.IntegerField(allow_null=True)
    votes_for_level_accuracy = serializers.IntegerField(allow_null=True)
    annotators = serializers.IntegerField(help_text="So that nobody makes more than 40 % of the labels.")
    ratings = serializers.IntegerField()
    ratings_per_annotator = serializers.IntegerField()
    reliability = serializers.FloatField(allow_null=True)
    for_alpha = SizeForAlphaSerializer(allow_null=True, help_text="That narrow the interval of alpha as asked.")
    curve = VotePointSerializer(many=True, help_text="What so many votes per ROI buy.")


class PlanAnswerSerializer(serializers.Serializer[Any]):
    plan = PlanSerializer(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="Why there is no plan.")


class StoppingForecastView(APIView):
    @extend_schema(
        operation_id="forecast_stopping_rule",
        summary="What a stopping rule would cost",
        parameters=[StoppingRuleInput],
        responses=StoppingAnswerSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        asked = StoppingRuleInput(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = {"half_width": None, "near_ties": None, **asked.validated_data}
        try:
            rule = StoppingRule(**given)
        except ValueError as refusal:
            raise Invalid(str(refusal), fields={"most": [str(refusal)]}) from refusal
        return Response(StoppingAnswerSerializer(stopping_forecast(study=study, rule=rule)).data)


class PlanView(APIView):
    @extend_schema(
        operation_id="plan_study",
        summary="How many votes, annotators and ratings a study like this needs",
        parameters=[PlanInput],
        responses=PlanAnswerSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        asked = PlanInput(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(PlanAnswerSerializer(study_plan(study=study, **asked.validated_data)).data)
