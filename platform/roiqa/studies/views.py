"""Doors to studies: list, make, read, change."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.studies import services
from roiqa.studies.access import study_for
from roiqa.studies.models import Role, Study
from roiqa.studies.selectors import studies_of
from roiqa.studies.serializers import NewStudyInput, StudyChangeInput, StudySerializer


class StudiesView(generics.ListAPIView[Study]):
    serializer_class = StudySerializer

    def get_queryset(self) -> Any:
        return studies_of(signed_in(self.request.user))

    @extend_schema(operation_id="list_studies", summary="The studies I am a member of, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_study",
        summary="Make a study and become its admin",
        request=NewStudyInput,
        responses={201: StudySerializer},
    )
    def post(self, request: Request) -> Response:
        given = NewStudyInput(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in(request.user)
        study = services.create_study(by=user, **given.validated_data)
        return Response(StudySerializer(studies_of(user).get(pk=study.pk)).data, status=status.HTTP_201_CREATED)


class StudyView(APIView):
    @extend_schema(operation_id="get_study", summary="A study and its protocol", responses=StudySerializer)
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug)
        return Response(StudySerializer(studies_of(signed_in(request.user)).get(pk=study.pk)).data)

    @extend_schema(
        operation_id="change_study",
        summary="Change texts, state or protocol (admins)",
        request=StudyChangeInput(partial=True),
        responses=StudySerializer,
    )
    def patch(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = StudyChangeInput(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        user = signed_in(request.user)
        services.change_study(study=study, by=user, changes=given.validated_data)
        return Response(StudySerializer(studies_of(user).get(pk=study.pk)).data)
