"""Doors to what a model does for a study and to its people."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.consensus.audit import suggestion_audit
from roiqa.consensus.audit_serializers import SuggestionAuditSerializer
from roiqa.studies.access import STAFF, study_for


class SuggestionAuditView(APIView):
    @extend_schema(
        operation_id="suggestion_audit",
        summary="What seeing a model's levels does to the votes",
        responses=SuggestionAuditSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(SuggestionAuditSerializer(suggestion_audit(study=study)).data)
