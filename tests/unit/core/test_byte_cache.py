"""A cache that never holds more than its bound."""

from roiqa.core.byte_cache import ByteCache


def make_cache(max_bytes: int) -> tuple[ByteCache[bytes], list[int]]:
    """The cache and the sizes that were made for it, in order."""
    return ByteCache(max_bytes=max_bytes, size_of=len), []


def test_a_value_is_made_once() -> None:
    cache, made = make_cache(10)
    for _ in range(3):
        assert cache.get("a", lambda: made.append(4) or b"aaaa") == b"aaaa"
    assert (made, cache.byte_size) == ([4], 4)


def test_the_longest_unused_goes_first() -> None:
    cache, _ = make_cache(10)
    cache.get("a", lambda: b"aaaa")
    cache.get("b", lambda: b"bbbb")
    cache.get("a", lambda: b"xxxx")
    cache.get("c", lambda: b"cccc")
    assert cache.byte_size == 8
    assert cache.get("a", lambda: b"xxxx") == b"aaaa"
    assert cache.get("b", lambda: b"yyyy") == b"yyyy"


def test_what_is_larger_than_the_bound_is_handed_out_and_not_kept() -> None:
    cache, _ = make_cache(3)
    assert cache.get("a", lambda: b"aaaa") == b"aaaa"
    assert cache.byte_size == 0


def test_clearing_forgets_everything() -> None:
    cache, _ = make_cache(10)
    cache.get("a", lambda: b"aaaa")
    cache.clear()
    assert cache.byte_size == 0
    assert cache.get("a", lambda: b"bb") == b"bb"
