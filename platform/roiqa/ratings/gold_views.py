"""Doors to golds: list, make, mark by hand, retire, serve again, remove."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.ratings import checks, golds
from roiqa.ratings.gold_serializers import GoldSerializer, MakeGoldsInput, MarkGoldInput
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.golds.making import start_making
from roiqa.studies.models import Gold, Role


class GoldsView(generics.ListAPIView[Gold]):
    serializer_class = GoldSerializer

    def get_queryset(self) -> Any:
        return checks.golds_of(self._study())

    def get_serializer_context(self) -> dict[str, Any]:
        if getattr(self, "swagger_fake_view", False):
            return {"tallies": {}}
        return {"tallies": checks.gold_tallies(self._study())[1]}

    def _study(self) -> Any:
        return study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF)

    @extend_schema(operation_id="list_golds", summary="The study's golds and how they are answered, the newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="make_golds",
        summary="Make golds from pristine ROIs (admins)",
        description="Each ROI gives one gold: a copy of its image with one distortion inside the mask only. The job's "
        "report: `made`, `refused` ({roi, reason} each).",
        request=MakeGoldsInput,
        responses={202: JobSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        body = MakeGoldsInput(data=request.data)
        body.is_valid(raise_exception=True)
        job = start_making(user=signed_in(request.user), study=study, **body.validated_data)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class MarkGoldView(APIView):
    @extend_schema(
        operation_id="mark_gold",
        summary="Make an ROI that nobody has rated a gold (admins)",
        request=MarkGoldInput,
        responses={201: GoldSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        body = MarkGoldInput(data=request.data)
        body.is_valid(raise_exception=True)
        gold = golds.mark_gold(
            user=signed_in(request.user),
            study=study,
            roi_id=body.validated_data["roi"],
            accepted=body.validated_data["accepted"],
        )
        shown = checks.golds_of(study).get(pk=gold.pk)
        return Response(GoldSerializer(shown, context={"tallies": {}}).data, status=status.HTTP_201_CREATED)


class GoldView(APIView):
    @extend_schema(
        operation_id="remove_gold", summary="Undo a gold that nobody has answered (admins)", responses={204: None}
    )
    def delete(self, request: Request, slug: str, roi_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        golds.remove_gold(user=signed_in(request.user), study=study, roi_id=roi_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RetireGoldView(APIView):
    @extend_schema(
        operation_id="retire_gold", summary="Serve a gold no longer (admins)", request=NoFields, responses={204: None}
    )
    def post(self, request: Request, slug: str, roi_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        NoFields(data=request.data).is_valid(raise_exception=True)
        golds.retire_gold(user=signed_in(request.user), study=study, roi_id=roi_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RestoreGoldView(APIView):
    @extend_schema(
        operation_id="restore_gold",
        summary="Serve a retired gold again (admins)",
        request=NoFields,
        responses={204: None},
    )
    def post(self, request: Request, slug: str, roi_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        NoFields(data=request.data).is_valid(raise_exception=True)
        golds.restore_gold(user=signed_in(request.user), study=study, roi_id=roi_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
