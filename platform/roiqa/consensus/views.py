"""Doors of the admins' pages: progress, the ROI table, agreement, annotators."""

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.consensus import selectors, serializers, statistics
from roiqa.consensus.corrected import corrected_labels
from roiqa.consensus.statistics_serializers import ScreeningSerializer
from roiqa.core.errors import Invalid
from roiqa.core.pagination import Pagination
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.studies.access import STAFF, study_for

STATES = selectors.LISTED_STATES


class ProgressView(APIView):
    @extend_schema(operation_id="study_progress", summary="Progress", responses=serializers.ProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        return Response(serializers.ProgressSerializer(selectors.progress(study=study)).data)


class ROIProgressView(APIView):
    pagination_class = Pagination  # for the schema

    @extend_schema(
        operation_id="study_progress_rois",
        summary="Progress and label of each ROI",
        parameters=[
            OpenApiParameter("state", str, enum=STATES),
        ],
        responses=serializers.ROIProgressSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        state = request.query_params.get("state") or None
        if state is not None and state not in STATES:
            raise Invalid(f"state is {state!r}: use one of {', '.join(STATES)}.", fields={"state": ["unknown"]})
        pages = self.pagination_class()
        rows = pages.paginate_queryset(selectors.roi_rows(study=study, state=state), request, view=self) or []
        labels = selectors.label_records(row.consensus for row in rows if hasattr(row, "consensus"))
        labels = corrected_labels(study=study, labels=labels)
        data = serializers.ROIProgressSerializer(rows, many=True, context={"labels": labels}).data
        return pages.get_paginated_response(data)


class AgreementView(APIView):
    @extend_schema(
        operation_id="study_agreement",
        summary="Agreement between annotators",
        responses=serializers.AgreementSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        figures = statistics.figures_of(study=study)
        return Response(serializers.AgreementSerializer(selectors.agreement(study=study, figures=figures)).data)

    @extend_schema(
        operation_id="compute_study_figures",
        summary="Have the figures of agreement and annotators made anew",
        request=None,
        responses={
            202: JobSerializer,
            204: OpenApiResponse(description="They are current, or made when they are read."),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        job = statistics.order(study=study, user=signed_in(request.user))
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class AnnotatorsView(APIView):
    @extend_schema(
        operation_id="study_annotators",
        summary="Annotators compared with the others",
        responses=ScreeningSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        figures = statistics.figures_of(study=study)
        return Response(ScreeningSerializer(selectors.screening(study=study, figures=figures)).data)
