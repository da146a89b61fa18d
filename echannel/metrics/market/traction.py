"""What a firm's own shop already shows of each country: orders, visits, baskets, returns, carriage, margin.

Orders are those that count as turnover (``metrics.turnover``), by country of delivery, of one kind of
customer, in the last twelve months of the data; money is net of VAT in the reporting currency.

**Expected orders.** Were nothing particular about this firm, its orders from abroad would spread as markets
do: in proportion to their size (people × income per head at purchasing power) and against distance, twice
as far half as much. That is a yardstick (the gravity law with exponents of 1), not a forecast; it spreads the
orders from abroad that the firm has, so the sum is the same. What stands out is ``strength``: orders
against expected ones, drawn towards the average as far as chance explains the difference
(``shrinkage``) and as if every market had shown ``PRIOR_ORDERS`` more average ones: two orders from a small
country do not win.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from echannel.metrics.acquisition import FEWEST_SESSIONS, OWN_SHOP
from echannel.metrics.counting import codes_of, divided
from echannel.metrics.margins import FEWEST_ORDERS, SETTLED_DAYS, known_part
from echannel.metrics.market import shrinkage
from echannel.metrics.periods import Period, year_before
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW
from echannel.metrics.turnover import Sales, day_number, places

UNSTATED = "ZZ"  # what sources write for a country that they do not know
BAND = (0.1, 0.9)
PRIOR_ORDERS = 5.0  # expected orders that the average of all markets weighs as much as, at least
COLUMNS = (
    *("orders", "orders_before", "share", "turnover", "sessions", "conversion", "return_rate"),
    *("basket", "basket_error", "basket_pooled"),
    *("carriage_cost", "carriage_paid", "delivery_days", "margin_rate"),
    *("expected", "ratio", "strength", "strength_low", "strength_high", "strength_sd"),
    *("signal", "n", "status", "reason"),
)


def last_year(sales: Sales) -> Period:
    """The last twelve months that the data tell of, or all of them where they are fewer."""
    return Period(max(sales.first_day, sales.last_day - 364), sales.last_day)


def traction(
    sales: Sales,
    kind: str,
    markets: pd.DataFrame,
    distances: pd.Series,
    home: str,
    carriage: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Own traction of every market abroad, and of home for comparison.

    ``markets`` by ISO code needs ``population`` and ``gdp_per_head_ppp`` (NaN: no expectation there),
    ``distances`` km from home, ``carriage`` the canonical orders with what the carrier charged for each.
    Countries of orders that are not among the markets are added.

    Returns
    -------
    One row per country (ISO code), most orders first, home included: ``orders`` (counted, ``kind``),
    ``orders_before`` (the twelve months before; NaN: not covered), ``share`` (of orders abroad), ``turnover``
    (net goods after refunds), ``sessions`` (NaN: the visits name no country but one), ``conversion``
    (own-shop orders of all kinds / sessions, shrunk), ``basket`` (net goods per order as observed; NaN below
    ``FEWEST_ORDERS``) with its standard error ``basket_error``, ``basket_pooled`` (the same, shrunk),
    ``return_rate`` (orders with a refund / orders at least ``SETTLED_DAYS`` old, shrunk), ``carriage_cost``
    (what the carrier charged per order) and ``carriage_paid`` (what customers paid for it, per order, of the
    channels whose orders ever bear some: a source without such a column does not say that it was free),
    ``delivery_days`` (NaN: no source says when a parcel arrives), ``margin_rate`` (on turnover of known
    cost), ``expected`` (orders), ``ratio`` (orders / expected), ``strength`` (shrunk ratio) with its 10th and
    90th percentile and standard deviation, ``signal`` (orders: ``FEWEST_ORDERS`` or more; first_orders;
    visits: ``FEWEST_SESSIONS`` or more and no order; none), ``n`` (orders), ``status`` and ``reason``
    (of ``strength``).
    """
    period = last_year(sales)
    names = _countries(sales, kind, markets.index, home)
    frame = pd.DataFrame(index=pd.Index(names, name="market"))
    chosen = sales.select(period.since, period.until, kinds=[kind])
    traded = _traded(chosen, names, carriage, _charging(sales, kind))
    frame = frame.assign(**traded, **_visited(sales, period, names))
    frame["orders_before"] = _orders_before(sales, kind, period, names)
    frame["delivery_days"] = np.nan
    abroad = frame.index != home
    whole = frame["orders"].where(abroad).sum()
    frame["share"] = frame["orders"].where(abroad) / whole if whole else np.nan
    frame["expected"] = expected_orders(frame["orders"].where(abroad), markets, distances)
    frame = frame.assign(**_strength(frame["orders"].where(abroad), frame["expected"]))
    frame["signal"] = _signals(frame)
    frame["n"] = frame["orders"].astype("int64")
    frame = _judged(frame, bool(whole), home)
    order = np.lexsort((frame.index, -frame["sessions"].fillna(0), -frame["orders"], frame.index != home))
    return frame.iloc[order][list(COLUMNS)]


