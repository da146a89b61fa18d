"""The queue in front of the dashboards, for when as many are open as the machine can carry."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

AGAIN_SECONDS = 5  # how often the waiting page asks again
_GONE = 4 * AGAIN_SECONDS
_LONGEST = 10_000


@dataclass
class WaitingRoom:
    """Who waits, in the order in which they came. Who does not ask again has gone."""

    clock: Callable[[], float] = time.monotonic
    _asked: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def place(self, who: str) -> int:
        """The place of ``who`` in the queue, from 1; takes one where they had none."""
        self._tidy()
        self._asked[who] = self.clock()  # keeps the place of who is there already
        return list(self._asked).index(who) + 1

    def is_next(self, who: str, free: int) -> bool:
        """Whether ``who`` may go in when ``free`` places are; those who came before go first."""
        self._tidy()
        before = list(self._asked).index(who) if who in self._asked else len(self._asked)
        return before < free

    def leave(self, who: str) -> None:
        """They went in."""
        self._asked.pop(who, None)

    def _tidy(self) -> None:
        now = self.clock()
        for who, asked in list(self._asked.items()):
            if now - asked > _GONE:
                del self._asked[who]
        while len(self._asked) > _LONGEST:
            self._asked.popitem()
