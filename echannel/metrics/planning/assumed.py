"""Which value a plan takes where several are to be had, and the record of who made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from echannel.metrics.planning.inputs import Assumption, MadeBy

SOURCES: tuple[MadeBy, ...] = ("owner", "consultant", "ledger", "history", "default")
"""From the strongest to the weakest."""


class Told(Protocol):
    """A value that somebody entered: a profile's ``Told`` is one."""

    @property
    def value(self) -> Any: ...
    @property
    def by(self) -> Any: ...
    @property
    def note(self) -> str: ...


class Found(NamedTuple):
    """A value found, who made it, and on what it rests; NaN where there is none, and ``why`` not.

    ``day``: the local day that it is of, where that matters.
    """

    value: float
    made_by: MadeBy
    reason: str
    why: str = ""
    day: int | None = None


@dataclass
class Assumptions:
    """Collects what a plan assumes while it is put together, in the order in which it is asked."""

    made: list[Assumption] = field(default_factory=list)

    def take(
        self, name: str, unit: str, told: Told | None, *found: Found, about: str = "", quiet: bool = False
    ) -> float:
        """The value entered, else the first one found; recorded with who made it.

        The last of ``found`` is the default; why an earlier one has no value goes with it. ``quiet``: a
        default of 0 is not worth a line.
        """
        if told is not None:
            self._record(name, float(told.value), unit, told.by, "reason.planning.entered", about, told.note)
            return float(told.value)
        why = next((one.why for one in found if np.isnan(one.value) and one.why), "")
        chosen = next((one for one in found if not np.isnan(one.value)), None)
        if chosen is None:
            return float("nan")
        weak = chosen.made_by == "default"
        if not (quiet and weak and chosen.value == 0.0):
            reason = why if weak and why else chosen.reason
            self._record(name, chosen.value, unit, chosen.made_by, reason, about, day=chosen.day)
        return chosen.value

    def note(
        self,
        name: str,
        value: Any,
        unit: str,
        made_by: MadeBy,
        reason: str,
        about: str = "",
        note: str = "",
    ) -> None:
        """Records a value that was taken otherwise."""
        self._record(name, value, unit, made_by, reason, about, note)

    def _record(
        self,
        name: str,
        value: Any,
        unit: str,
        made_by: MadeBy,
        reason: str,
        about: str,
        note: str = "",
        day: int | None = None,
    ) -> None:
        self.made.append(Assumption(name, value, unit, made_by, reason, about, note, day=day))
