"""Doors of models: list, download, compare, promote, roll back."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.errors import NotFound
from roiqa.core.pagination import Pagination
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.images.serving import serve_file
from roiqa.registry import comparing, selectors, serializers, services, shipped
from roiqa.registry.models import ModelVersion, Promotion
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.image_views import filters_of


class NewestFirst(Pagination):
    page_size = 20


class ModelVersionsView(generics.ListAPIView[ModelVersion]):
    serializer_class = serializers.ModelVersionSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        query = serializers.ModelsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        slug = query.validated_data.get("study")
        if slug is None:
            return selectors.models_visible_to(signed_in(self.request.user))
        return selectors.models_of(study_for(user=self.request.user, slug=slug, roles=STAFF))

    @extend_schema(
        operation_id="list_model_versions",
        summary="Models, newest first: of one study, or of all whose staff you are",
        parameters=[serializers.ModelsQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class StudyModelVersionsView(APIView):
    @extend_schema(
        operation_id="take_in_model",
        summary="Take a network that ships with the installation into the study; the same one again if it is there",
        request=serializers.ShippedInputSerializer,
        responses={201: serializers.ModelVersionSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        body = serializers.ShippedInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        model = shipped.take_in(study=study, name=body.validated_data["shipped"], by=signed_in(request.user))
        return Response(serializers.ModelVersionSerializer(model).data, status=status.HTTP_201_CREATED)


class ModelVersionView(APIView):
    @extend_schema(operation_id="get_model_version", summary="A model", responses=serializers.ModelVersionSerializer)
    def get(self, request: Request, version_id: UUID) -> Response:
        model = selectors.model_for(user=request.user, model_id=version_id)
        return Response(serializers.ModelVersionSerializer(model).data)


class ModelFileView(APIView):
    @extend_schema(
        operation_id="download_model_file",
        summary="One file of a model: weights as safetensors, the rest as JSON and Markdown",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="You hold this file already (If-None-Match)."),
        },
    )
    def get(self, request: Request, version_id: UUID, name: str) -> HttpResponseBase:
        model = selectors.model_for(user=request.user, model_id=version_id)
        # Names are compared with those that were registered, so no name leads out of the model's folder.
        if name not in model.files:
            raise NotFound(
                f"Model {model.number} has no such file: it has {', '.join(model.files)}.", code="no_such_file"
            )
        return serve_file(
            request._request,
            key=model.folder_key + name,
            etag=model.files[name]["sha256"],
            content_type="application/octet-stream",
            attachment_name=name,
        )


class ModelCardView(APIView):
    @extend_schema(
        operation_id="get_model_card",
        summary="The model card as Markdown",
        responses={(200, "text/markdown"): OpenApiTypes.STR},
    )
    def get(self, request: Request, version_id: UUID) -> HttpResponse:
        model = selectors.model_for(user=request.user, model_id=version_id)
        response = HttpResponse(model.model_card, content_type="text/markdown; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="model-{model.number}-card.md"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


class CompareModelsView(APIView):
    @extend_schema(
        operation_id="compare_models",
        summary="Two models on the frozen test split: differences with paired intervals over images",
        responses=serializers.ModelComparisonSerializer,
    )
    def get(self, request: Request, version_id: UUID, other_version_id: UUID) -> Response:
        model, other = self._both(request, version_id, other_version_id)
        comparison = comparing.comparison_of(model=model, other=other)
        return Response(serializers.ModelComparisonSerializer(comparison).data)

    @extend_schema(
        operation_id="start_comparing_models",
        summary="Compare two models; a job of a worker, whose predictions are kept with the models",
        request=None,
        responses={202: JobSerializer},
    )
    def post(self, request: Request, version_id: UUID, other_version_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        model, other = self._both(request, version_id, other_version_id)
        job = comparing.start_comparison(model=model, other=other, user_id=signed_in(request.user).pk)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @staticmethod
    def _both(request: Request, version_id: UUID, other_version_id: UUID) -> tuple[ModelVersion, ModelVersion]:
        return (
            selectors.model_for(user=request.user, model_id=version_id),
            selectors.model_for(user=request.user, model_id=other_version_id),
        )


class PromoteView(APIView):
    @extend_schema(
        operation_id="promote_model",
        summary="Let this model suggest; it must not be worse than the one that serves, or needs a reason",
        request=serializers.PromoteInputSerializer,
        responses=serializers.PromotionSerializer,
    )
    def post(self, request: Request, version_id: UUID) -> Response:
        model = selectors.model_for(user=request.user, model_id=version_id)
        body = serializers.PromoteInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        promotion = services.promote(model=model, by=signed_in(request.user), **body.validated_data)
        return Response(serializers.PromotionSerializer(promotion).data)


class PromotionsView(generics.ListAPIView[Promotion]):
    serializer_class = serializers.PromotionSerializer

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF)
        return Promotion.objects.filter(study=study).select_related("model", "created_by")

    @extend_schema(operation_id="list_promotions", summary="Which model suggested when, and why; newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class RollBackView(APIView):
    @extend_schema(
        operation_id="roll_back_promotion",
        summary="Let the model suggest again that did before the present one",
        request=serializers.RollBackInputSerializer,
        responses=serializers.PromotionSerializer,
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        body = serializers.RollBackInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        promotion = services.roll_back(study=study, by=signed_in(request.user), **body.validated_data)
        return Response(serializers.PromotionSerializer(promotion).data)
