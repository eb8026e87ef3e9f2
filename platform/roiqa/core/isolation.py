"""Cross-origin isolation: what lets a page have threads (SharedArrayBuffer), which the decoder in the browser uses.

A page is isolated when it and the workers it starts say COOP same-origin (Django's SecurityMiddleware does) and COEP
require-corp, and when everything that it loads says who may load it (CORP). All of it is ours and for nobody else.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class IsolationMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
