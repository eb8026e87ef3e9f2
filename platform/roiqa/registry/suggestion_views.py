"""Doors of suggestions, for a study's staff."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.registry import selectors, serializers, suggesting
from roiqa.registry.models import Suggestion
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.image_views import filters_of


class SuggestionsView(generics.ListAPIView[Suggestion]):
    serializer_class = serializers.SuggestionSerializer

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF)
        query = serializers.SuggestionsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        return selectors.suggestions_of(study, model_id=query.validated_data.get("model"))

    @extend_schema(
        operation_id="list_suggestions",
        summary="What a model says of the study's ROIs; none of the test split",
        parameters=[serializers.SuggestionsQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="compute_suggestions",
        summary="Compute the suggestions that are missing; 204 if none is, or no model serves",
        request=None,
        responses={202: JobSerializer, 204: None},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        NoFields(data=request.data).is_valid(raise_exception=True)
        job = suggesting.want(study, user_id=signed_in(request.user).pk)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class SuggestionStateView(APIView):
    @extend_schema(
        operation_id="get_suggestion_state",
        summary="How many ROIs have a suggestion of the serving model",
        responses=serializers.SuggestionStateSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(serializers.SuggestionStateSerializer(selectors.suggestion_state(study)).data)
