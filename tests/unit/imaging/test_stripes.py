import threading

import pytest

from himapp.imaging.stripes import map_in_order, split_rows


@pytest.mark.parametrize(("height", "row_bytes"), [(1, 1), (4000, 18_000), (7, 5 << 20), (1000, 0)])
def test_stripes_cover_every_row_once(height: int, row_bytes: int) -> None:
    stripes = split_rows(height, row_bytes)
    assert stripes[0][0] == 0
    assert stripes[-1][1] == height
    assert all(first < end for first, end in stripes)
    assert [end for _, end in stripes[:-1]] == [first for first, _ in stripes[1:]]


def test_results_come_in_order_and_few_wait() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return item * item

    results = map_in_order(work, range(1000))
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    assert len(begun) < 100
    assert list(results) == [item * item for item in range(3, 1000)]


def test_what_fails_is_raised_and_the_rest_is_not_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 0:
            raise KeyError("broken stripe")
        return item

    with pytest.raises(KeyError, match="broken stripe"):
        list(map_in_order(work, range(1000)))
    assert len(begun) < 100


def test_who_stops_early_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    results = map_in_order(lambda item: item, range(1000))
    next(results)
    results.close()
    # Threads of others may end meanwhile.
    assert set(threading.enumerate()) <= before
