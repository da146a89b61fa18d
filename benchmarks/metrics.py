"""Growth metrics against straightforward pandas on the same frames: same figures, ratio of times.

``python -m benchmarks.metrics [LINES]`` (default 1 000 000 order lines). Each is run three times in turn
with its rival and the best counts; a result that differs stops the run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from echannel.metrics import change, growth, products
from echannel.metrics.periods import Period

FIRST, DAYS, PRODUCTS = 19_000, 1_096, 2_000
NOW, BEFORE = Period(FIRST + 731, FIRST + 1_095), Period(FIRST + 365, FIRST + 730)


def frames(lines: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random entries and lines of a shop with 2.4 lines an order, keys dictionary-encoded as in the store."""
    rng = np.random.default_rng(1)
    orders = int(lines / 2.4)
    day = np.sort(rng.integers(FIRST, FIRST + DAYS, orders)).astype("int32")
    order_of = np.sort(rng.integers(0, orders, lines))
    customers = max(orders // 4, 1)
    ids = np.array([f"o{n:08}" for n in range(orders)])
    entries = pd.DataFrame(
        {
            "entry": pd.Categorical.from_codes((rng.random(orders) < 0.04).astype(int), ["sale", "refund"]),
            "customer_id": _keys("c", rng.integers(0, customers, orders), customers),
            "kind": pd.Categorical.from_codes(rng.integers(0, 2, orders), ["b2b", "b2c"]),
            "country": pd.Categorical.from_codes(rng.integers(0, 4, orders), ["BE", "DE", "FR", "GB"]),
            "day": day,
            "month": day.astype("datetime64[D]").astype("datetime64[M]").astype("int32"),
            "net_goods": rng.gamma(2, 30, orders),
        }
    )
    entries["total_gross"] = entries["net_goods"] * 1.2
    quantity = rng.integers(1, 4, lines).astype("float64")
    category = pd.Categorical.from_codes(rng.integers(0, 8, lines), list("abcdefgh"))
    net = rng.gamma(2, 12, lines)
    line = pd.DataFrame(
        {
            "entry": pd.Categorical.from_codes(np.zeros(lines, dtype=int), ["sale"]),
            "order_id": pd.Categorical.from_codes(order_of, ids),
            "product_id": _keys("p", rng.geometric(8 / PRODUCTS, lines) % PRODUCTS, PRODUCTS),
            "category": category,
            "day": day[order_of],
            "quantity": quantity,
            "net": net,
            "cost": net * 0.6,
        }
    )
    return entries, line


def _keys(letter: str, codes: np.ndarray, size: int) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, [f"{letter}{n:06}" for n in range(size)])


