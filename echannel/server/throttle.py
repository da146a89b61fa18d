"""How often somebody may try a password: after a few misses each one costs a longer wait."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_KEPT = 20_000  # names remembered at once; the oldest are forgotten first


@dataclass
class _Misses:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass
class Throttle:
    """Misses by name (an account's, an address's). Nobody is told whether a name exists.

    ``free`` misses cost nothing; the next costs ``first`` seconds, each further one twice as much, up to
    ``longest``. Misses are forgotten after ``memory`` seconds without one.
    """

    free: int
    first: float
    longest: float
    memory: float = 3600.0
    clock: Callable[[], float] = time.monotonic
    _misses: OrderedDict[str, _Misses] = field(default_factory=OrderedDict)

    def wait(self, name: str) -> float:
        """Seconds until ``name`` may try again; 0: now."""
        found = self._misses.get(name)
        return max(0.0, found.until - self.clock()) if found else 0.0

    def missed(self, name: str) -> None:
        """Count one miss, from when the try begins: tries at the same time do not slip through."""
        now = self.clock()
        found = self._misses.pop(name, None)
        if found is None or now - found.last > self.memory:
            found = _Misses()
        found.count, found.last = found.count + 1, now
        over = found.count - self.free
        if over >= 0:
            found.until = now + min(self.longest, self.first * 2.0 ** min(over, 30))
        self._misses[name] = found
        while len(self._misses) > _KEPT:
            self._misses.popitem(last=False)

    def take_back(self, name: str) -> None:
        """One try was no miss after all; those before it still count."""
        found = self._misses.get(name)
        if found is not None:
            found.count, found.until = found.count - 1, 0.0

    def forget(self, name: str) -> None:
        """A right password clears what went before."""
        self._misses.pop(name, None)
