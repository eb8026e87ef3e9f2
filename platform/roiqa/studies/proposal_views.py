"""Doors to proposals: ask for them, look through them, accept, reject, take back."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.core.pagination import Pagination
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.studies import proposals
from roiqa.studies.access import STAFF, study_for
from roiqa.studies.content_serializers import ROISerializer
from roiqa.studies.image_views import filters_of
from roiqa.studies.models import Proposal, Role
from roiqa.studies.proposal_serializers import AcceptInput, NewProposalsInput, ProposalSerializer, ProposalsQuery
from roiqa.studies.roi_views import context_for


class ByImage(Pagination):
    """Image by image as they were computed, the best of each first."""

    ordering = ("created_at", "pk")  # type: ignore[assignment]  # a tuple is fine


class ProposalsView(generics.ListAPIView[Proposal]):
    serializer_class = ProposalSerializer
    pagination_class = ByImage

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF)
        query = ProposalsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        return proposals.proposals_of(study, **query.validated_data)

    @extend_schema(
        operation_id="list_proposals",
        summary="The study's proposals, image by image, the best of each first (admins, ML engineers)",
        parameters=[ProposalsQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="compute_proposals",
        summary="Have masks proposed for the study's images (admins)",
        description="By the study's segmentation model, or its region trees. Repeating it adds nothing: what was "
        "proposed before, decided or not, is not proposed again, nor what overlaps an ROI by more than 0.85. The job's "
        "report: `images`, `added`, `failed`.",
        request=NewProposalsInput,
        responses={202: JobSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        body = NewProposalsInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        job = proposals.start(
            user=signed_in(request.user), study=study, level=given["level"], image_ids=given.get("images")
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class AcceptProposalView(APIView):
    @extend_schema(
        operation_id="accept_proposal",
        summary="Make a proposal an ROI, as it is or as repaired (admins, ML engineers)",
        request=AcceptInput,
        responses={201: ROISerializer},
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        user = signed_in(request.user)
        proposals.visible_proposal(user=user, proposal_id=proposal_id)
        body = AcceptInput(data=request.data)
        body.is_valid(raise_exception=True)
        row = proposals.accept(user=user, proposal_id=proposal_id, **body.validated_data)
        return Response(ROISerializer(row, context=context_for(user)).data, status=status.HTTP_201_CREATED)


class RejectProposalView(APIView):
    @extend_schema(
        operation_id="reject_proposal",
        summary="Reject a proposal: it is not proposed again (admins, ML engineers)",
        request=None,
        responses=ProposalSerializer,
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        row = proposals.reject(user=signed_in(request.user), proposal_id=proposal_id)
        return Response(ProposalSerializer(row).data)


class UndoProposalView(APIView):
    @extend_schema(
        operation_id="undo_proposal",
        summary="Make a decided proposal pending again; the ROI it became goes while unrated (admins, ML engineers)",
        request=None,
        responses=ProposalSerializer,
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        row = proposals.undo(user=signed_in(request.user), proposal_id=proposal_id)
        return Response(ProposalSerializer(row).data)
