"""Needs and resources explain cash to the cent, whatever is planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from plans_help import plain, plans, rules_of

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.financing import NEEDS, RESOURCES, explained, financing_plan, requirement
from echannel.metrics.planning.inputs import Asset, Grant, Loan, OwnersMoney
from echannel.metrics.planning.reading import net_cash

YEARS = [slice(0, 1), slice(1, 13), slice(13, 25), slice(25, 36)]


@settings(max_examples=15, deadline=None)
@given(plans())
def test_resources_less_needs_are_the_change_of_cash(made):
    plan = build_plan(*made)
    frame = financing_plan(plan, YEARS)
    cash = np.concatenate([[plan.opening["cash"]], plan.line("cash")])
    change = [cash[year.stop] - cash[year.start] for year in YEARS]
    assert frame["change"].to_numpy() == pytest.approx(np.array(change), abs=0.02)
    assert frame["needs"].to_numpy() == pytest.approx(frame[list(NEEDS)].sum(axis=1).to_numpy(), abs=0.02)
    assert frame["resources"].to_numpy() == pytest.approx(
        frame[list(RESOURCES)].sum(axis=1).to_numpy(), abs=0.02
    )


@settings(max_examples=15, deadline=None)
@given(plans())
def test_the_parts_of_a_cause_sum_to_the_change_of_cash(made):
    plan = build_plan(*made)
    for until in (0, 7, plan.months - 1):
        change = float(plan.line("cash")[until]) - plan.opening["cash"]
        assert sum(explained(plan, until).values()) == pytest.approx(change, abs=0.02)


@settings(max_examples=10, deadline=None)
@given(plans())
def test_what_is_tied_up_is_bfr_and_corporation_tax(made):
    plan = build_plan(*made)
    reading = net_cash(plan)
    assert requirement(plan)[1:] == pytest.approx(
        (reading["bfr"] + reading["bfr_other"]).to_numpy(), abs=0.02
    )


def test_each_kind_of_money_stands_on_its_own_line():
    rules = rules_of("FR", "reel_normal")
    start = plain().start
    inputs = replace(
        plain(),
        loans=(Loan(12_000.0, start + 2, 0.0, 24),),
        assets=(Asset(9_000.0, start + 2, 3.0, vat_rate=0.2),),
        grants=(Grant(3_000.0, start + 3, 36), Grant(500.0, start + 3)),
        owner=OwnersMoney(capital_in=np.where(np.arange(36) == 1, 5_000.0, 0.0), dividends=100.0),
    )
    row = financing_plan(build_plan(inputs, rules), [slice(0, 36)]).iloc[0]
    assert row["capital_spending"] == pytest.approx(9_000)  # ex VAT: the tax is in the requirement
    assert row["borrowed"] == pytest.approx(12_000)
    assert row["repaid"] == pytest.approx(12_000)
    assert row["owners_in"] == pytest.approx(5_000)
    assert row["owners_out"] == pytest.approx(3_600)
    assert row["granted"] == pytest.approx(3_000)  # what pays for running the firm is earned
