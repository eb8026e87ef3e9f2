"""What keeps one person, or many at once, from taking all processors."""

import threading

import pytest

from roiqa.core.errors import TooManyRequests
from roiqa.core.gates import BoundedQueue, RateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_finds_the_queue_full_is_sent_away_and_may_come_again() -> None:
    queue = BoundedQueue(at_once=1, waiting=1, patience_seconds=5)
    inside, leave = threading.Event(), threading.Event()
    order: list[str] = []

    def take(name: str) -> None:
        with queue.turn():
            order.append(name)
            inside.set()
            leave.wait(5)

    first, second = (threading.Thread(target=take, args=(name,)) for name in ("first", "second"))
    first.start()
    assert inside.wait(5)
    second.start()
    while queue._inside._value:
        pass
    with pytest.raises(TooManyRequests) as refused, queue.turn():
        pass
    assert (refused.value.code, refused.value.retry_after_seconds) == ("busy", 1)
    leave.set()
    first.join()
    second.join()
    assert order == ["first", "second"]
    with queue.turn():
        order.append("third")


def test_waiting_has_an_end() -> None:
    queue = BoundedQueue(at_once=1, waiting=1, patience_seconds=0.01)
    with queue.turn(), pytest.raises(TooManyRequests), queue.turn():
        pass
    with queue.turn():
        pass


def test_a_failure_inside_gives_the_turn_back() -> None:
    queue = BoundedQueue(at_once=1, waiting=0, patience_seconds=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.turn():
            raise ZeroDivisionError
    with queue.turn():
        pass


def test_the_rate_allows_a_burst_then_so_many_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(per_minute=60, clock=clock)
    for _ in range(10):
        limit.spend("ada")
    with pytest.raises(TooManyRequests) as refused:
        limit.spend("ada")
    assert refused.value.retry_after_seconds == 1
    limit.spend("ben")
    clock.now += 1
    limit.spend("ada")
    with pytest.raises(TooManyRequests):
        limit.spend("ada")


def test_time_adds_no_more_than_one_burst() -> None:
    clock = Clock()
    limit = RateLimit(per_minute=60, clock=clock)
    limit.spend("ada")
    clock.now += 3600
    for _ in range(10):
        limit.spend("ada")
    with pytest.raises(TooManyRequests):
        limit.spend("ada")


def test_keys_are_forgotten_in_the_end() -> None:
    limit = RateLimit(per_minute=60, clock=Clock(), max_keys=3)
    for name in "abcdefgh":
        limit.spend(name)
    assert list(limit._left) == ["f", "g", "h"]
