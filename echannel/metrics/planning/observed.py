"""What a firm's own past says about the values that a plan needs: shares, margins, days, rates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.b2b import payment_delays, receivables
from echannel.metrics.margins import margin
from echannel.metrics.periods import Period, month_of, month_start
from echannel.metrics.result import OK
from echannel.metrics.turnover import Sales

STREAMS = ("b2c", "marketplace", "abroad", "b2b")
"""Who buys: consumers in the own shop, on a marketplace, abroad under the one-stop shop; and firms."""
WELL_KNOWN = 0.8  # share of turnover whose cost is known, from which the margin speaks for the whole
_YEAR = 12


@dataclass(frozen=True)
class StreamFacts:
    """What the last year tells of one stream; NaN where it tells nothing. Money ex VAT, of that year.

    ``margin_rate`` is gross margin / turnover with the shipping that customers paid; ``margin_reason`` says
    why it is unknown; ``coverage``: share of goods sold with a known cost.
    """

    turnover: float
    orders: int
    share: float
    vat_rate: float
    return_rate: float
    basket: float
    margin_rate: float
    margin_reason: str
    coverage: float
    carriage_rate: float


def last_year(sales: Sales) -> Period | None:
    """The last twelve complete months of the data, or as many as there are; None without a complete month."""
    if sales.last_day < sales.first_day or not len(sales.orders):
        return None
    end = month_of(sales.last_day + 1)
    first = month_of(sales.first_day - 1) + 1
    since = max(first, end - _YEAR)
    return Period(month_start(since), month_start(end) - 1) if since < end else None


def streams_of(
    sales: Sales, orders: pd.DataFrame, period: Period, one_stop: Collection[str] = ()
) -> dict[str, StreamFacts]:
    """The streams that sold in ``period``, with what it tells of each.

    ``orders``: the canonical table (for what carriers charged); ``one_stop``: countries whose consumers' VAT
    goes through the one-stop shop.
    """
    within = sales.select(period.since, period.until)
    entries, lines = within.entries, within.lines
    entry_of, line_of = (_stream(frame, one_stop) for frame in (entries, lines))
    cost = _carriage(orders, entries)
    net = entries["net_invoiced"].to_numpy()
    total = net.sum()
    found = {}
    for number, name in enumerate(STREAMS):
        inside = entry_of == number
        turnover = float(net[inside].sum())
        if turnover <= 0:
            continue
        found[name] = _facts(entries[inside], lines[line_of == number], cost[inside], turnover, total)
    return found


def mean_days_to_pay(sales: Sales, period: Period) -> tuple[float, int]:
    """Mean days from a B2B order to its payment in ``period`` (NaN: unknown), and of how many orders."""
    told = payment_delays(sales.select(period.since, period.until))
    row = told[told["measure"] == "days_to_pay"].iloc[0]
    return (float(row["value"]) if row["status"] == OK else float("nan")), int(row["n"])


def open_invoices(sales: Sales) -> float:
    """What B2B customers owe on the last day, incl. VAT; NaN where no payment is known of at all."""
    if sales.orders.empty or not sales.orders["paid_at"].notna().any():
        return float("nan")
    return float(receivables(sales)["open"].sum())


def advertising(sales: Sales, period: Period) -> float:
    """Advertising spend a month in ``period`` (from visits); NaN where no source tells of any."""
    cost = sales.select(period.since, period.until).visits["cost"]
    if not cost.notna().any():
        return float("nan")
    months = month_of(period.until) - month_of(period.since) + 1
    return float(cost.sum()) / months


def _stream(frame: pd.DataFrame, one_stop: Collection[str]) -> np.ndarray:
    market, business = (frame["channel"] == "marketplace").to_numpy(), (frame["kind"] == "b2b").to_numpy()
    abroad = frame["country"].isin(list(one_stop)).to_numpy()
    consumer = np.where(market, STREAMS.index("marketplace"), np.where(abroad, STREAMS.index("abroad"), 0))
    return np.where(business, STREAMS.index("b2b"), consumer)


def _carriage(orders: pd.DataFrame, entries: pd.DataFrame) -> np.ndarray:
    """What the carrier charged for each sale; NaN where it is not known, and for refunds."""
    known = orders.loc[orders["carriage_cost"].notna(), ["order_id", "carriage_cost"]]
    by_order = known.assign(order_id=known["order_id"].astype(object)).set_index("order_id")["carriage_cost"]
    cost = entries["order_id"].astype(object).map(by_order).to_numpy(dtype=float)
    return np.where((entries["entry"] == "sale").to_numpy(), cost, np.nan)


def _facts(
    entries: pd.DataFrame, lines: pd.DataFrame, carriage: np.ndarray, turnover: float, total: float
) -> StreamFacts:
    sale = (entries["entry"] == "sale").to_numpy()
    invoiced = float(entries["net_invoiced"].to_numpy()[sale].sum())
    vat = float(entries["vat"].sum() - entries["refunded_vat"].sum())
    goods = float(entries["net_goods"].sum())
    told = margin(lines).set_index("measure").loc["margin_rate"].to_dict()
    known = np.isfinite(carriage)
    carried = entries["net_invoiced"].to_numpy()[known].sum()
    rate = 1 - (1 - float(told["value"])) * goods / turnover
    return StreamFacts(
        turnover=turnover,
        orders=int(sale.sum()),
        share=float(turnover / total),
        vat_rate=float(np.clip(vat / turnover, 0.0, 1.0)),
        return_rate=float(np.clip(1 - turnover / invoiced, 0.0, 0.8)) if invoiced > 0 else 0.0,
        basket=invoiced / max(int(sale.sum()), 1),
        margin_rate=rate if told["status"] == OK else float("nan"),
        margin_reason=str(told["reason"]),
        coverage=float(told["coverage"]),
        carriage_rate=float(carriage[known].sum() / carried) if carried > 0 else float("nan"),
    )
