"""What an SME's books and past sales say of its plan: the past, how far drivers go, last year's plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel import __version__
from echannel.adopted import adopted_lines, adopted_turnover
from echannel.countries.statements import statements_of
from echannel.foresight import calendar_of, history_of, season_of_peers
from echannel.kept import kept
from echannel.keys import KEPT, key_of
from echannel.metrics.planning.books import Books, flow, read_books
from echannel.metrics.planning.cost_variance import cost_variance
from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.uncertainty import Spread, usual_spread, with_history
from echannel.plan_ledger import booked_lines

if TYPE_CHECKING:
    from echannel.metrics.turnover import Sales
    from echannel.sme import Sme

YEAR = 12
_QUARTER = 3
_NAME = "plan_of_last_year"
_MOST_COSTS_KNOWN = 0.8  # share of a quarter's goods whose cost is known, for its margin to count


def books_of(sme: Sme) -> Books | None:
    """The SME's ledger by account and month; None without one, or where the country has no form for it."""
    return read_books(sme.table("ledger"), statements_of(sme.profile.country))


def spread_of(sme: Sme, inputs: PlanInputs) -> Spread:
    """How far the plan's drivers may go: from the books, else from past sales, else what is usual.

    Margin rates by quarter of the books (turnover less cost of sales), else of the shop's goods whose cost is
    known; mean days that business customers took, by quarter of their orders.
    """
    spread = usual_spread(inputs)
    made = books_of(sme)
    if made is not None:
        spread = with_history(spread, {"margin": _margins_of_books(made)}, "ledger")
    known = {one.name for one in spread.drivers if one.made_by != "default"}
    measured = {"days_to_pay": _days_to_pay(sme.sales)}
    if "margin" not in known:
        measured["margin"] = _margins_of_sales(sme.sales)
    if not any(one.kind == "b2b" for one in inputs.streams):
        del measured["days_to_pay"]
    return with_history(spread, measured)


def planned_months(sme: Sme) -> pd.DataFrame:
    """What was planned for the last twelve complete months: ``month``, ``turnover``, ``source``.

    ``adopted``: an adopted plan has the month; ``forecast``: what a forecast made a year before them would
    have planned (see :func:`plan_of_last_year`). Months with neither are left out.
    """
    history = history_of(sme)
    complete = history.loc[history["complete"], "month"].tail(YEAR).astype(int)
    made = plan_of_last_year(sme).set_index("month")["turnover"].astype(float)
    adopted = adopted_turnover(sme).set_index("month")["turnover"].astype(float).reindex(complete)
    turnover = adopted.where(adopted.notna(), made.reindex(complete))
    frame = pd.DataFrame(
        {
            "month": complete.to_numpy(),
            "turnover": turnover.to_numpy(),
            "source": np.where(adopted.notna(), "adopted", "forecast"),
        }
    )
    return frame[np.isfinite(frame["turnover"])].reset_index(drop=True)


def costs_against_plan(sme: Sme) -> pd.DataFrame:
    """Each line of the adopted plan against the books, of the last twelve months in both (see
    ``cost_variance``); empty without an adopted plan, or without books."""
    booked = booked_lines(sme.table("ledger"), sme.profile.country)
    found = cost_variance(adopted_lines(sme), booked[(booked["line"] != "cash").to_numpy()])
    return found[found["month"].isin(found["month"].drop_duplicates().tail(YEAR))].reset_index(drop=True)


def cash_against_plan(sme: Sme) -> pd.DataFrame:
    """Cash at month ends as adopted and as booked: ``month``, ``planned``, ``actual``, ``difference``."""
    booked = booked_lines(sme.table("ledger"), sme.profile.country)
    planned, actual = (
        one[(one["line"] == "cash").to_numpy()].set_index("month")["value"].astype(float)
        for one in (adopted_lines(sme), booked)
    )
    both = pd.DataFrame({"planned": planned, "actual": actual}).dropna().tail(YEAR)
    return both.assign(difference=(both["actual"] - both["planned"]).round(2)).reset_index(names="month")


