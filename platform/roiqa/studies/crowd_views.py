"""Doors to crowd links: admins make them, people of the platform come in by them."""

from typing import Any
from uuid import UUID

from django.contrib.auth import login
from django.db.models import Count, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import SessionAuthentication
from roiqa.accounts.models import User
from roiqa.accounts.serializers import MeSerializer
from roiqa.accounts.throttles import LoginAddressThrottle
from roiqa.core.schema import THROTTLED
from roiqa.studies import crowd
from roiqa.studies.access import signed_in, study_for
from roiqa.studies.crowd_serializers import (
    CrowdLinkChange,
    CrowdLinkInput,
    CrowdLinkSerializer,
    CrowdOfferSerializer,
    EnterInput,
)
from roiqa.studies.models import Role, Study
from roiqa.studies.qualification_models import CrowdLink


def _counted(study: Study) -> QuerySet[CrowdLink]:
    return CrowdLink.objects.filter(study=study).annotate(
        people=Count("places"), completed=Count("places__completed_at")
    )


class CrowdLinksView(APIView):
    @extend_schema(
        operation_id="list_crowd_links",
        summary="Entries for people of crowd platforms (admins)",
        responses=CrowdLinkSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        rows = _counted(study).order_by("-created_at")
        return Response(CrowdLinkSerializer(rows, many=True, context={"request": request}).data)

    @extend_schema(
        operation_id="make_crowd_link",
        summary="Make an entry for people of a crowd platform (admins)",
        request=CrowdLinkInput,
        responses={201: CrowdLinkSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = CrowdLinkInput(data=request.data)
        given.is_valid(raise_exception=True)
        link = crowd.make_link(study=study, by=signed_in(request.user), **given.validated_data)
        shown = CrowdLinkSerializer(_counted(study).get(pk=link.pk), context={"request": request})
        return Response(shown.data, status=status.HTTP_201_CREATED)


class CrowdLinkView(APIView):
    @extend_schema(
        operation_id="change_crowd_link",
        summary="Close an entry, or open it again (admins)",
        request=CrowdLinkChange,
        responses=CrowdLinkSerializer,
    )
    def patch(self, request: Request, slug: str, link_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = CrowdLinkChange(data=request.data)
        given.is_valid(raise_exception=True)
        link = crowd.link_of(study=study, link_id=link_id)
        crowd.close_link(link=link, by=signed_in(request.user), **given.validated_data)
        return Response(CrowdLinkSerializer(_counted(study).get(pk=link.pk), context={"request": request}).data)


class CrowdOfferView(APIView):
    permission_classes = (permissions.AllowAny,)

    @extend_schema(
        operation_id="get_crowd_offer", summary="What an entry link leads to", responses=CrowdOfferSerializer
    )
    def get(self, request: Request, crowd_token: str) -> Response:
        return Response(CrowdOfferSerializer(crowd.open_link(token=crowd_token)).data)


class CrowdEnterView(APIView):
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (LoginAddressThrottle,)

    @extend_schema(
        operation_id="enter_by_crowd_link",
        summary="Come in with the id that the platform gave; signs in",
        request=EnterInput,
        responses=MeSerializer,
        extensions={THROTTLED: True},
    )
    def post(self, request: Request, crowd_token: str) -> Response:
        user: Any = request.user if isinstance(request.user, User) else None
        if user is None:
            # DRF checks CSRF only for a session's owner; this request may sign somebody in.
            SessionAuthentication().enforce_csrf(request)
        given = EnterInput(data=request.data)
        given.is_valid(raise_exception=True)
        person = crowd.enter(token=crowd_token, signed_in_as=user, **given.validated_data)
        if user is None:
            login(request._request, person, backend="django.contrib.auth.backends.ModelBackend")
        return Response(MeSerializer(person).data)
