"""Doors to ROIs: list and draw on an image, change, delete."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.core.pagination import Pagination
from roiqa.regions.models import Level
from roiqa.studies import drawing
from roiqa.studies.access import image_for
from roiqa.studies.content_serializers import NewROIInput, ROIChangeInput, ROISerializer, ROIsQuery
from roiqa.studies.image_views import filters_of
from roiqa.studies.models import Membership, StudyROI


class ByTimeDrawn(Pagination):
    """All ROIs of an ordinary image fit on the first page, in the order they were drawn."""

    page_size = 200
    ordering = ("created_at", "pk")  # type: ignore[assignment]  # a tuple is fine; rows of one import share their time


def context_for(user: User) -> dict[str, Any]:
    """What ROISerializer needs to know about the person who looks."""
    roles: dict[int, set[str]] = defaultdict(set)
    for study_id, role in Membership.objects.filter(user=user).values_list("study_id", "role"):
        roles[study_id].add(role)
    return {"user": user, "roles": roles}


class ImageROIsView(generics.ListAPIView[StudyROI]):
    serializer_class = ROISerializer
    pagination_class = ByTimeDrawn

    def get_queryset(self) -> Any:
        user = signed_in(self.request.user)
        image = image_for(user=user, image_id=self.kwargs["image_id"])
        query = ROIsQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        rows = drawing.visible_rois(user).filter(image=image)
        if "study" in query.validated_data:
            study = drawing.study_with(user=user, image=image, slug=query.validated_data["study"])
            drawing.may_draw(user=user, study=study)
            rows = rows.filter(study=study)
        return rows

    def get_serializer_context(self) -> Any:
        return context_for(signed_in(self.request.user))

    @extend_schema(
        operation_id="list_rois",
        summary="The image's ROIs (admins, ML engineers; annotators who draw: their own)",
        parameters=[ROIsQuery],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_roi", summary="Draw an ROI", request=NewROIInput, responses={201: ROISerializer}
    )
    def post(self, request: Request, image_id: UUID) -> Response:
        user = signed_in(request.user)
        image = image_for(user=user, image_id=image_id)
        body = NewROIInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        study = drawing.study_with(user=user, image=image, slug=given["study"])
        drawing.may_draw(user=user, study=study)
        roi = drawing.NewROI(
            image_id=image.pk,
            mask=drawing.mask_of_image(given["segmentation"], image),
            level=given["level"],
            name=given["name"],
            provenance=given["provenance"],
        )
        row = drawing.create_roi(user=user, study=study, roi=roi)
        return Response(ROISerializer(row, context=context_for(user)).data, status=status.HTTP_201_CREATED)


class ROIView(APIView):
    @extend_schema(
        operation_id="change_roi",
        summary="Change an ROI: its region and level only while nobody has rated it",
        request=ROIChangeInput(partial=True),
        responses=ROISerializer,
    )
    def patch(self, request: Request, roi_id: UUID) -> Response:
        user = signed_in(request.user)
        drawing.visible_roi(user=user, roi_id=roi_id)
        # Not partial: every field is optional already, and half a segmentation is none.
        body = ROIChangeInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        row = drawing.edit_roi(
            user=user,
            roi_id=roi_id,
            level=Level(given["level"]) if "level" in given else None,
            name=given.get("name"),
            segmentation=given.get("segmentation"),
        )
        return Response(ROISerializer(row, context=context_for(user)).data)

    @extend_schema(operation_id="delete_roi", summary="Delete an ROI that nobody has rated", responses={204: None})
    def delete(self, request: Request, roi_id: UUID) -> Response:
        drawing.delete_roi(user=signed_in(request.user), roi_id=roi_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