def plan_of_last_year(sme: Sme) -> pd.DataFrame:
    """What a forecast made a year before would have planned for the last twelve complete months.

    ``month``, ``turnover`` (ex VAT, goods and carriage), ``actual`` and ``status``, ``reason`` of that
    forecast; made from nothing but the months before, computed once for the tables as last synced. Empty
    where the history is shorter than a year and some months.
    """

    def compute() -> Mapping[str, pd.DataFrame]:
        return {"plan": _planned_then(sme)}

    manifest = sme.manifest
    key = key_of(manifest.files or manifest.versions, sme.sales.last_day, __version__, "year_ago_plan")
    return kept(sme.store.path / KEPT, _NAME, key, compute)["plan"]


def _planned_then(sme: Sme) -> pd.DataFrame:
    from echannel.metrics.planning.turnover_forecast import forecast_turnover

    history = history_of(sme)
    complete = history.loc[history["complete"], "month"].to_numpy()
    empty = pd.DataFrame({"month": [], "turnover": [], "actual": [], "status": [], "reason": []})
    if len(complete) <= YEAR:
        return empty
    origin = complete[-1] - YEAR
    before = history[(history["month"] <= origin).to_numpy()]
    calendar = calendar_of(sme)
    found = forecast_turnover(
        before, calendar[(calendar["month"] <= complete[-1]).to_numpy()], YEAR, season_of_peers(sme)
    )
    actual = history.set_index("month")["turnover"]
    months = found.months[["month", "mean"]].rename(columns={"mean": "turnover"})
    if months.empty:
        return empty
    return months.assign(
        actual=actual.reindex(months["month"]).to_numpy(), status=found.status, reason=found.reason
    )


def _margins_of_books(made: Books) -> np.ndarray:
    form = made.statements
    sold, cost = flow(made, form.turnover), -flow(made, form.cost_of_sales)
    over = np.flatnonzero(made.complete & (sold != 0))
    return _rates(sold[over] - cost[over], sold[over])


def _margins_of_sales(sales: Sales) -> np.ndarray:
    """Gross margin rates of goods sold by quarter, of those whose cost is known."""
    lines = sales.lines
    sold = (lines["entry"] == "sale").to_numpy()
    known = sold & np.isfinite(lines["cost"].to_numpy("float64"))
    if not known.any():
        return np.zeros(0)
    month = lines["month"].to_numpy("int64")
    at = month - month.min()
    size = int(at.max()) + 1
    net, of_known, cost = (
        np.bincount(at[rows], lines[name].to_numpy("float64")[rows], size)
        for rows, name in ((sold, "net"), (known, "net"), (known, "cost"))
    )
    enough = (net > 0) & (of_known >= _MOST_COSTS_KNOWN * net)
    return _rates((of_known - cost)[enough], of_known[enough])


def _rates(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Ratios of sums over quarters of three months, the newest first whole."""
    count = len(below) // _QUARTER
    if not count:
        return np.zeros(0)
    sums = [
        part[len(part) - count * _QUARTER :].reshape(count, _QUARTER).sum(axis=1) for part in (top, below)
    ]
    return np.divide(sums[0], sums[1], out=np.full(count, np.nan), where=sums[1] > 0)


def _days_to_pay(sales: Sales) -> np.ndarray:
    """Mean days from order to payment of business customers, by quarter of the order; old ones only."""
    orders = sales.orders
    paid = orders[(orders["kind"] == "b2b").to_numpy() & orders["paid_at"].notna().to_numpy()]
    if paid.empty:
        return np.zeros(0)
    days = (paid["paid_at"] - paid["ordered_at"]).dt.total_seconds().to_numpy() / 86_400
    last = sales.last_day - 120  # of later orders, the slow ones have not paid yet
    quarter = paid["month"].to_numpy("int64") // _QUARTER
    old = (paid["day"].to_numpy() <= last) & (days >= 0)
    return pd.Series(days[old]).groupby(quarter[old]).mean().to_numpy()
