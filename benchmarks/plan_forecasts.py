"""Is the turnover forecast better than "the same month last year", or any one method? Do its bands hold?

``python -m benchmarks.plan_forecasts [SEEDS]``: the demonstration cohort (each firm's trade drawn anew with
``SEEDS`` seeds, default 4) and monthly public series that statsmodels and statsforecast ship (air passengers,
carbon dioxide, the sea's temperature, electrical equipment), cut to the length of a small firm's history. At
each origin the whole procedure (breaks, season, calendar, trials, choice, bands) sees what was known then.

``mase``: mean absolute error of the next twelve months over the mean absolute change from the same month of
the year before, in the months known. ``cover``: how often the 50, 80 and 95 % bands held.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from zlib import crc32

import numpy as np
import pandas as pd

from echannel.countries import country_pack
from echannel.demo.cohort import FIRST_DAY, LAST_DAY, SEED
from echannel.demo.firms import FIRMS
from echannel.demo.trade import simulate
from echannel.metrics.planning import turnover_models as models
from echannel.metrics.planning.history import month_calendar
from echannel.metrics.planning.turnover_forecast import LEVELS, forecast_turnover, scale_of
from echannel.metrics.turnover import COUNTED_STATUSES, as_date

CHOSEN = "chosen"
AHEAD = 12
_EPOCH = pd.Timestamp(0)
_FIRST_PUBLIC = 360  # January 2000: only the calendar month matters


def cohort(seeds: int) -> Iterator[tuple[str, np.ndarray, int, pd.DataFrame]]:
    """Each firm's turnover of the 36 complete months, and its calendar."""
    first = (pd.Timestamp(FIRST_DAY) - _EPOCH).days
    month = (FIRST_DAY.year - 1970) * 12 + FIRST_DAY.month - 1
    until = as_date(int((pd.Timestamp(LAST_DAY) - _EPOCH).days) + 400).date()
    for seed in range(seeds):
        for firm in FIRMS:
            rng = np.random.default_rng([SEED + seed, crc32(firm.id.encode())])
            orders = simulate(firm, FIRST_DAY, LAST_DAY, rng).orders
            orders = orders[orders["status"].isin(COUNTED_STATUSES).to_numpy()]
            at = (
                (first + orders["day"].to_numpy()).astype("datetime64[D]").astype("datetime64[M]").astype(int)
            )
            rate = orders["rate"].to_numpy(dtype="float64")
            turnover = np.bincount(at - month, orders["total_net"].to_numpy(dtype="float64") * rate, 37)[:36]
            sales = country_pack(firm.country).sale_periods_between(FIRST_DAY, until)
            started = int(np.flatnonzero(turnover > 0)[0])
            yield firm.id, turnover[started:], month + started, month_calendar(month, month + 60, sales)


def public() -> Iterator[tuple[str, np.ndarray, int, pd.DataFrame]]:
    """Monthly series in stretches of 72 months, so that each is judged at histories of 2 to 5 years."""
    from statsforecast.utils import AirPassengers
    from statsmodels.datasets import co2, elec_equip, elnino

    carbon = co2.load_pandas().data["co2"].resample("MS").mean().interpolate().to_numpy()
    sea = elnino.load_pandas().data.set_index("YEAR").to_numpy().ravel()
    machines = elec_equip.load_pandas().data.iloc[:, 0].to_numpy()
    series = {"passengers": AirPassengers, "carbon": carbon, "sea": sea, "equipment": machines}
    for name, values in series.items():
        values = np.asarray(values, dtype="float64")
        for start in range(0, len(values) - 71, 36):
            first = _FIRST_PUBLIC + start % 12
            yield name, values[start : start + 72], first, month_calendar(first, first + 90, [])


def judged(
    name: str, values: np.ndarray, first: int, calendar: pd.DataFrame, origins: tuple[int, ...]
) -> Iterator[dict[str, object]]:
    """One row per origin and method: the scaled error; for the chosen one also how often bands held."""
    months = first + np.arange(len(values))
    for origin in origins:
        if origin + 6 > len(values) or not (values[:origin] > 0).all():
            continue
        actual = values[origin : origin + AHEAD]
        history = pd.DataFrame(
            {"month": months[:origin], "turnover": values[:origin], "complete": True, "gap": False}
        )
        started = time.process_time()
        made = forecast_turnover(history, calendar, AHEAD)
        seconds = time.process_time() - started
        if not len(made.months):
            continue
        prepared = models.prepare(values[:origin], months[:origin], calendar, AHEAD, None)
        paths = {one: np.exp(path) for one, path in models.forecasts(prepared, AHEAD).items()}
        paths[CHOSEN] = made.mean
        scale = scale_of(values[:origin])
        held = {
            "below": float((actual < made.mean[: len(actual)]).mean()),
            "ratio": float(actual.sum() / made.mean[: len(actual)].sum()),
        }
        for level in LEVELS:
            low, high = (made.months[f"{side}{level * 100:.0f}"].to_numpy() for side in ("low", "high"))
            n = len(actual)
            held[f"cover{level * 100:.0f}"] = float(((actual >= low[:n]) & (actual <= high[:n])).mean())
        for method, path in paths.items():
            error = float(np.abs(path[: len(actual)] - actual).mean() / scale)
            row = {"series": name, "origin": origin, "method": method, "mase": error, "seconds": seconds}
            yield {**row, **held, "choice": made.choice} if method == CHOSEN else row


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Mean scaled error by method, over all and by origin; where bands held."""
    by_origin = found.pivot_table(index="method", columns="origin", values="mase")
    means = found.groupby("method")["mase"].agg(["mean", "median", "size"])
    return means.join(by_origin).sort_values("mean").round(3)


def coverage(found: pd.DataFrame) -> pd.DataFrame:
    """How often bands held, by origin."""
    mine = found[(found["method"] == CHOSEN).to_numpy()]
    columns = ["cover50", "cover80", "cover95", "below", "ratio", "seconds"]
    return pd.concat([mine.groupby("origin")[columns].mean(), mine[columns].mean().to_frame("all").T]).round(
        3
    )


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    for title, series, origins in (
        ("demonstration cohort", cohort(seeds), (13, 18, 24, 30)),
        ("public series", public(), (24, 36, 48, 60)),
    ):
        rows = [row for name, *rest in series for row in judged(name, *rest, origins)]
        result = pd.DataFrame(rows)
        print(title)
        print(table(result).to_string())
        print(coverage(result).to_string())
        print(result[result["method"] == CHOSEN]["choice"].value_counts().to_string())