def unknown_orders(sales: Sales, kind: str) -> int:
    """Orders of the last twelve months whose country is not known."""
    orders = sales.select(*last_year(sales), kinds=[kind]).orders
    return int((codes_of(orders["country"])[0] < 0).sum())


def expected_orders(orders: pd.Series, markets: pd.DataFrame, distances: pd.Series) -> pd.Series:
    """The orders of all markets of known size and distance (NaN in ``orders``: home), spread by
    people × income per head / distance; NaN where one of the three is not known.
    """
    size = (markets["population"] * markets["gdp_per_head_ppp"]).astype("float64")
    pull = (size / distances.reindex(markets.index).where(lambda km: km > 0)).reindex(orders.index)
    pull = pull.where(orders.notna())
    known = pull.notna()
    whole = pull.sum()
    return pull / whole * orders.where(known).sum() if whole > 0 else pull * np.nan


def _countries(sales: Sales, kind: str, known: pd.Index, home: str) -> list[str]:
    sold = sales.orders.loc[(sales.orders["kind"] == kind).to_numpy(), "country"].dropna().unique()
    seen = sales.visits["country"].dropna().unique()
    named = dict.fromkeys([home, *known, *map(str, sold), *map(str, seen)])
    return [name for name in named if name != UNSTATED]


def _charging(sales: Sales, kind: str) -> np.ndarray:
    """The channels in which any order of a kind ever bore carriage."""
    orders = sales.orders
    charged = (orders["kind"] == kind).to_numpy() & (orders["shipping"].to_numpy("float64") > 0)
    return np.asarray(orders["channel"][charged].unique(), dtype=object)


def _traded(
    sales: Sales, names: list[str], carriage: pd.DataFrame | None, charging: np.ndarray
) -> dict[str, np.ndarray]:
    """What orders, refunds and lines tell of each country; ``charging``: channels that tell of carriage."""
    size, orders, entries = len(names), sales.orders, sales.entries
    at = _places(orders["country"], names)
    there = at >= 0

    def per_country(values: np.ndarray, keep: np.ndarray = there) -> np.ndarray:
        return np.bincount(at[keep], values[keep], size)

    count = np.bincount(at[there], minlength=size)
    goods = orders["net_goods"].to_numpy("float64")
    sums, squares = per_country(goods), per_country(goods**2)
    enough = np.where(count >= FEWEST_ORDERS, count, 0)
    basket = divided(sums, enough)
    variance = np.maximum(divided(squares, enough) - basket**2, 0.0) * divided(enough, enough - 1.0)
    told_paid = there & orders["channel"].isin(charging).to_numpy()
    paid = per_country(orders["shipping"].to_numpy("float64"), told_paid)
    cost = _carriage(sales, carriage)
    charged = there & np.isfinite(cost)
    told = np.bincount(at[charged], minlength=size)
    line_at = _places(sales.lines["country"], names)
    turnover, cost_of_goods = known_part(sales.lines, line_at, size)
    entry_at = _places(entries["country"], names)
    inside = entry_at >= 0
    return {
        "orders": count.astype("float64"),
        "turnover": np.bincount(entry_at[inside], entries["net_goods"].to_numpy()[inside], size),
        "basket": basket,
        "basket_error": np.sqrt(divided(variance, enough)),
        "basket_pooled": shrinkage.shrunk_means(sums, squares, count),
        "return_rate": _returns(sales, at, size),
        "carriage_cost": divided(per_country(np.nan_to_num(cost), charged), told),
        "carriage_paid": divided(paid, np.bincount(at[told_paid], minlength=size)),
        "margin_rate": divided(turnover - cost_of_goods, np.where(count >= FEWEST_ORDERS, turnover, 0.0)),
    }


def _carriage(sales: Sales, carriage: pd.DataFrame | None) -> np.ndarray:
    """What the carrier charged for each order; NaN where no source says."""
    if carriage is None or carriage.empty:
        return np.full(len(sales.orders), np.nan)
    at = places(sales.orders["order_id"], carriage["order_id"])
    return np.where(at >= 0, carriage["carriage_cost"].to_numpy("float64")[at], np.nan)


