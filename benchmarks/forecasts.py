"""Is a model chosen per product better than one model for all? On weeks that came after the choice.

``python -m benchmarks.forecasts [FOLDER]``: the demonstration cohort, and the weekly units of UCI's Online
Retail where ``FOLDER`` (default ``../shared/data``) has it. At each of three origins, eight weeks apart, the
whole procedure sees the weeks before it and nothing else: calendar, trials, choice. Its forecast of the next
eight weeks is set against those of every model alone, with the same calendar.

Three errors, means over products and origins, all scaled by changes from week to week before the origin:
``rmsse`` (root mean square), ``mase`` (mean absolute), ``total`` (of the eight weeks together, over √8).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from echannel.countries import country_pack
from echannel.demo.cohort import FIRST_DAY, LAST_DAY, SEED
from echannel.demo.firms import FIRMS
from echannel.demo.trade import simulate
from echannel.metrics.inventory import models
from echannel.metrics.inventory.classes import ADI_CUT, variability
from echannel.metrics.inventory.demand import Demand, filled, weekly_demand
from echannel.metrics.inventory.effects import calendar_effects, calendar_events
from echannel.metrics.inventory.forecast import forecast

AHEAD, ORIGINS = 8, 3
CHOSEN = "chosen"
_EPOCH = pd.Timestamp("1970-01-01")


def cohort() -> Iterator[tuple[str, pd.DataFrame, pd.Series, pd.DataFrame]]:
    """Every firm's daily units, categories and events."""
    first, last = ((pd.Timestamp(day) - _EPOCH).days for day in (FIRST_DAY, LAST_DAY))
    for firm in FIRMS:
        trade = simulate(firm, FIRST_DAY, LAST_DAY, np.random.default_rng([SEED, crc32(firm.id.encode())]))
        day = trade.orders["day"].to_numpy()[trade.lines["order"].to_numpy()]
        units = _daily(
            trade.lines["product"].to_numpy(), day, trade.lines["quantity"].to_numpy(), last - first + 1
        )
        ids = trade.products["product_id"].to_numpy(dtype=object)
        frame = pd.DataFrame(units, index=ids[: len(units)], columns=first + np.arange(units.shape[1]))
        categories = pd.Series(trade.products["category"].to_numpy(), index=ids)
        sales = country_pack(firm.country).sale_periods_between(FIRST_DAY, LAST_DAY)
        yield firm.id, frame, categories, calendar_events(sales, first, last)


def online_retail(path: Path) -> tuple[str, pd.DataFrame, pd.Series, pd.DataFrame]:
    """Units sold of every product code; one year, so no calendar can be told."""
    raw = pd.read_parquet(path)
    code = raw["StockCode"].astype(str)
    sold = (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0) & ~raw["InvoiceNo"].astype(str).str.startswith("C")
    raw = raw[sold & code.str.match(r"^\d{5}")]
    day = (pd.to_datetime(raw["InvoiceDate"]).dt.normalize() - _EPOCH).dt.days.to_numpy()
    ids = pd.Categorical(raw["StockCode"].astype(str))
    units = _daily(ids.codes, day - day.min(), raw["Quantity"].to_numpy(), int(np.ptp(day)) + 1)
    frame = pd.DataFrame(
        units, index=ids.categories.astype(object), columns=day.min() + np.arange(units.shape[1])
    )
    return "online retail", frame, pd.Series("all", index=frame.index), calendar_events([], 0, -1)


def _daily(product: np.ndarray, day: np.ndarray, quantity: np.ndarray, days: int) -> np.ndarray:
    count = int(product.max()) + 1
    cells = product.astype("int64") * days + day
    return np.bincount(cells, quantity, count * days).reshape(count, days)


def errors(units: pd.DataFrame, categories: pd.Series, events: pd.DataFrame) -> pd.DataFrame:
    """Per product, origin and method: demand type and the three errors."""
    stocked = pd.DataFrame(1.0, index=units.index, columns=units.columns)
    whole = weekly_demand(units, stocked, int(units.columns[-1]))
    items = pd.DataFrame({"category": categories.reindex(units.index), "active": True})
    parts = []
    for back in range(1, ORIGINS + 1):
        cut = whole.weeks.shape[1] - AHEAD * back
        parts.append(_at(whole, items, events, cut))
    return pd.concat(parts, ignore_index=True)


def _at(whole: Demand, items: pd.DataFrame, events: pd.DataFrame, cut: int) -> pd.DataFrame:
    weeks = whole.weeks.iloc[:, :cut]
    sale_days = (weeks.fillna(0) > 0).sum(axis=1)
    made = forecast(Demand(weeks, whole.share.iloc[:, :cut], sale_days), items, events, AHEAD)
    own = made.choice[(made.choice["model"] != "") & (made.choice["model"] != "category")].index
    if own.empty:
        return pd.DataFrame()
    rows = weeks.index.get_indexer(own)
    chosen = made.paths.pivot_table("mean", "product_id", "week").reindex(own).to_numpy()
    values = weeks.to_numpy()[rows]
    index = calendar_effects(weeks, items["category"], events, AHEAD)
    factor = index.of(items["category"].iloc[rows], whole.weeks.columns.to_numpy()[: cut + AHEAD])
    shape = variability(weeks.iloc[rows])
    starts, origin = np.isfinite(values).argmax(axis=1), np.array([cut])
    level = filled(values / factor[:, :cut])
    smooth = (shape["adi"] < ADI_CUT).to_numpy()
    paths = models.paths_at(level, starts, origin, AHEAD, smooth)
    methods = {name: path[:, 0] * factor[:, cut:] for name, path in paths.items()}
    methods[models.SEASONAL_NAIVE] = models.seasonal_naive(filled(values), starts, origin, AHEAD)[:, 0]
    methods[CHOSEN] = chosen
    actual = whole.weeks.to_numpy()[rows, cut : cut + AHEAD]
    change = np.diff(values, axis=1)
    return pd.concat(
        pd.DataFrame(
            {
                "method": name,
                "demand_type": shape["demand_type"].to_numpy(),
                "rmsse": np.sqrt(((path - actual) ** 2).mean(axis=1) / np.nanmean(change**2, axis=1)),
                "mase": np.abs(path - actual).mean(axis=1) / np.nanmean(np.abs(change), axis=1),
                "total": np.abs((path - actual).sum(axis=1)) / np.sqrt(AHEAD * np.nanmean(change**2, axis=1)),
            }
        )
        for name, path in methods.items()
    )


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Mean errors per method, over all products and by demand type."""
    known = found[np.isfinite(found[["rmsse", "mase", "total"]]).all(axis=1)]
    means = known.groupby("method")[["rmsse", "mase", "total"]].mean()
    kinds = known.pivot_table(index="method", columns="demand_type", values="rmsse")
    return means.assign(n=known.groupby("method").size()).join(kinds).sort_values("rmsse").round(4)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    print("demonstration cohort")
    print(table(pd.concat([errors(*rest) for _, *rest in cohort()])).to_string())
    retail = folder / "online_retail" / "online_retail.parquet"
    if retail.is_file():
        print("online retail")
        print(table(errors(*online_retail(retail)[1:])).to_string())