def _during(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    return frame[frame["day"].between(period.since, period.until)]


def plain_months(entries: pd.DataFrame) -> np.ndarray:
    """Turnover, gross and orders per month."""
    month = pd.to_datetime(entries["day"], unit="D").dt.to_period("M")
    sums = entries.groupby(month)[["net_goods", "total_gross"]].sum()
    orders = entries[entries["entry"] == "sale"].groupby(month)["net_goods"].count()
    return sums.assign(orders=orders).to_numpy()


def plain_countries(entries: pd.DataFrame) -> np.ndarray:
    """Turnover and customers per country, turnover before."""
    now, before = _during(entries, NOW), _during(entries, BEFORE)
    value = now.groupby("country", observed=True)["net_goods"].sum()
    sold = now[now["entry"] == "sale"]
    customers = sold.groupby("country", observed=True)["customer_id"].nunique()
    earlier = before.groupby("country", observed=True)["net_goods"].sum()
    found = pd.concat([value, customers, earlier], axis=1, keys=["value", "customers", "before"])
    return found.sort_values("value", ascending=False).to_numpy()


def plain_best_sellers(lines: pd.DataFrame) -> np.ndarray:
    """Turnover, units and orders of the twenty best sellers."""
    grouped = _during(lines, NOW).groupby("product_id", observed=True)
    found = grouped.agg(net=("net", "sum"), quantity=("quantity", "sum"), orders=("order_id", "nunique"))
    return found.nlargest(20, "net").to_numpy()


def plain_price_volume_mix(lines: pd.DataFrame) -> np.ndarray:
    """Price, volume and mix."""
    now, before = (
        _during(lines, one).groupby("product_id", observed=True)[["quantity", "net"]].sum()
        for one in (NOW, BEFORE)
    )
    both = now.join(before, how="inner", rsuffix="_0")
    price, price_0 = both["net"] / both["quantity"], both["net_0"] / both["quantity_0"]
    total, total_0 = both["quantity"].sum(), both["quantity_0"].sum()
    return np.array(
        [
            (both["quantity"] * (price - price_0)).sum(),
            (total - total_0) * both["net_0"].sum() / total_0,
            ((both["quantity"] - both["quantity_0"] * total / total_0) * price_0).sum(),
        ]
    )


def plain_pairs(lines: pd.DataFrame) -> np.ndarray:
    """How many pairs of products are in ten orders or more together."""
    basket = _during(lines, NOW)[["order_id", "product_id"]].drop_duplicates()
    basket = basket.assign(product=basket["product_id"].cat.codes).drop(columns="product_id")
    pairs = basket.merge(basket, on="order_id")
    pairs = pairs[pairs["product_x"] < pairs["product_y"]]
    return np.array([(pairs.groupby(["product_x", "product_y"]).size() >= 10).sum()])


def our_pairs(lines: pd.DataFrame) -> np.ndarray:
    """The same count by the way that ``bought_together`` takes."""
    part = lines.loc[NOW.mask(lines["day"]), ["order_id", "product_id"]]
    order, product = (part[name].cat.codes.to_numpy().astype("int64") for name in part)
    keys = np.sort(pd.unique(order * PRODUCTS + product))
    frequent = np.bincount(keys % PRODUCTS, minlength=PRODUCTS) >= 10
    both = products.pair_counts(keys // PRODUCTS, keys % PRODUCTS, frequent, 10)[2]
    return np.array([len(both)])


def contests(
    entries: pd.DataFrame, lines: pd.DataFrame
) -> dict[str, tuple[Callable[[], np.ndarray], Callable[[], np.ndarray]]]:
    """What is measured: ours and the plain way, both giving the figures to be compared."""
    last = FIRST + DAYS - 1
    months = ["value", "gross", "orders"]
    countries = ["value", "customers", "value_before"]
    return {
        "monthly turnover": (
            lambda: growth.monthly_turnover(entries, FIRST, last)[months].to_numpy(),
            lambda: plain_months(entries),
        ),
        "countries": (
            lambda: growth.by_dimension(entries, "country", NOW, BEFORE)[countries].to_numpy(),
            lambda: plain_countries(entries),
        ),
        "best sellers": (
            lambda: products.best_sellers(lines, NOW)[["value", "units", "orders"]].to_numpy(),
            lambda: plain_best_sellers(lines),
        ),
        "price, volume, mix": (
            lambda: change.price_volume_mix(lines, NOW, BEFORE)["value"].to_numpy()[:3],
            lambda: plain_price_volume_mix(lines),
        ),
        "pairs of products": (lambda: our_pairs(lines), lambda: plain_pairs(lines)),
    }


def main(lines: int = 1_000_000) -> dict[str, float]:
    """Prints a table and returns how many times faster each is."""
    entries, line = frames(lines)
    print(f"{lines:,} order lines, {len(entries):,} entries\n{'':22}{'ours':>10}{'pandas':>10}{'ratio':>8}")
    ratios = {}
    for name, (ours, plain) in contests(entries, line).items():
        best = {ours: np.inf, plain: np.inf}
        for _ in range(3):
            results = []
            for run in best:
                start = time.perf_counter()
                results.append(run())
                best[run] = min(best[run], time.perf_counter() - start)
            np.testing.assert_allclose(results[0], results[1], rtol=1e-6, atol=0.011)
        ratios[name] = best[plain] / best[ours]
        print(f"{name:22}{best[ours] * 1000:8.1f}ms{best[plain] * 1000:8.1f}ms{ratios[name]:7.1f}×")
    return ratios


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
