"""Cut a picture into stripes of rows and work on several of them at once, in order.

Compressing leaves Python's lock, so threads are enough; only the stripes in work are in memory.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

_STRIPE_BYTES: Final = 1 << 20
# More gain nothing: the disk and the reading of the pixels are the limit then.
_MOST_THREADS: Final = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def split_rows(height: int, row_bytes: int) -> list[tuple[int, int]]:
    """Return stripes of about a megabyte as ``(first row, row after the last)``.

    Args:
        height: Rows of the picture.
        row_bytes: Bytes of a row.
    """
    rows = max(_STRIPE_BYTES // max(row_bytes, 1), 1)
    return [(top, min(top + rows, height)) for top in range(0, height, rows)]


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result]:
    """Call a function for every item in threads and give the results in the items' order.

    At most two results per thread are waiting, however many items there are.

    Args:
        work: Called once for each item; what it raises is raised here.
        items: Read one by one as there is room.
    """
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, "stripe")
    try:
        for item in items:
            if len(waiting) == 2 * threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Whoever stops early, or finds a stripe failed, does not wait for those not begun.
        pool.shutdown(cancel_futures=True)
