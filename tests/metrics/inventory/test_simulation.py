"""A thousand years: against the formulas, against a plain loop, and the identity of units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from goods import facts, items

from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.policy import WhatIf, policies
from echannel.metrics.inventory.simulation import _CHANCES, _inputs, simulate, simulated_years


@pytest.fixture(scope="module")
def plan():
    own = {"review_days": 7.0, "lead_time_days": 14.0, "lead_time_sd_days": 0.0}
    goods = items(steady=own, lumpy=own, rare=own, large={**own, "unit_cost": 2.0}, few=own)
    known = facts(goods.index, [4.0, 1.5, 0.08, 40.0, 1.0], [2.5, 4.0, 0.3, 45.0, 1.0], [200, 90, 20, 300, 2])
    return goods, policies(goods, known, pd.Series("B", index=goods.index), InventorySettings())


def test_the_share_served_is_what_the_policy_promises(plan):
    goods, found = plan
    years = simulated_years(found, goods, 1_000)
    known = found["status"] == "ok"
    # The formula's customers wait; here they do not, and so a little more is served.
    gap = years.loc[known, "value"] - found.loc[known, "fill_rate"]
    assert gap.between(-0.003, 0.02).all(), gap
    assert years.loc["few", "status"] == "too_few" and np.isnan(years.loc["few", "value"])
    assert (years.loc[known, "n"] == 1_000).all()


def test_the_worst_year_in_ten_is_worse_than_the_mean(plan):
    goods, _ = plan
    abc = pd.Series("B", index=goods.index)
    thin = policies(
        goods, facts(goods.index, 4.0, 4.0), abc, InventorySettings(), what_if=WhatIf(service=0.6)
    )
    years = simulated_years(thin, goods, 500)
    assert (years["fill_rate_bad"] < years["value"]).all()
    assert (years["weeks_out_bad"] > years["weeks_out"]).all()
    assert (years["lost_margin_bad"] > years["lost_margin"]).all()
    assert years["lost_margin"].tolist() == pytest.approx(
        (years["lost_units"] * (20 - goods["unit_cost"])).tolist()
    )


def test_units_are_conserved_and_draws_do_not_depend_on_threads(plan):
    _, found = plan
    one, two = (simulate(found[found["status"] == "ok"], 50, threads=threads) for threads in (1, 2))
    assert np.allclose(one.end, one.start + one.received - one.sold, atol=0.5)
    assert (one.sold <= one.asked).all() and (one.end >= 0).all()
    assert np.array_equal(one.sold, two.sold)


def test_tables_are_those_of_the_distributions(plan):
    _, found = plan
    known = found[found["status"] == "ok"]
    inputs = _inputs(known)
    for row, name in enumerate(known.index):
        each = known.loc[name]
        kind = "gamma" if each["distribution"] == "normal" else each["distribution"]
        many = [np.full(len(_CHANCES), each[one]) for one in ("per_day", "sd_day")]
        week = LeadTimeDemand.of(many[0] * 7, many[1] * np.sqrt(7), np.full(len(_CHANCES), kind))
        assert inputs.demand[row] == pytest.approx(week.quantile(_CHANCES), rel=0.02, abs=0.05)
    assert (inputs.lead == 2).all()


def test_lead_times_in_weeks_keep_their_mean():
    goods = items(a={"lead_time_days": 30.0, "lead_time_sd_days": 9.0, "review_days": 7.0})
    found = policies(goods, facts(goods.index), pd.Series("B", index=goods.index), InventorySettings())
    lead = _inputs(found).lead[0] * 7
    assert lead.mean() == pytest.approx(30, rel=0.02) and lead.std() == pytest.approx(9, rel=0.05)


def test_no_product_is_no_year(plan):
    goods, found = plan
    none = simulated_years(found.loc[["few"]], goods.loc[["few"]])
    assert none["value"].isna().all() and none["n"].tolist() == [0]
