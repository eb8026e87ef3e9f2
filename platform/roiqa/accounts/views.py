"""Doors for people: log-in, log-out, password, who am I."""

from typing import Any

from django.contrib.auth import login, logout, update_session_auth_hash
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts import erasure, services
from roiqa.accounts.authentication import SessionAuthentication, signed_in
from roiqa.accounts.serializers import CredentialsInput, EraseInput, MeSerializer, PasswordInput
from roiqa.accounts.throttles import LoginAddressThrottle, LoginNameThrottle
from roiqa.core.schema import THROTTLED
from roiqa.core.strict import NoFields


class AnonymousDoor(APIView):
    """A door for people who are not signed in yet. DRF checks CSRF only for a session's owner: here it is always."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in permissions.SAFE_METHODS:
            SessionAuthentication().enforce_csrf(request)
        super().initial(request, *args, **kwargs)


class LoginView(AnonymousDoor):
    throttle_classes = (LoginNameThrottle, LoginAddressThrottle)

    @extend_schema(
        operation_id="log_in",
        summary="Sign in with a session cookie",
        request=CredentialsInput,
        responses=MeSerializer,
        extensions={THROTTLED: True},
    )
    def post(self, request: Request) -> Response:
        given = CredentialsInput(data=request.data)
        given.is_valid(raise_exception=True)
        user = services.person_with(request=request._request, **given.validated_data)
        # Gives the session a new key and the page a new CSRF token.
        login(request._request, user)
        return Response(MeSerializer(user).data)


class LogoutView(APIView):
    @extend_schema(operation_id="log_out", summary="End this session", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator([ensure_csrf_cookie, never_cache], name="dispatch")
class MeView(APIView):
    @extend_schema(
        operation_id="me", summary="Who am I, and in which studies; sets the CSRF cookie", responses=MeSerializer
    )
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(signed_in(request.user)).data)


@method_decorator([ensure_csrf_cookie, never_cache], name="dispatch")
class CSRFView(AnonymousDoor):
    @extend_schema(operation_id="csrf", summary="Set the CSRF cookie", responses={204: None})
    def get(self, request: Request) -> Response:
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(APIView):
    throttle_classes = (LoginNameThrottle,)

    @extend_schema(
        operation_id="change_password",
        summary="Change the password; ends the other sessions, keeps tokens",
        request=PasswordInput,
        responses={204: None},
        extensions={THROTTLED: True},
    )
    def post(self, request: Request) -> Response:
        given = PasswordInput(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in(request.user)
        services.change_password(user=user, **given.validated_data)
        if isinstance(request.successful_authenticator, SessionAuthentication):
            update_session_auth_hash(request._request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class EraseView(APIView):
    throttle_classes = (LoginNameThrottle,)

    @extend_schema(
        operation_id="erase_me",
        summary="Erase my account for good; what I rated stays, without my name",
        request=EraseInput,
        responses={204: None},
        extensions={THROTTLED: True},
    )
    def post(self, request: Request) -> Response:
        given = EraseInput(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in(request.user)
        services.require_password(user=user, password=given.validated_data["password"])
        erasure.erase_person(user=user, by=user)
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)
