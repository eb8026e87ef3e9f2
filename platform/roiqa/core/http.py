"""The one translation of errors to HTTP: `{code, detail, fields}` with a status per family."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from roiqa.core import errors

STATUS_OF_FAMILY: Mapping[type[errors.DomainError], int] = {
    errors.Invalid: status.HTTP_422_UNPROCESSABLE_ENTITY,
    errors.NotSignedIn: status.HTTP_401_UNAUTHORIZED,
    errors.NotAllowed: status.HTTP_403_FORBIDDEN,
    errors.NotFound: status.HTTP_404_NOT_FOUND,
    errors.Conflict: status.HTTP_409_CONFLICT,
    errors.TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    errors.TooManyRequests: status.HTTP_429_TOO_MANY_REQUESTS,
}


def error_body(code: str, detail: str, fields: errors.Fields | None = None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "fields": {k: list(v) for k, v in (fields or {}).items()}}


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """DRF's nested validation detail as `{dotted.field: [sentences]}`."""
    if isinstance(detail, Mapping):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat.update(_flatten(value, f"{prefix}.{key}" if prefix else str(key)))
        return flat
    if isinstance(detail, list) and detail and all(isinstance(item, (Mapping, list)) for item in detail):
        flat = {}
        for index, value in enumerate(detail):
            flat.update(_flatten(value, f"{prefix}[{index}]"))
        return flat
    sentences = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(sentence) for sentence in sentences]}


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception hook. None (an unknown error) becomes an opaque 500 and a log entry."""
    response = _translate(exc)
    if response is not None:
        set_rollback()
    return response


def _translate(exc: Exception) -> Response | None:
    if isinstance(exc, errors.DomainError):
        code = next(number for family, number in STATUS_OF_FAMILY.items() if isinstance(exc, family))
        body = {**error_body(exc.code, exc.detail, exc.fields), **exc.extra}
        wait = {"Retry-After": str(exc.retry_after_seconds)} if isinstance(exc, errors.TooManyRequests) else {}
        return Response(body, status=code, headers=wait)
    if isinstance(exc, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return Response(error_body("too_large", str(exc)), status=status.HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(exc, Http404):
        return Response(error_body("not_found", "There is nothing here."), status=status.HTTP_404_NOT_FOUND)
    if isinstance(exc, PermissionDenied):
        return Response(error_body("not_allowed", str(exc) or "Not allowed."), status=status.HTTP_403_FORBIDDEN)
    if isinstance(exc, exceptions.ValidationError):
        fields = _flatten(exc.detail)
        first_field, sentences = next(iter(fields.items()))
        where = "" if first_field == "non_field_errors" else f"{first_field}: "
        return Response(error_body("invalid", f"{where}{sentences[0]}", fields), status=status.HTTP_400_BAD_REQUEST)
    if isinstance(exc, exceptions.APIException):
        codes = exc.get_codes()
        headers: dict[str, str] = {}
        if getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
        if getattr(exc, "wait", None) is not None:
            headers["Retry-After"] = str(int(exc.wait) + 1)  # type: ignore[attr-defined]
        name = codes if isinstance(codes, str) else "error"
        return Response(error_body(name, str(exc.detail)), status=exc.status_code, headers=headers)
    return None


def _json_error(code: str, detail: str, number: int) -> JsonResponse:
    return JsonResponse(error_body(code, detail), status=number)


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return _json_error("not_found", "There is nothing here.", 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return _json_error("bad_request", "The request cannot be read.", 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return _json_error("not_allowed", "Not allowed.", 403)


def server_error(request: HttpRequest) -> JsonResponse:
    return _json_error("server_error", "Something broke on the server; it was written to the log.", 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    return _json_error("csrf_failed", "The page's security token is missing or old: reload the page.", 403)
