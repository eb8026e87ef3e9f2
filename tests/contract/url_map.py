"""What the URL map offers: every API path with the methods its view answers."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def endpoints() -> list[tuple[str, str]]:
    """(method, route) of every API endpoint; routes as `studies/{slug}/`, relative to /api/v1/."""
    return sorted((method, route) for route, pattern in _api_routes() for method in _methods(pattern))


def api_views() -> list[tuple[str, type]]:
    """(route, class) of every API view that is a class."""
    classes = []
    for route, pattern in _api_routes():
        view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
        if view is not None:
            classes.append((route, view))
    return classes


def _api_routes() -> Iterator[tuple[str, URLPattern]]:
    for route, pattern in _walk(get_resolver().url_patterns, ""):
        if route.startswith("api/v1/"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.removeprefix("api/v1/")), pattern


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, route)
        else:
            yield route, entry


def _methods(pattern: URLPattern) -> list[str]:
    view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
    if view is None:
        # Plain functions answer GET only; test_authorization_matrix checks that they refuse the rest.
        return ["GET"]
    return [method for method in METHODS if hasattr(view, method.lower())]
