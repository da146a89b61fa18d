"""What every metric owes: value, n, status and reason, with no value unless the status is ok."""

from __future__ import annotations

import warnings
from datetime import date

import pandas as pd
import pytest
from growth_shops import Event, Shop, day, period, shops
from hypothesis import given, settings

from echannel.locale import messages
from echannel.metrics import acquisition, b2b, change, customers, growth, lifetime, platforms, products, rfm
from echannel.metrics.result import RESULT_COLUMNS

NOW, BEFORE = period("2024-06-01", "2024-12-31"), period("2024-01-01", "2024-05-31")
SHORT = period("2024-07-01", "2024-07-03")

METRICS = {
    "headline": lambda s: growth.headline(s.entries, s.orders, s.lines, NOW, s.first_day),
    "monthly_turnover": lambda s: growth.monthly_turnover(s.entries, s.first_day, s.last_day),
    "yearly": lambda s: growth.yearly(s.entries, s.first_day, s.last_day),
    "by_dimension": lambda s: growth.by_dimension(s.entries, "country", NOW, BEFORE),
    "by_weekday": lambda s: growth.by_weekday(s.entries, SHORT),
    "sale_weeks": lambda s: growth.sale_weeks(s.entries, [], s.first_day, s.last_day),
    "sale_days_apart": lambda s: growth.sale_days_apart(s.entries, NOW, BEFORE, []),
    "price_volume_mix": lambda s: change.price_volume_mix(s.lines, NOW, BEFORE),
    "by_product": lambda s: change.price_volume_mix_by_product(s.lines, NOW, BEFORE),
    "by_customers": lambda s: change.by_customers(s.entries, NOW, BEFORE),
    "traffic_drivers": lambda s: change.traffic_drivers(s.entries, s.visits, NOW, BEFORE),
    "buyer_drivers": lambda s: change.buyer_drivers(s.entries, NOW, BEFORE),
    "main_cause": lambda s: change.main_cause(s.lines, NOW, BEFORE),
    "main_driver": lambda s: change.main_driver(s.entries, s.visits, NOW, BEFORE),
    "best_sellers": lambda s: products.best_sellers(s.lines, NOW),
    "movers": lambda s: products.movers(s.lines, NOW, BEFORE),
    "bought_together": lambda s: products.bought_together(s.lines),
    "discounts": lambda s: products.discounts(s.lines, s.orders),
    "discounts_by_month": lambda s: products.discounts_by_month(s.lines, s.orders),
    "margin": lambda s: products.margin(s.lines),
    "margin_by": lambda s: products.margin_by(s.lines, "product_id"),
    "return_rate": lambda s: products.return_rate(s.lines, s.last_day),
    "funnel": lambda s: acquisition.funnel(s.visits, s.entries, NOW),
    "conversion": lambda s: acquisition.conversion(s.visits, s.entries, NOW),
    "monthly_conversion": lambda s: acquisition.monthly_conversion(s.visits, s.entries),
    "efficiency": lambda s: acquisition.efficiency(s.visits, s.entries, NOW),
    "by_source": lambda s: acquisition.by_source(s.visits, NOW, BEFORE),
    "platform_figures": lambda s: platforms.platform_figures("shopify", s.entries, s.orders, s.lines),
    "new_and_returning": customers.new_and_returning,
    "repeat_purchase_rate": customers.repeat_purchase_rate,
    "time_between_orders": customers.time_between_orders,
    "cohort_retention": customers.cohort_retention,
    "retention_by_age": customers.retention_by_age,
    "rfm_segments": rfm.rfm_segments,
    "lifetime_value": lambda s: lifetime.lifetime_value(s).summary,
    "concentration": b2b.concentration,
    "top_accounts": b2b.top_accounts,
    "accounts_at_risk": b2b.accounts_at_risk,
    "receivables_by_age": b2b.receivables_by_age,
    "days_sales_outstanding": b2b.days_sales_outstanding,
    "payment_delays": b2b.payment_delays,
}


def assert_result(frame: pd.DataFrame) -> None:
    assert set(RESULT_COLUMNS) <= set(frame.columns)
    told = frame["status"] != "ok"
    assert frame.loc[told, "value"].isna().all() and frame.loc[~told, "value"].notna().all()
    assert ((frame["reason"] != "") == told).all()
    for language in ("en", "fr"):
        assert set(frame.loc[told, "reason"]) <= set(messages(language))


@pytest.mark.parametrize("name", METRICS)
def test_without_an_order_nothing_fails_and_nothing_is_made_up(name):
    nothing = Shop([]).sales
    other_days = Shop([Event("a", date(2024, 7, 1), bare_goods=5.0)]).sales.select(since=day("2030-01-01"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for sales in (nothing, other_days):
            assert_result(METRICS[name](sales))


@settings(max_examples=8)
@given(shops())
def test_every_figure_comes_with_its_status(shop):
    for metric in METRICS.values():
        assert_result(metric(shop.sales))
