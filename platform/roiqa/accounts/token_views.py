"""Doors for programs: make, list and delete API tokens."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts import services
from roiqa.accounts.authentication import signed_in
from roiqa.accounts.serializers import NewTokenSerializer, TokenInput, TokenSerializer
from roiqa.accounts.throttles import LoginAddressThrottle, LoginNameThrottle
from roiqa.core.schema import THROTTLED


class NewTokenView(APIView):
    # The password in the body is the proof; no cookie is looked at, so there is nothing to forge.
    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (LoginNameThrottle, LoginAddressThrottle)

    @extend_schema(
        operation_id="make_token",
        summary="Make an API token, shown this once",
        request=TokenInput,
        responses={201: NewTokenSerializer},
        extensions={THROTTLED: True},
    )
    def post(self, request: Request) -> Response:
        given = TokenInput(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data.pop("name")
        user = services.person_with(request=request._request, **given.validated_data)
        token, secret = services.make_token(user=user, name=name)
        shown = {
            "id": token.pk,
            "name": token.name,
            "token": secret,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        }
        return Response(NewTokenSerializer(shown).data, status=status.HTTP_201_CREATED)


class TokensView(APIView):
    @extend_schema(
        operation_id="list_tokens", summary="My API tokens, without their secrets", responses=TokenSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        tokens = signed_in(request.user).api_tokens.order_by("-created_at")
        return Response(TokenSerializer(tokens, many=True).data)


class TokenView(APIView):
    @extend_schema(operation_id="delete_token", summary="Delete one of my API tokens", responses={204: None})
    def delete(self, request: Request, token_id: UUID) -> Response:
        services.revoke_token(user=signed_in(request.user), token_id=token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
