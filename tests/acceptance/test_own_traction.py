"""Own traction of the demonstration's firms, against plain pandas on their canonical tables."""

from __future__ import annotations

import numpy as np
import pytest

from echannel.markets import traction_of
from echannel.reference import snapshot
from echannel.sme import open_sme

_NO_SALE = ["cancelled", "pending", "failed", "draft"]


@pytest.mark.parametrize("name", ["kent-gifts", "breizh-epicerie"])
def test_orders_delivery_and_expectation_by_country_are_those_of_the_tables(demo, name):
    sme = open_sme(name, demo)
    found, home = traction_of(sme, "b2c"), sme.profile.country
    orders = sme.table("orders")
    day = orders["local_day"]
    there = (day > sme.sales.last_day - 365) & (day <= sme.sales.last_day) & (orders["kind"] == "b2c")
    sold = orders[there & ~orders["status"].isin(_NO_SALE)]
    sold = sold.assign(country=sold["country"].astype(object), paid=sold["shipping_net"] * sold["fx_rate"])
    by_country = sold.groupby("country")
    counts = by_country.size()
    assert len(counts) >= 5
    assert found["orders"][found["orders"] > 0].astype(int).to_dict() == counts.to_dict()
    enough = counts.index[counts >= 10]
    paid = by_country["paid"].mean()
    assert found["carriage_paid"][enough].to_numpy() == pytest.approx(paid[enough].to_numpy())

    facts, km = snapshot.markets(demo), snapshot.distances(home)
    pull = (facts["population"] * facts["gdp_per_head_ppp"] / km).drop(home)
    known = counts.drop(home).reindex(pull.index).fillna(0)
    expected = pull / pull.sum() * known.sum()
    assert found["expected"][pull.index].to_numpy() == pytest.approx(expected.to_numpy())
    ratio = (known / expected)[known > 0]
    strength = found["strength"][ratio.index]
    # Drawn towards the average, and in the order of the plain ratio where there is much to go by.
    assert (np.abs(strength - 1) <= np.abs(ratio - 1) + 0.75).all()
    assert found["share"].sum() == pytest.approx(1)

    # No source of the demonstration knows arrivals or carriers' bills: unknown, not 0.
    assert found[["delivery_days", "carriage_cost"]].isna().all(axis=None)
    visits = sme.table("visits")
    days = visits["date"].to_numpy().astype("datetime64[D]").astype("int64")
    year = visits[(days > sme.sales.last_day - 365) & (days <= sme.sales.last_day)]
    seen = year.groupby(year["country"].astype(object))["sessions"].sum()
    assert len(seen) >= 2
    there = found["sessions"]
    assert there[there > 0].to_dict() == pytest.approx(seen[seen > 0].drop("ZZ", errors="ignore").to_dict())


@pytest.mark.parametrize("name", ["kent-gifts", "breizh-epicerie"])
def test_returns_by_country_lie_between_what_was_seen_and_the_average(demo, name):
    sme = open_sme(name, demo)
    found = traction_of(sme, "b2c")
    orders, refunds = sme.table("orders"), sme.table("refunds")
    day = orders["local_day"]
    last = sme.sales.last_day
    old = (day > last - 365) & (day <= last - 30) & ~orders["status"].isin(_NO_SALE)
    part = orders[old & (orders["kind"] == "b2c")]
    back = part["order_id"].isin(refunds["order_id"])
    seen = back.groupby(part["country"].astype(object)).mean()
    for country in seen.index:
        low, high = sorted((seen[country], back.mean()))
        assert low - 0.02 <= found.loc[country, "return_rate"] <= high + 0.02
