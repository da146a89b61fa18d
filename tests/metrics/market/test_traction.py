"""Own traction from a few written orders, against hand computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import canonical, order
from scipy import stats

from echannel.metrics.market import traction as module
from echannel.metrics.market.traction import expected_orders, traction, unknown_orders
from echannel.metrics.turnover import Sales, prepare

MARKETS = pd.DataFrame(
    {
        "population": [60e6, 66e6, 5e6, 84e6, np.nan, 0.5e6],
        "gdp_per_head_ppp": [50e3, 52e3, 100e3, 60e3, 40e3, 60e3],
    },
    ["GB", "FR", "IE", "DE", "XX", "MT"],
)
DISTANCES = pd.Series({"GB": 0.0, "FR": 344.0, "IE": 464.0, "DE": 930.0, "XX": 1000.0, "MT": 2000.0})


def shop(sold: dict[str, int], visits: list[dict] | None = None, refunds: int = 0, **more: object) -> Sales:
    rows = [
        order(
            f"{country}{at}",
            f"2026-{1 + at % 9:02d}-10",
            40.0 + at % 5,
            country=country,
            customer_id=f"c{country}{at}",
            shipping=5.0 if country == "GB" else 12.0,
            **more,
        )
        for country, n in sold.items()
        for at in range(n)
    ]
    rows.append(order("last", "2026-10-31", 40, country=None))
    lines = [
        {"order_id": row["order_id"], "line_no": 1, "product_id": "p", "quantity": 1.0,
         "unit_price_net": row["goods_net"], "net_amount": row["goods_net"], "unit_cost": 20.0}
        for row in rows
    ]  # fmt: skip
    back = [
        {"refund_id": f"r{at}", "order_id": f"FR{at}", "net_amount": 40.0, "refunded_at": "2026-10-05"}
        for at in range(refunds)
    ]
    return prepare(
        canonical("orders", rows),
        canonical("order_lines", lines),
        canonical("refunds", back),
        canonical("products", [{"product_id": "p"}]),
        canonical("customers", []),
        canonical("visits", visits or []),
        "GBP",
    )


def seen(country: str, sessions: float, day: str = "2026-03-10") -> dict:
    return {"date": day, "source": "google", "medium": "organic", "country": country, "device": "mobile",
            "sessions": sessions}  # fmt: skip


def found(sales: Sales, kind: str = "b2c", **more: object) -> pd.DataFrame:
    return traction(sales, kind, MARKETS, DISTANCES, "GB", **more)  # type: ignore[arg-type]


def test_orders_spread_as_size_over_distance_and_add_up() -> None:
    sales = shop({"GB": 50, "FR": 30, "IE": 12, "DE": 8})
    frame = found(sales)
    pull = MARKETS["population"] * MARKETS["gdp_per_head_ppp"] / DISTANCES
    pull = pull.drop(["GB", "XX"])
    for country, share in (pull / pull.sum()).items():
        assert frame.loc[country, "expected"] == pytest.approx(50 * share)
    assert frame["expected"].sum() == pytest.approx(frame["orders"].drop("GB").sum())
    assert np.isnan(frame.loc["XX", "expected"])
    assert frame.loc["XX", "reason"] == "reason.market_size_unknown"
    assert frame.index[0] == "GB" and list(frame.index[1:4]) == ["FR", "IE", "DE"]
    assert frame.loc["FR", "share"] == pytest.approx(0.6) and np.isnan(frame.loc["GB", "share"])
    assert unknown_orders(sales, "b2c") == 1


def test_two_orders_from_a_small_country_do_not_win() -> None:
    frame = found(shop({"GB": 100, "FR": 60, "IE": 20, "MT": 2}))
    # Against what its size suggests Malta is far ahead …
    assert frame["ratio"].idxmax() == "MT"
    # … and two orders are not enough to say so.
    assert frame["strength"].idxmax() == "IE"
    assert frame.loc["MT", "strength_high"] - frame.loc["MT", "strength_low"] > 1
    assert (frame["strength_low"].dropna() <= frame["strength"].dropna()).all()


def test_strength_is_the_posterior_mean_by_brute_force() -> None:
    frame = found(shop({"GB": 9, "FR": 30, "IE": 12, "DE": 8}))
    abroad = frame.drop("GB").dropna(subset="expected")
    rates = np.linspace(1e-4, 30, 60_001)
    prior = module.shrinkage.gamma_prior(
        abroad["orders"].to_numpy(), abroad["expected"].to_numpy(), module.PRIOR_ORDERS
    )
    assert prior is not None and prior.b >= module.PRIOR_ORDERS - 1e-9
    for market, row in abroad.iterrows():
        logs = (prior.a - 1) * np.log(rates) - prior.b * rates
        logs += row["orders"] * np.log(rates * row["expected"]) - rates * row["expected"]
        weight = np.exp(logs - logs.max())
        assert row["strength"] == pytest.approx((weight * rates).sum() / weight.sum(), rel=1e-3), market


def test_only_what_counts_as_turnover_of_the_kind_counts() -> None:
    sales = shop({"FR": 12, "IE": 3}, status="cancelled")
    assert found(sales)["orders"].sum() == 0
    firms = shop({"FR": 12, "IE": 3}, kind="b2b")
    assert found(firms, "b2b").loc["FR", "orders"] == 12
    assert found(firms, "b2c")["orders"].sum() == 0


def test_visits_give_conversion_and_first_signals() -> None:
    visits = [seen("GB", 2000), seen("FR", 600), seen("DE", 250), seen("IE", 20), seen("ZZ", 500)]
    visits += [
        seen(country, 0.0, f"2026-{month:02d}-10") for country in ("GB", "FR") for month in range(1, 10)
    ]
    unique = {tuple(v.items())[:5]: v for v in reversed(visits)}
    frame = found(shop({"GB": 50, "FR": 30, "IE": 2}, list(unique.values())))
    assert frame.loc["DE", ["orders", "sessions", "signal"]].tolist() == [0, 250, "visits"]
    assert frame.loc["FR", "signal"] == "orders" and frame.loc["IE", "signal"] == "first_orders"
    assert frame.loc["MT", ["sessions", "signal"]].tolist() == [0, "none"]
    assert frame.loc["FR", "conversion"] == pytest.approx(0.05, abs=0.01)
    assert 0.025 < frame.loc["IE", "conversion"] < 0.1  # 2 of 20 visits, drawn in
    assert "ZZ" not in frame.index


def test_visits_that_name_one_country_say_nothing_of_others() -> None:
    frame = found(shop({"GB": 50, "FR": 30}, [seen("GB", 2000)]))
    assert frame["sessions"].isna().all() and frame["conversion"].isna().all()


def test_basket_returns_carriage_and_margin() -> None:
    sales = shop({"GB": 50, "FR": 30, "IE": 3}, refunds=6)
    carriage = pd.DataFrame(
        {"order_id": [f"FR{at}" for at in range(30)] + ["GB1"], "carriage_cost": [9.0, 11.0] * 15 + [np.nan]}
    )
    frame = found(sales, carriage=carriage)
    assert frame.loc["FR", "carriage_cost"] == pytest.approx(10)
    assert frame["carriage_cost"].drop("FR").isna().all()
    assert frame.loc["FR", "carriage_paid"] == pytest.approx(12) and frame.loc["GB", "carriage_paid"] == 5
    assert frame.loc["GB", "turnover"] == pytest.approx(50 * 42)
    assert frame.loc["FR", "turnover"] == pytest.approx(30 * 42 - 6 * 40)
    assert 0.02 < frame.loc["IE", "return_rate"] < frame.loc["FR", "return_rate"] <= 0.2
    assert frame.loc["GB", "margin_rate"] == pytest.approx((42 - 20) / 42)
    assert np.isnan(frame.loc["IE", "margin_rate"])  # three orders are too few
    assert frame["delivery_days"].isna().all()


def test_an_order_is_worth_what_was_observed_or_too_few_to_tell() -> None:
    """Pooling may draw both to one figure: what a country's orders are worth is what they were."""
    frame = found(shop({"GB": 50, "FR": 11, "IE": 9}))
    worth = [40.0 + at % 5 for at in range(11)]
    assert frame.loc["FR", "basket"] == pytest.approx(np.mean(worth)) != frame.loc["GB", "basket"]
    assert frame.loc["FR", "basket_error"] == pytest.approx(stats.sem(worth))
    assert np.isnan(frame.loc["IE", "basket"]) and np.isfinite(frame.loc["IE", "basket_pooled"])