def _returns(sales: Sales, at: np.ndarray, size: int) -> np.ndarray:
    """Share of orders of which something was refunded, among those old enough for returns to have come."""
    orders = sales.orders
    settled = (at >= 0) & (orders["day"].to_numpy() <= sales.last_day - SETTLED_DAYS)
    back = sales.entries.loc[(sales.entries["entry"] == "refund").to_numpy(), "order_id"]
    returned = orders["order_id"].isin(back.dropna().unique()).to_numpy()
    cases = np.bincount(at[settled], minlength=size)
    came_back = np.bincount(at[settled & returned], minlength=size)
    prior = shrinkage.beta_prior(came_back, cases)
    if prior is None:
        return divided(came_back, np.where(cases >= FEWEST_ORDERS, cases, 0))
    return np.where(cases > 0, shrinkage.beta_posterior(came_back, cases, prior), np.nan)


def _visited(sales: Sales, period: Period, names: list[str]) -> dict[str, np.ndarray]:
    """Sessions by country and own-shop orders per session; unknown where visits name one country at most."""
    days = day_number(sales.visits["date"])
    visits = sales.visits[(days >= period.since) & (days <= period.until)]
    at = _places(visits["country"], names)
    there = at >= 0
    unknown = np.full(len(names), np.nan)
    if len(np.unique(at[there])) < 2:
        return {"sessions": unknown, "conversion": unknown}
    sessions = np.bincount(at[there], visits["sessions"].to_numpy("float64")[there], len(names))
    seen = np.unique(day_number(visits["date"]))
    orders = sales.orders
    own = (orders["channel"] == OWN_SHOP).to_numpy() & np.isin(orders["day"].to_numpy(), seen)
    order_at = _places(orders["country"], names)
    bought = np.bincount(order_at[own & (order_at >= 0)], minlength=len(names))
    prior = shrinkage.beta_prior(bought, sessions)
    if prior is None:
        return {"sessions": sessions, "conversion": unknown}
    enough = sessions > 0
    return {
        "sessions": sessions,
        "conversion": np.where(enough, shrinkage.beta_posterior(bought, sessions, prior), np.nan),
    }


def _orders_before(sales: Sales, kind: str, period: Period, names: list[str]) -> np.ndarray:
    earlier = year_before(period)
    if earlier.since < sales.first_day:
        return np.full(len(names), np.nan)
    orders = sales.select(*earlier, kinds=[kind]).orders
    at = _places(orders["country"], names)
    return np.bincount(at[at >= 0], minlength=len(names)).astype("float64")


def _strength(orders: pd.Series, expected: pd.Series) -> dict[str, np.ndarray]:
    """Orders against expected ones, shrunk: the Gamma posterior of each market's rate."""
    count, mean = orders.to_numpy("float64"), expected.to_numpy("float64")
    unknown = np.full(len(count), np.nan)
    known = np.isfinite(count) & np.isfinite(mean) & (mean > 0)
    prior = shrinkage.gamma_prior(count[known], mean[known], PRIOR_ORDERS)
    found = dict.fromkeys(("strength", "strength_low", "strength_high", "strength_sd"), unknown)
    found["ratio"] = divided(count, np.nan_to_num(mean))
    if prior is None:
        return found
    value, deviation = shrinkage.gamma_posterior(count, mean, prior)
    shape, rate = prior.a + np.nan_to_num(count), prior.b + np.nan_to_num(mean)
    found["strength"], found["strength_sd"] = (
        np.where(known, value, np.nan),
        np.where(known, deviation, np.nan),
    )
    for name, level in zip(("strength_low", "strength_high"), BAND, strict=True):
        found[name] = np.where(known, stats.gamma.ppf(level, shape, scale=1 / rate), np.nan)
    return found


def _signals(frame: pd.DataFrame) -> np.ndarray:
    orders, sessions = frame["orders"], frame["sessions"].fillna(0)
    return np.select(
        [orders >= FEWEST_ORDERS, orders > 0, sessions >= FEWEST_SESSIONS],
        ["orders", "first_orders", "visits"],
        "none",
    )


def _judged(frame: pd.DataFrame, any_abroad: bool, home: str) -> pd.DataFrame:
    known = frame["strength"].notna()
    at_home = frame.index == home
    reason = "reason.market_size_unknown" if any_abroad else "reason.no_orders_abroad"
    status = np.where(known, OK, INPUT_MISSING if any_abroad else TOO_FEW)
    return frame.assign(
        status=np.where(at_home, OK, status),
        reason=np.where(known | at_home, "", reason),
    )


def _places(countries: pd.Series, names: list[str]) -> np.ndarray:
    """Each row's place among ``names``; -1 where its country is not known."""
    code, found = codes_of(countries)
    return np.r_[pd.Index(names).get_indexer(found), -1][code].astype("int64")
