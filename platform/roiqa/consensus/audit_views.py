"""Doors to what a model does for a study and to its people."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.consensus.audit import suggestion_audit
from roiqa.consensus.audit_serializers import (
    MoreVotesInput,
    MoreVotesSerializer,
    SecondLookSerializer,
    SuggestionAuditSerializer,
)
from roiqa.consensus.second_look import ask_more_votes, second_look
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.models import Role


class SuggestionAuditView(APIView):
    @extend_schema(
        operation_id="suggestion_audit",
        summary="What seeing a model's levels does to the votes",
        responses=SuggestionAuditSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(SuggestionAuditSerializer(suggestion_audit(study=study)).data)


class SecondLookView(APIView):
    @extend_schema(
        operation_id="second_look",
        summary="Votes far from panel and model, and ROIs that more votes would help",
        responses=SecondLookSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(SecondLookSerializer(second_look(study=study)).data)


class MoreVotesView(APIView):
    @extend_schema(
        operation_id="ask_more_votes",
        summary="Ask for more votes on some ROIs",
        request=MoreVotesInput,
        responses=MoreVotesSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=[Role.ADMIN])
        body = MoreVotesInput(data=request.data)
        body.is_valid(raise_exception=True)
        asked = ask_more_votes(study=study, by=signed_in(request.user), **body.validated_data)
        return Response({"asked": asked})
