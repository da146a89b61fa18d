"""What every metric of inventory owes: value, n, status, reason; no value unless the status is ok."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from shops import FIRST, PRODUCTS, Stocked, shops

from echannel.locale import messages
from echannel.metrics.inventory import ageing, classes, faults, stock, suppliers
from echannel.metrics.result import RESULT_COLUMNS

SINCE = FIRST + 10

METRICS = {
    "value": lambda i: stock.stock_value(i),
    "value_at_price": lambda i: stock.stock_value(i, "category", "price"),
    "value_by_product": lambda i: stock.stock_value(i, "product_id"),
    "value_by_location": lambda i: stock.stock_value(i, "location"),
    "over_time": lambda i: stock.stock_over_time(i),
    "turn": lambda i: stock.turn(i),
    "turn_by_supplier": lambda i: stock.turn(i, "supplier_id"),
    "turn_by_product": lambda i: stock.turn(i, "product_id"),
    "gmroi": lambda i: stock.gmroi(i, "category"),
    "daily_rate": lambda i: stock.daily_rate(i),
    "cover": lambda i: stock.cover(i),
    "cover_of_all": lambda i: stock.cover(i, None),
    "sell_through": lambda i: stock.sell_through(i, SINCE, i.today, "category"),
    "sell_through_of_all": lambda i: stock.sell_through(i, FIRST, i.today),
    "stock_outs": lambda i: stock.stock_outs(i, SINCE, i.today),
    "stock_outs_of_all": lambda i: stock.stock_outs(i, SINCE, i.today, None),
    "ageing": lambda i: ageing.ageing(i, "category"),
    "idle_stock": lambda i: ageing.idle_stock(i),
    "cash_tied_up": lambda i: ageing.cash_tied_up(i),
    "classes": lambda i: classes.classes(i),
    "classes_by_margin": lambda i: classes.classes(i, "margin"),
    "matrix": lambda i: classes.matrix(classes.classes(i)),
    "buyers": lambda i: classes.buyers(i),
    "lead_times": lambda i: suppliers.lead_times(i.purchases),
    "lead_times_by_product": lambda i: suppliers.lead_times(i.purchases, ("supplier_id", "product_id")),
    "punctuality": lambda i: suppliers.punctuality(i.purchases),
    "price_drift": lambda i: suppliers.price_drift(i.purchases, i.today),
    "overdue": lambda i: suppliers.overdue(i.purchases, i.today),
    "supplier_record": lambda i: suppliers.supplier_record(i.purchases, i.suppliers, i.today),
    "faults": lambda i: faults.faults(i),
}


def assert_result(frame: pd.DataFrame) -> None:
    assert set(RESULT_COLUMNS) <= set(frame.columns)
    told = frame["status"] != "ok"
    assert frame.loc[told, "value"].isna().all() and frame.loc[~told, "value"].notna().all()
    assert ((frame["reason"] != "") == told).all()
    for language in ("en", "fr"):
        assert set(frame.loc[told, "reason"]) <= set(messages(language))


@pytest.fixture(scope="module")
def bare():
    """Shops without this or that, or of a week only."""
    kinds = [
        Stocked(),
        Stocked(products=PRODUCTS),
        Stocked([(0, "a", 3), (6, "b", 1)], products=PRODUCTS),  # one week
        Stocked(counted=[(0, "a", 5), (0, "ghost", -2)], products=PRODUCTS),
        Stocked(bought=[{"product": "a", "quantity": 3, "ordered": 2}]),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [shop.inventory() for shop in kinds]


@pytest.mark.parametrize("name", METRICS)
def test_without_data_nothing_fails_and_nothing_is_made_up(name, bare):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for inventory in bare:
            assert_result(METRICS[name](inventory))


@settings(max_examples=5)
@given(shops())
def test_every_figure_comes_with_its_status(shop):
    inventory = shop.inventory()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for metric in METRICS.values():
            assert_result(metric(inventory))
