"""Files of an image over HTTP: immutable, revalidated by a strong ETag, streamed in pieces, never sniffed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse
from django.utils.http import content_disposition_header, parse_etags

from roiqa.core.errors import NotFound

CHUNK_BYTES = 256 * 1024
ONE_YEAR_SECONDS = 365 * 24 * 3600


def serve_file(
    request: HttpRequest, *, key: str, etag: str, content_type: str, attachment_name: str | None = None
) -> HttpResponseBase:
    """The stored file; 304 without a body when the client holds it already.

    `etag` is the bare tag of these exact bytes. `private`: only the person's own browser keeps a copy, never a proxy.
    With `attachment_name` the browser saves the file instead of showing it. Raises NotFound if storage lost the file.
    """
    strong = f'"{etag}"'
    held = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponseBase
    # A cache may send its tag weak; for a GET the weak comparison is the right one (RFC 9110, section 13.1.2).
    if "*" in held or strong in {tag.removeprefix("W/") for tag in held}:
        response = HttpResponseNotModified()
    else:
        response = _body(request, key)
        response["Content-Type"] = content_type
        if attachment_name is not None:
            disposition = content_disposition_header(as_attachment=True, filename=attachment_name)
            response["Content-Disposition"] = disposition or "attachment"
    response["ETag"] = strong
    response["Cache-Control"] = f"private, max-age={ONE_YEAR_SECONDS}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _body(request: HttpRequest, key: str) -> HttpResponseBase:
    try:
        handle = default_storage.open(key, "rb")
        size = handle.size
    except FileNotFoundError:
        raise NotFound("The file is gone from storage: import the image again.", code="file_missing") from None
    if size <= CHUNK_BYTES:
        with handle:
            return HttpResponse(handle.read())
    # A sync iterator under ASGI would be read into memory as a whole, and an async one under WSGI too.
    pieces = _pieces_async(handle) if isinstance(request, ASGIRequest) else _pieces(handle)
    response = StreamingHttpResponse(pieces)
    response["Content-Length"] = str(size)
    return response


def _pieces(handle: "File[Any]") -> Iterator[bytes]:
    with handle:
        while piece := handle.read(CHUNK_BYTES):
            yield piece


async def _pieces_async(handle: "File[Any]") -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(handle.read, CHUNK_BYTES):
            yield piece
    finally:
        handle.close()