def test_a_source_without_a_delivery_column_does_not_say_that_delivery_is_free() -> None:
    sold = shop({"GB": 50, "FR": 30})
    silent = replace(sold, orders=sold.orders.assign(shipping=0.0))
    assert found(silent)["carriage_paid"].isna().all()
    # An own shop that charges, and telephone orders that say nothing: the mean is the shop's.
    phone = sold.orders["order_id"].isin([f"FR{at}" for at in range(20)]).to_numpy()
    mixed = sold.orders.assign(
        shipping=sold.orders["shipping"].where(~phone, 0.0),
        channel=sold.orders["channel"].astype(object).where(~phone, "phone"),
    )
    assert found(replace(sold, orders=mixed)).loc["FR", "carriage_paid"] == pytest.approx(12)


def test_a_firm_that_never_sold_abroad() -> None:
    frame = found(shop({"GB": 20}))
    assert (frame["orders"].drop("GB") == 0).all()
    assert frame["strength"].isna().all() and frame["share"].isna().all()
    assert set(frame["reason"].drop("GB")) == {"reason.no_orders_abroad"}
    assert set(frame["signal"].drop("GB")) == {"none"}


def test_a_country_outside_the_reference_is_shown_without_an_expectation() -> None:
    frame = found(shop({"GB": 20, "FR": 5, "QZ": 4}))
    assert frame.loc["QZ", "orders"] == 4 and np.isnan(frame.loc["QZ", "expected"])
    assert frame["expected"].sum() == pytest.approx(5)


def test_an_unknown_home_or_size_expects_nothing() -> None:
    orders = pd.Series({"FR": 3.0, "IE": 1.0})
    assert expected_orders(orders, MARKETS, DISTANCES * np.nan).isna().all()
