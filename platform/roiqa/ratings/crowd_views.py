"""Doors of crowd work: the completion code, and the payment list of an entry."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core import audit
from roiqa.core.strict import NoFields
from roiqa.ratings import crowd_work
from roiqa.studies import crowd
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.models import Role


class CompletionSerializer(serializers.Serializer[Any]):
    rated = serializers.IntegerField()
    wanted = serializers.IntegerField()
    code = serializers.CharField(allow_null=True, help_text="Once enough is rated.")
    url = serializers.CharField(allow_null=True, help_text="Where the platform wants you back.")


class CompletionView(APIView):
    @extend_schema(
        operation_id="get_completion",
        summary="Your completion code, when you came by a crowd platform and have rated enough",
        request=NoFields,
        responses=CompletionSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        return Response(crowd_work.completion_of(user=signed_in(request.user), slug=slug))


class PaymentsView(APIView):
    @extend_schema(
        operation_id="get_payment_list",
        summary="Who came by an entry and how much they rated, as CSV (admins; noted in the audit log)",
        request=NoFields,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def post(self, request: Request, slug: str, link_id: UUID) -> HttpResponse:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        NoFields(data=request.data).is_valid(raise_exception=True)
        link = crowd.link_of(study=study, link_id=link_id)
        body = crowd_work.payment_list(link)
        audit.record(
            actor_id=signed_in(request.user).pk, action="payment_list_read", study_slug=slug, target=str(link.pk)
        )
        response = HttpResponse(body, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="payments-{slug}.csv"'
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response
