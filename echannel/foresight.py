"""An SME's turnover to come: its months, its country's calendar, forecasts kept on disk, and peers' season.

An SME sees its own data only. What a young firm may borrow from others is the seasonal shape of its cohort,
which :func:`write_season` makes where a consultant's command has the cohort in hand, and which lies in
``data/seasons/<cohort>.json``: twelve rounded factors, how far firms differ, and "at least so many firms".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel import __version__
from echannel.errors import UserError
from echannel.kept import is_kept, kept
from echannel.keys import KEPT, key_of
from echannel.metrics.periods import month_of
from echannel.metrics.planning import history
from echannel.metrics.planning.season import Peers
from echannel.metrics.planning.shape import pooled, shape_of
from echannel.metrics.turnover import as_date
from echannel.peers import season_of, season_path
from echannel.profiles import load_cohort
from echannel.workspace import Workspace

if TYPE_CHECKING:
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast
    from echannel.sme import Sme

HORIZON_MONTHS = 42
"""A plan of 36 months may begin some months after the last complete one: see ``TurnoverForecast.since``."""
MODULES = ("history", "season", "breaks", "spread", "turnover_models", "turnover_forecast")


def history_of(sme: Sme, kind: str | None = None) -> pd.DataFrame:
    """The SME's months (see ``echannel.metrics.planning.history``)."""
    return history.monthly(sme.sales, kind)


def calendar_of(sme: Sme, kind: str | None = None) -> pd.DataFrame:
    """What is different about each month, past and to come: trading days, Easter, sale periods."""
    sales = sme.sales
    first, last = month_of(sales.first_day), month_of(sales.last_day) + HORIZON_MONTHS
    since, until = (as_date(int(day)).date() for day in history.month_starts(np.array([first, last + 1])))
    years = range(since.year, until.year + 1)
    pack = sme.pack
    holidays = pack.calendar.public_holidays(years, "en", sme.profile.subdivision) if pack.calendar else {}
    return history.month_calendar(
        first,
        last,
        pack.sale_periods_between(since, until),
        history.weekday_weights(sales, kind),
        holidays,
    )


def turnover_forecast_of(sme: Sme, kind: str | None = None) -> TurnoverForecast:
    """The forecast of all sales or of one kind's, computed once for the tables as last synced, then read."""
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast

    def compute() -> Mapping[str, pd.DataFrame]:
        made = computed(sme, kind)
        return {one.name: getattr(made, one.name) for one in fields(made)}

    frames = kept(sme.store.path / KEPT, f"turnover_{kind or 'all'}", _key(sme, kind), compute)
    return TurnoverForecast(**frames)


def forecast_is_kept(sme: Sme, kind: str | None = None) -> bool:
    """Whether the forecast only has to be read (so that a page may say that it will take a while)."""
    return is_kept(sme.store.path / KEPT, f"turnover_{kind or 'all'}", _key(sme, kind))


def computed(sme: Sme, kind: str | None = None) -> TurnoverForecast:
    """The forecast, made now."""
    from echannel.metrics.planning.turnover_forecast import forecast_turnover

    months = history_of(sme, kind)
    return forecast_turnover(months, calendar_of(sme, kind), HORIZON_MONTHS, season_of_peers(sme))


def season_of_peers(sme: Sme) -> Peers | None:
    """The seasonal shape of the SME's cohort, where one was written."""
    where = getattr(sme, "workspace", None)
    return None if where is None else season_of(where, sme.profile)


def write_season(workspace: Workspace, cohort: str) -> tuple[str, ...]:
    """Write the seasonal shapes of a cohort's firms, pooled; for a consultant's or the batch's process.

    Firms with two complete years of their own count once each, whatever their size; a group (b2c, b2b, all)
    of fewer than five such firms is not written. Returns the groups written.
    """
    from echannel.sme import open_sme

    shapes: dict[str, list[np.ndarray]] = {"all": [], "b2b": [], "b2c": []}
    for sme_id in load_cohort(workspace, cohort).smes:
        try:
            sme = open_sme(sme_id, workspace)
            own = shape_of(history_of(sme), calendar_of(sme))
        except UserError:
            continue  # never synced, or not to be read: others' season does not wait for it
        if own is not None:
            shapes["all"].append(own)
            if sme.profile.orientation in shapes:
                shapes[sme.profile.orientation].append(own)
    found = {group: made for group, own in shapes.items() if (made := pooled(own)) is not None}
    path = season_path(workspace, cohort)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        group: {
            "index": [round(float(np.exp(one)), 2) for one in peers.log_index],
            "spread": round(peers.spread, 2),
            "firms": peers.firms,
        }
        for group, peers in found.items()
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    partial.replace(path)
    return tuple(sorted(content))


def _key(sme: Sme, kind: str | None) -> str:
    """Everything that the forecast rests on (as in ``echannel.stock``)."""
    manifest, peers = sme.manifest, season_of_peers(sme)
    return key_of(
        manifest.files or manifest.versions,
        manifest.synced_at,
        sme.sales.last_day,
        kind,
        calendar_of(sme, kind).to_dict("list"),
        None if peers is None else [*peers.log_index.tolist(), peers.spread],
        HORIZON_MONTHS,
        __version__,
        _code(),
    )


@lru_cache
def _code() -> str:
    folder = files("echannel.metrics.planning")
    return key_of(*((folder / f"{name}.py").read_text(encoding="utf-8") for name in MODULES))
