"""Doors to invites: make and take back (admins), look at and accept (whoever holds the link)."""

from uuid import UUID

from django.contrib.auth import login
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import SessionAuthentication, signed_in
from roiqa.accounts.models import User
from roiqa.accounts.serializers import MeSerializer
from roiqa.accounts.throttles import LoginAddressThrottle
from roiqa.core.schema import THROTTLED
from roiqa.studies import invites
from roiqa.studies.access import study_for
from roiqa.studies.models import Invite, Role
from roiqa.studies.serializers import (
    AcceptInviteInput,
    InviteInput,
    InviteOfferSerializer,
    InviteSerializer,
    NewInviteSerializer,
)


class InvitesView(APIView):
    @extend_schema(
        operation_id="list_invites",
        summary="The study's invites, without their links (admins)",
        responses=InviteSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        return Response(InviteSerializer(Invite.objects.filter(study=study).order_by("-created_at"), many=True).data)

    @extend_schema(
        operation_id="make_invite",
        summary="Make an invite link, shown this once (admins)",
        request=InviteInput,
        responses={201: NewInviteSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = InviteInput(data=request.data)
        given.is_valid(raise_exception=True)
        invite, token = invites.make_invite(study=study, by=signed_in(request.user), **given.validated_data)
        shown = {**InviteSerializer(invite).data, "url": request.build_absolute_uri(f"/join/{token}")}
        return Response(shown, status=status.HTTP_201_CREATED)


class InviteView(APIView):
    @extend_schema(operation_id="revoke_invite", summary="Take an invite back (admins)", responses={204: None})
    def delete(self, request: Request, slug: str, invite_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        invites.revoke_invite(study=study, invite_id=invite_id, by=signed_in(request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)


class InviteOfferView(APIView):
    permission_classes = (permissions.AllowAny,)

    @extend_schema(operation_id="get_invite_offer", summary="What an invite offers", responses=InviteOfferSerializer)
    def get(self, request: Request, token: str) -> Response:
        return Response(InviteOfferSerializer(invites.usable_invite(token=token)).data)


class AcceptInviteView(APIView):
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (LoginAddressThrottle,)

    @extend_schema(
        operation_id="accept_invite",
        summary="Join: as whoever is signed in, or with a new account that is then signed in",
        request=AcceptInviteInput,
        responses=MeSerializer,
        extensions={THROTTLED: True},
    )
    def post(self, request: Request, token: str) -> Response:
        user = request.user if isinstance(request.user, User) else None
        if user is None:
            # DRF checks CSRF only for a session's owner; this request may sign somebody in.
            SessionAuthentication().enforce_csrf(request)
        given = AcceptInviteInput(data=request.data)
        given.is_valid(raise_exception=True)
        person = invites.accept_invite(token=token, user=user, **given.validated_data)
        if user is None:
            login(request._request, person, backend="django.contrib.auth.backends.ModelBackend")
        return Response(MeSerializer(person).data)
