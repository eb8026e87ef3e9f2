"""The web process' entry: `granian --interface asgi roiqa.config.asgi:application`."""

import os

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roiqa.config.settings")


class OneThreadHandler(ASGIHandler):
    """Django's handler with all middleware and the view in one visit to one thread.

    Every middleware and every view here is synchronous. Django's own handler goes from the event loop to a thread and
    back for each of them, some ten times a request, and each hop waits for Python's lock (docs/performance.md).
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  (as in Django)
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


django.setup(set_prefix=False)
application = OneThreadHandler()
