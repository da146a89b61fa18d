"""What to ask for since the last sync: a stretch of the server's own time, with an overlap.

Our clock and the server's never agree, and a shop may write a change some seconds after the moment it
stamps it with. So windows are measured by the server's clock (its ``Date`` header) and begin a little
before the last one ended: what comes twice replaces itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

OVERLAP = timedelta(minutes=10)
_QUARTER = timedelta(minutes=15)
_LONGEST_CHANGE = timedelta(hours=3)
"""No zone sets its clock by more at once."""


@dataclass(frozen=True)
class Window:
    """Changes from ``since`` (None: from the beginning) to ``until``, both included; UTC.

    ``until`` is what the cursor remembers once all of the window was read. Ask with both bounds: a row
    that changes while pages are read then leaves the window, and comes whole in the next one.
    """

    since: datetime | None
    until: datetime

    @property
    def mark(self) -> str:
        """``until`` as a cursor holds it."""
        return self.until.isoformat()

    def wall(self, zone: str) -> tuple[datetime | None, datetime]:
        """The same as a shop's own wall clock shows it, wide enough for the hour that comes twice.

        When clocks go back, a later moment may show an earlier time: the lower bound is the earliest
        time that any moment of the window shows, the upper bound the latest.
        """
        clock = ZoneInfo(zone)
        since = None if self.since is None else min(_shown(self.since, clock, forward=True))
        return since, max(_shown(self.until, clock, forward=False))


def window(mark: str | None, server_now: datetime, overlap: timedelta = OVERLAP) -> Window:
    """The changes since the window that ended at ``mark`` (a cursor's; empty: everything) until now.

    ``server_now`` is the server's clock: ``Answer.server_time``. It may lag behind the mark after a
    repair of the server's clock; the window then is empty but for the overlap, and the mark stays.
    """
    now = server_now.astimezone(UTC)
    if not mark:
        return Window(None, now)
    last = datetime.fromisoformat(mark)
    return Window(last - overlap, max(last, now))


def _shown(moment: datetime, clock: ZoneInfo, forward: bool) -> list[datetime]:
    """What the clock shows at a moment, and at the quarters of an hour of the three hours after or before it.

    Clocks are set at quarters, so that the first moment after a change is among them; the last one
    before it is a microsecond earlier.
    """
    base = moment.astimezone(UTC)
    first = base.replace(minute=base.minute // 15 * 15, second=0, microsecond=0)
    steps = int(_LONGEST_CHANGE / _QUARTER)
    if forward:
        moments = [base, *(first + _QUARTER * step for step in range(1, steps + 1))]
    else:
        tick = timedelta(microseconds=1)
        moments = [base, *(first - _QUARTER * step - tick for step in range(steps))]
    return [one.astimezone(clock).replace(tzinfo=None) for one in moments]


def utc_of_wall(times: pd.Series, zone: str, ids: pd.Series | None = None) -> pd.Series:
    """A shop's wall times in UTC.

    In the hour that comes twice, ``ids`` that grow with time tell the first from the second: a time that
    is earlier than that of a smaller id is in the second. Without ids, or where they do not tell, the
    first is taken. A time in the hour that never was is moved on by as much as the clocks were.

    Parameters
    ----------
    times : naive datetimes; NaT stays NaT.
    zone : the shop's time zone, as in ``Europe/Paris``.
    ids : ascending with the moment at which rows were made, same index.
    """
    wall = pd.to_datetime(times, errors="coerce")
    first = _localised(wall, zone, True)
    second = _localised(wall, zone, False)
    twice = (first != second).to_numpy() & wall.notna().to_numpy()
    if not twice.any():
        return first
    late = np.zeros(len(wall), bool)
    if ids is not None:
        late[twice] = _in_second_hour(wall[twice], ids[twice])
    return first.mask(pd.Series(late, index=first.index), second)


def _in_second_hour(wall: pd.Series, ids: pd.Series) -> np.ndarray:
    """Of times that come twice, which ones come after a later time of the same night, by their ids."""
    order = np.argsort(ids.to_numpy(), kind="stable")
    night = wall.dt.normalize()
    sorted_wall = wall.iloc[order]
    latest = sorted_wall.groupby(night.iloc[order]).cummax()
    stepped_back = (sorted_wall < latest).groupby(night.iloc[order]).cummax().to_numpy()
    late = np.empty(len(wall), bool)
    late[order] = stepped_back
    return late


def _localised(wall: pd.Series, zone: str, summer: bool) -> pd.Series:
    flags = np.full(len(wall), summer)
    # By its name: pandas then uses its table of transitions, a hundred times faster than ZoneInfo.
    local = wall.dt.tz_localize(zone, ambiguous=flags, nonexistent="shift_forward")
    return local.dt.tz_convert("UTC").dt.as_unit("us")
