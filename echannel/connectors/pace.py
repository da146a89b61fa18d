"""How many requests at once, and how soon after each other: as many as the server bears.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989): while answers are good
and quick, one request more at a time; after a refusal or a time-out, half as many. Answers that take
twice as long as the best ones say that the server is full, before it has to say so itself (the idea of
TCP Vegas): then the number stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STRAINED = {"rate", "maintenance", "timeout", "cut", "server"}
_FIRST = 3
_FULL = 2.0
"""Answers this many times slower than the best ones: more requests at once would only queue up."""
_FORGET = 1.02
"""The best time is forgotten slowly: a server may be slower in the afternoon than at dawn."""


class Pace:
    """Lets requests through: at most ``limit`` at once, at most ``rate`` per second after a ``burst``."""

    def __init__(
        self, workers: int, rate: float | None, burst: int, sleep: Callable[[float], object]
    ) -> None:
        self.limit = float(min(_FIRST, workers))
        self._most, self._rate, self._burst, self._sleep = workers, rate, burst, sleep
        self._changed = threading.Condition()
        self._under_way = 0
        self._tokens, self._filled = float(burst), time.monotonic()
        self._quiet_until = 0.0
        self._best: float | None = None
        self._lowered = 0.0

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for one's turn, then hold it."""
        with self._changed:
            while self._under_way >= max(1, int(self.limit)):
                self._changed.wait()
            self._under_way += 1
            pause = self._pause()
        try:
            if pause > 0:
                self._sleep(pause)
            yield Turn(self)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def _pause(self) -> float:
        """Seconds until this request may go: the bucket's, or until the server wants to be asked again."""
        now = time.monotonic()
        pause = max(0.0, self._quiet_until - now)
        if self._rate is None:
            return pause
        self._tokens = min(float(self._burst), self._tokens + (now - self._filled) * self._rate) - 1
        self._filled = now
        return max(pause, -self._tokens / self._rate)

    def learn(self, kind: str | None, seconds: float, quiet: float | None) -> None:
        """What the end of one request says about the server."""
        now = time.monotonic()
        with self._changed:
            if quiet:
                self._quiet_until = max(self._quiet_until, now + quiet)
            if kind in _STRAINED:
                # Requests that were under way together fail together: they lower the number once.
                if now - self._lowered > seconds:
                    self.limit, self._lowered = max(1.0, self.limit / 2), now
            elif kind is None:
                self._best = seconds if self._best is None else min(seconds, self._best * _FORGET)
                if seconds <= _FULL * self._best:
                    self.limit = min(float(self._most), self.limit + 1 / self.limit)
            self._changed.notify_all()


class Turn:
    """One request that is under way."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def ended(self, kind: str | None, seconds: float, quiet: float | None = None) -> None:
        """How it ended: the kind of failure (None: well), after how long, and how long to leave it alone."""
        self._pace.learn(kind, seconds, quiet)
