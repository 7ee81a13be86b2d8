import numpy as np
import pytest

from himapp.document.render_cache import RenderCache


def test_what_was_built_is_not_built_again():
    cache, source = RenderCache(), object()
    first = cache.fetch("a", (source,), lambda: np.zeros(10))
    assert cache.fetch("a", (source,), lambda: np.ones(10)) is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_key_and_sources_tell_entries_apart():
    cache, source = RenderCache(), object()
    cache.fetch("a", (source,), lambda: np.zeros(1))
    assert cache.fetch("b", (source,), lambda: np.ones(1))[0] == 1
    assert cache.fetch("a", (object(),), lambda: np.ones(1))[0] == 1


def test_the_longest_unused_goes_when_the_budget_is_full():
    cache = RenderCache(budget_bytes=250)
    source = object()
    for key in ("a", "b", "a", "c"):
        cache.fetch(key, (source,), lambda: np.zeros(100, np.uint8))
    assert cache.used_bytes == 200
    assert cache.fetch("a", (source,), lambda: np.ones(1))[0] == 0
    assert cache.fetch("b", (source,), lambda: np.ones(1))[0] == 1


def test_clear_forgets_everything():
    cache, source = RenderCache(), object()
    cache.fetch("a", (source,), lambda: np.zeros(1))
    cache.clear()
    assert cache.used_bytes == 0
    assert cache.fetch("a", (source,), lambda: np.ones(1))[0] == 1


def test_what_another_cache_has_built_is_kept_beside_the_own():
    cache, other, source = RenderCache(), RenderCache(), object()
    own = cache.fetch("a", (source,), lambda: np.zeros(1))
    taken = other.fetch("b", (source,), lambda: np.zeros(2))
    other.fetch("a", (source,), lambda: np.ones(1))
    cache.take_over(other)
    assert cache.fetch("a", (source,), lambda: np.ones(1)) is own
    assert cache.fetch("b", (source,), lambda: np.ones(2)) is taken
    assert cache.used_bytes == own.nbytes + taken.nbytes
