"""A run while it goes on, as server-sent events: from the database, so that any web process can tell of any worker's run.

`run` comes when the run's row changed, `point`, `log` and `sample` as they were stored, each with the id that
`Last-Event-ID` takes up again, `end` once it is over; a comment every 15 s keeps proxies from closing the line.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.utils.encoders import JSONEncoder

from roiqa.training.models import RunEvent, TrainingRun
from roiqa.training.serializers import TrainingRunSerializer

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
_AT_ONCE = 500


class Watch:
    """One client's view of a run. `look` answers what is new since the last look."""

    def __init__(self, run_id: UUID, *, after: int) -> None:
        self._run_id = run_id
        self._after = after
        self._told = ""
        self._quiet_since = time.monotonic()
        self.is_over = False

    def look(self) -> bytes:
        """Events as they go over the line; empty if there is nothing to tell."""
        run = TrainingRun.objects.select_related("study", "created_by", "release").get(pk=self._run_id)
        told = _json(TrainingRunSerializer(run).data)
        pieces = []
        if told != self._told:
            self._told = told
            pieces.append(_event("run", told))
        rows = list(RunEvent.objects.filter(run=run, id__gt=self._after).order_by("id")[:_AT_ONCE])
        for row in rows:
            pieces.append(_event(row.kind, _json(row.data), row.pk))
            self._after = row.pk
        if run.is_finished and len(rows) < _AT_ONCE:
            self.is_over = True
            pieces.append(_event("end", told))
        now = time.monotonic()
        if not pieces and now - self._quiet_since >= HEARTBEAT_SECONDS:
            pieces.append(b": still here\n\n")
        if pieces:
            self._quiet_since = now
        return b"".join(pieces)


def stream(request: HttpRequest, watch: Watch) -> StreamingHttpResponse:
    """The response; under WSGI it holds a thread, under ASGI nothing between two looks."""
    body = _over_loop(watch) if isinstance(request, ASGIRequest) else _over_thread(watch)
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    # nginx would collect events before it passes them on.
    response["X-Accel-Buffering"] = "no"
    return response


async def _over_loop(watch: Watch) -> AsyncIterator[bytes]:
    look = sync_to_async(_with_own_connection(watch.look))
    while True:
        piece = await look()
        if piece:
            yield piece
        if watch.is_over:
            return
        await asyncio.sleep(POLL_SECONDS)


def _over_thread(watch: Watch) -> Iterator[bytes]:
    while True:
        piece = watch.look()
        if piece:
            yield piece
        if watch.is_over:
            return
        time.sleep(POLL_SECONDS)


def _with_own_connection(look: Callable[[], bytes]) -> Callable[[], bytes]:
    """The connection goes back to the pool after each look: people leave the page open for hours."""

    def looked() -> bytes:
        try:
            return look()
        finally:
            connection.close()

    return looked


def _event(name: str, data: str, event_id: int | None = None) -> bytes:
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


def _json(data: object) -> str:
    return json.dumps(data, cls=JSONEncoder, separators=(",", ":"))
