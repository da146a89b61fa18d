"""What the webservice's wall times mean, and the shop's own settings that give them (and money) a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.parsing import Record, ids, texts, wall_times
from echannel.connectors.windows import Window, utc_of_wall
from echannel.errors import UserError

SETTINGS = (
    "PS_TIMEZONE",
    "PS_CURRENCY_DEFAULT",
    "PS_LANG_DEFAULT",
    "PS_WEIGHT_UNIT",
    "PS_OS_CANCELED",
    "PS_OS_ERROR",
    "PS_OS_REFUND",
    "PS_OS_DELIVERED",
)
_WALL = "%Y-%m-%d %H:%M:%S"


def settings_of(records: list[Record], shop: Any, shops_may_differ: frozenset[str]) -> dict[str, str]:
    """The shop's settings by name: a single shop's own where it has one, else those of all shops.

    Raises
    ------
    UserError
        When shops of one installation have different clocks or currencies and the profile names none.
    """
    found: dict[str, dict[int, str]] = {}
    names, values, shops = texts(records, "name"), texts(records, "value"), ids(records, "id_shop")
    for name, value, of in zip(names, values, shops, strict=True):
        if name is not None and value is not None:
            found.setdefault(name, {})[int(of)] = value
    chosen = int(shop) if str(shop or "").isdigit() else None
    plain = {}
    for name, by_shop in found.items():
        if chosen is not None and chosen in by_shop:
            plain[name] = by_shop[chosen]
        elif chosen is None and len(set(by_shop.values())) > 1 and name not in shops_may_differ:
            raise UserError("prestashop.error.shops_differ", setting=name)
        else:
            plain[name] = by_shop.get(0, next(iter(by_shop.values())))
    return plain


@dataclass(frozen=True)
class Clock:
    """The time zone of a shop's wall times; ``stated`` False: the profile's, as the shop did not say."""

    zone: str
    stated: bool

    @classmethod
    def of(cls, settings: Mapping[str, str], profile_zone: str) -> Clock:
        """The shop's own time zone, else the profile's."""
        named = settings.get("PS_TIMEZONE", "")
        try:
            ZoneInfo(named)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return cls(profile_zone, False)
        return cls(named, True)

    def utc(self, records: list[Record], name: str, later: np.ndarray | None = None) -> pd.Series:
        """A field of wall times in UTC; in the hour that comes twice, ids tell the second from the first.

        ``later`` calendar days are added to each.
        """
        wall = wall_times(records, name)
        if later is not None:
            return utc_of_wall(wall + pd.to_timedelta(pd.Series(later), unit="D"), self.zone)
        return utc_of_wall(wall, self.zone, pd.Series(ids(records)))

    def days(self, records: list[Record], name: str) -> np.ndarray:
        """A field of wall times as calendar days."""
        return wall_times(records, name).to_numpy().astype("datetime64[D]").astype("datetime64[us]")

    def wall(self, changes: Window) -> tuple[str, str]:
        """A window as the shop's own clock shows it, both ends included."""
        since, until = changes.wall(self.zone)
        if since is None:
            raise ValueError("a window from the beginning has no lower end")
        return since.strftime(_WALL), until.strftime(_WALL)
