"""Sending what is made piece by piece, under ASGI and WSGI alike, with the memory of one piece."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streaming_response(request: HttpRequest, pieces: Iterator[bytes], *, content_type: str) -> StreamingHttpResponse:
    """A response without a length: the file is being made. `pieces` must be a generator.

    Django would read a sync iterator into memory as a whole under ASGI, and an async one under WSGI.
    """
    body = over_a_thread(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(body, content_type=content_type)


async def over_a_thread(pieces: Any) -> AsyncIterator[bytes]:
    """The pieces of a generator that works in a thread of its own, so that the event loop never waits for it.

    The next piece is made only when the last one was taken. When the client goes away the generator is closed, in its
    own thread and after the step it may be in.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
    try:
        loop = asyncio.get_running_loop()
        while (piece := await loop.run_in_executor(thread, next, pieces, None)) is not None:
            yield piece
    finally:
        thread.submit(pieces.close)
        thread.shutdown(wait=False)
