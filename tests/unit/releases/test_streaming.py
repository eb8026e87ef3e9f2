"""Making a file while it is sent: in order, no further ahead than one piece, and tidied up when the client goes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from roiqa.releases.streaming import over_a_thread
from roiqa.studies.models import Role
from tests.api.factories import make_member
from tests.api.release_study import exported, freeze, small_study


class Pieces:
    """A generator of numbered pieces that notes what it was asked for, where, and whether it was closed."""

    def __init__(self, count: int) -> None:
        self.made = 0
        self.threads: set[int] = set()
        self.closed = threading.Event()
        self._count = count

    def __iter__(self) -> Iterator[bytes]:
        try:
            for number in range(self._count):
                self.made += 1
                self.threads.add(threading.get_ident())
                yield b"" if number == 1 else b"%d" % number
        finally:
            self.closed.set()


async def collected(pieces: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in pieces]


def test_pieces_come_in_order_from_one_other_thread_an_empty_one_included() -> None:
    pieces = Pieces(4)
    assert asyncio.run(collected(over_a_thread(iter(pieces)))) == [b"0", b"", b"2", b"3"]
    assert len(pieces.threads) == 1
    assert threading.get_ident() not in pieces.threads


async def first_of(pieces: Any) -> bytes:
    async for piece in pieces:
        await pieces.aclose()
        return bytes(piece)
    raise AssertionError


def test_nothing_is_made_ahead_and_a_client_that_leaves_ends_it() -> None:
    pieces = Pieces(1000)
    assert asyncio.run(first_of(over_a_thread(iter(pieces)))) == b"0"
    assert pieces.closed.wait(5)
    assert pieces.made == 1


def test_a_client_that_leaves_during_a_step_ends_it_after_the_step() -> None:
    inside, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        try:
            inside.set()
            go_on.wait(5)
            yield b"never taken"
        finally:
            closed.set()

    async def cancelled() -> None:
        task = asyncio.create_task(collected(over_a_thread(slow())))
        await asyncio.to_thread(inside.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(cancelled())
    assert closed.wait(5)


def test_an_error_reaches_the_server() -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        asyncio.run(collected(over_a_thread(broken())))


def test_the_loop_goes_on_while_a_piece_is_made() -> None:
    def slow() -> Iterator[bytes]:
        time.sleep(0.05)
        yield b"a"

    async def ticks() -> int:
        task = asyncio.create_task(collected(over_a_thread(slow())))
        count = 0
        while not task.done():
            await asyncio.sleep(0.001)
            count += 1
        return count

    assert asyncio.run(ticks()) > 5


@pytest.mark.django_db(transaction=True)
def test_under_asgi_the_download_is_an_async_stream_of_the_same_bytes() -> None:
    study = small_study()
    release = freeze(study)
    client = AsyncClient()
    client.force_login(make_member(study, Role.ADMIN).user)

    async def download() -> tuple[bool, bytes]:
        response = await client.get(f"/api/v1/releases/{release.pk}/export/?format=seagull")
        return response.is_async, b"".join([piece async for piece in response])

    assert async_to_sync(download)() == (True, exported(release, "seagull"))
