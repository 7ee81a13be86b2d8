"""What the renderer derives from documents and keeps between two frames."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from himapp.document.pixel_values import Array

BUDGET_BYTES = 384 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    sources: tuple[object, ...]
    value: Array


class RenderCache:
    """Arrays derived from immutable objects, the longest unused going first.

    An entry is found by what it is and by the identity of its sources. It holds its sources, so
    that their identity cannot pass to another object. Safe to use from several threads: at worst
    two of them build the same array.
    """

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._used_bytes = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = Lock()

    @property
    def used_bytes(self) -> int:
        """What the kept arrays take together."""
        return self._used_bytes

    def fetch(
        self, key: Hashable, sources: tuple[object, ...], build: Callable[[], Array]
    ) -> Array:
        """Return the array of a key and its sources, built if it is not there; read-only."""
        full_key = (key, tuple(id(source) for source in sources))
        with self._lock:
            entry = self._entries.get(full_key)
            if entry is not None:
                self._entries.move_to_end(full_key)
                return entry.value
        value = build()
        value.setflags(write=False)
        self._keep(full_key, _Entry(sources, value))
        return value

    def take_over(self, other: "RenderCache") -> None:
        """Keep what another cache has built as well; the other one is not used any more."""
        for key, entry in other._entries.items():
            self._keep(key, entry)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._used_bytes = 0

    def _keep(self, full_key: Hashable, entry: _Entry) -> None:
        with self._lock:
            if full_key in self._entries:
                return
            self._entries[full_key] = entry
            self._used_bytes += entry.value.nbytes
            while self._used_bytes > self._budget_bytes and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                self._used_bytes -= oldest.value.nbytes
