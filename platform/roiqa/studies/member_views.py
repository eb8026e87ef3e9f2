"""Doors to the members of a study."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.studies import members
from roiqa.studies.access import study_for
from roiqa.studies.models import Role
from roiqa.studies.selectors import members_of
from roiqa.studies.serializers import MemberSerializer, NewMemberInput


class MembersView(APIView):
    @extend_schema(
        operation_id="list_members",
        summary="Everybody's roles in the study (admins)",
        responses=MemberSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        return Response(MemberSerializer(members_of(study), many=True).data)

    @extend_schema(
        operation_id="give_role",
        summary="Give a member one more role (admins)",
        request=NewMemberInput,
        responses={201: MemberSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = NewMemberInput(data=request.data)
        given.is_valid(raise_exception=True)
        membership = members.give_role(study=study, by=signed_in(request.user), **given.validated_data)
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)


class MemberView(APIView):
    @extend_schema(
        operation_id="remove_member", summary="Take one role away from a person (admins)", responses={204: None}
    )
    def delete(self, request: Request, slug: str, member_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        members.remove_member(study=study, member_id=member_id, by=signed_in(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
