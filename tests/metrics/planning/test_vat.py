"""VAT in cash: what is declared sums to what arises, everything owed is paid on its day, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.rules import NEVER, ThresholdWatch, VatSetting
from echannel.metrics.planning.vat import (
    one_stop_flows,
    open_since,
    opening_position,
    takes_effect,
    threshold_crossing,
    vat_flows,
)

START = (2026 - 1970) * 12 + 11  # December 2026
T = 24
MANY = dict.fromkeys(range(START - 60, START + 60), 20000.0)
REGIMES = {
    "gb_quarterly": ("GB", TaxFacts("standard")),
    "gb_stagger": ("GB", TaxFacts("standard", stagger=1)),
    "gb_monthly": ("GB", TaxFacts("standard", filing="monthly")),
    "gb_annual": ("GB", TaxFacts("annual", fiscal_year_start_month=4)),
    "fr_monthly": ("FR", TaxFacts("reel_normal", departement="56")),
    "fr_quarterly": ("FR", TaxFacts("reel_normal", turnover=MANY)),
    "fr_simplified": ("FR", TaxFacts("reel_simplifie", turnover=MANY)),
}


def rules_of(name: str, months: int = T, start: int = START):
    country, facts = REGIMES[name]
    return plan_rules(country_pack(country), facts, start, months)


def constant(value: float, months: int = T) -> np.ndarray:
    return np.full((1, months), value)


def at(year: int, month: int) -> int:
    return (year - 1970) * 12 + month - 1 - START


cents = st.integers(-200_000, 300_000).map(lambda value: value / 100)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(REGIMES)),
    st.lists(cents, min_size=2 * T, max_size=2 * T),
    st.lists(cents, max_size=14),
    st.one_of(st.none(), cents),
    st.sampled_from([float("nan"), 0.0, 500.0, 5_000.0]),
)
def test_nothing_is_lost_between_what_arises_what_is_declared_and_what_is_paid(
    name, nets, before, opening, last_year
):
    """Months of no trade at the end let every return fall due: all that arose has then been paid."""
    rules = rules_of(name, T + 20)
    net = np.array(nets).reshape(2, T)
    collected = np.pad(np.maximum(net, 0), ((0, 0), (0, 20)))
    deductible = np.pad(np.maximum(-net, 0), ((0, 0), (0, 20)))
    setting = VatSetting(tuple(before), opening, last_year)
    flows = vat_flows(collected, deductible, setting, rules, START)
    due = collected - deductible

    assert flows.due == pytest.approx(due, abs=1e-6)
    closed = [one for one in rules.vat.periods if one.last < START + T + 20 and one.last >= START]
    for period in closed:
        since = period.first - START
        known = due[:, max(since, 0) : period.last - START + 1].sum(axis=1)
        known += sum(before[max(since + len(before), 0) :]) if since < 0 else 0.0
        assert flows.declared[:, period.last - START] == pytest.approx(known, abs=1e-6)
    owed = flows.opening + np.cumsum(due - flows.paid, axis=1)
    assert flows.position == pytest.approx(owed, abs=1e-6)
    if opening is not None:
        assert flows.opening == opening
    # A repaid credit leaves nothing; a carried one is all that may be left.
    left = flows.position[:, -1]
    if rules.vat.credits == "repaid":
        assert left == pytest.approx(0, abs=1e-6)
    else:
        assert (left <= 1e-6).all() and (flows.paid >= 0).all()
    rows = flows.periods
    inside = rows[
        rows["due_day"]
        < (date(1970 + (START + T + 20) // 12, (START + T + 20) % 12 + 1, 1) - date(1970, 1, 1)).days
    ]
    assert inside["amount"].sum() == pytest.approx(flows.paid[0].sum(), abs=1e-6)
    assert rows["due_day"].is_monotonic_increasing


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_many_paths_are_the_same_as_one_after_the_other(name):
    rng = np.random.default_rng(7)
    collected, deductible = (np.round(rng.gamma(2, 900, (5, T)), 2) for _ in range(2))
    setting = VatSetting((100.0, 250.0), None, 4_000.0)
    rules = rules_of(name)
    together = vat_flows(collected, deductible, setting, rules, START)
    for path in range(5):
        one = vat_flows(collected[[path]], deductible[[path]], setting, rules, START)
        for field in ("due", "declared", "paid", "position", "cost"):
            assert getattr(together, field)[path] == pytest.approx(getattr(one, field)[0])


def test_a_british_quarter_is_paid_in_the_second_month_after_it():
    flows = vat_flows(constant(1_500), constant(500), VatSetting(), rules_of("gb_quarterly"), START)
    paid = {m: flows.paid[0, m] for m in range(T) if flows.paid[0, m]}
    assert paid[at(2027, 2)] == 1_000  # December alone: the months before the plan are not known
    assert paid[at(2027, 5)] == paid[at(2027, 8)] == 3_000
    assert flows.position[0, at(2027, 4)] == 4_000  # January to April
    assert flows.position[0, at(2027, 5)] == 2_000


def test_the_months_before_make_the_first_return_whole():
    setting = VatSetting(before=(900.0, 950.0, 1_000.0, 1_100.0, 1_200.0))  # July to November
    rules = rules_of("gb_quarterly")
    flows = vat_flows(constant(1_000), constant(0), setting, rules, START)
    # July to September was paid on 7 November: October and November are owed.
    assert flows.opening == opening_position(setting, rules, START) == 2_300
    assert flows.paid[0, at(2027, 2)] == 3_300


@pytest.mark.parametrize(
    ("name", "months"), [("gb_quarterly", 2), ("fr_monthly", 1), ("fr_simplified", 11), ("gb_annual", 8)]
)
def test_how_far_back_the_months_before_must_be_known(name, months):
    assert START - open_since(rules_of(name).vat, START) == months


def test_what_the_books_say_is_owed_is_settled_with_the_first_return():
    rules = rules_of("fr_monthly")
    flows = vat_flows(constant(1_000), constant(0), VatSetting(opening=1_700.0), rules, START)
    # The return of November, unknown here, falls due in December.
    assert flows.paid[0, 0] == 1_700
    assert flows.paid[0, 1] == 1_000
    credit = vat_flows(constant(1_000), constant(0), VatSetting(opening=-1_700.0), rules, START)
    assert credit.paid[0, :3].tolist() == [0, 0, 300]


def test_a_french_credit_is_carried_and_a_british_one_repaid():
    collected, deductible = constant(0), constant(0)
    collected[0, 2:], deductible[0, 1] = 1_000, 2_500
    france = vat_flows(collected, deductible, VatSetting(), rules_of("fr_monthly"), START)
    assert france.paid[0, :7].tolist() == [0, 0, 0, 0, 0, 500, 1_000]
    britain = vat_flows(collected, deductible, VatSetting(), rules_of("gb_monthly"), START)
    assert britain.paid[0, :6].tolist() == [0, 0, 0, -2_500, 1_000, 1_000]


def test_a_french_credit_of_760_may_be_claimed():
    collected, deductible = constant(0), constant(0)
    deductible[0, 0], deductible[0, 1], collected[0, 3] = 700, 100, 500
    facts = TaxFacts("reel_normal", departement="56", claims_credits=True)
    rules = plan_rules(country_pack("FR"), facts, START, T)
    flows = vat_flows(collected, deductible, VatSetting(), rules, START)
    # 700 in December is carried; 800 in January is claimed with the return of February, and comes in March.
    assert flows.paid[0, :6].tolist() == [0, 0, 0, -800, 500, 0]
    assert flows.periods.loc[flows.periods["kind"] == "refund", "amount"].tolist() == [-800]
    assert flows.position[0, -1] == 0


def test_the_simplified_regime_pays_55_and_40_percent_then_the_balance_then_by_quarter():
    start = (2026 - 1970) * 12  # January 2026
    rules = rules_of("fr_simplified", 36, start)
    flows = vat_flows(constant(1_000, 36), constant(0, 36), VatSetting(tax_last_year=10_000), rules, start)
    paid = {m: flows.paid[0, m] for m in range(36) if flows.paid[0, m]}
    assert {m: paid[m] for m in sorted(paid)[:5]} == {
        6: 5_500,  # July 2026
        11: 4_000,  # December 2026
        15: 3_000,  # 21 April 2027: the first quarter under réel normal
        16: 2_500,  # 4 May 2027: the balance of 12,000
        18: 3_000,
    }
    kinds = flows.periods[flows.periods["amount"] > 0]
    assert kinds["kind"].tolist()[:4] == ["instalment", "instalment", "return", "return"]
    assert kinds["regime"].tolist()[2:4] == ["reel_normal", "reel_simplifie"]


def test_little_vat_last_year_means_no_instalments():
    start = (2026 - 1970) * 12
    flows = vat_flows(
        constant(1_000, 18),
        constant(0, 18),
        VatSetting(tax_last_year=999.99),
        rules_of("fr_simplified", 18, start),
        start,
    )
    assert flows.paid[0, :15].sum() == 0
    assert flows.paid[0, 16] == 12_000


def test_the_british_annual_scheme_pays_nine_tenths_on_account():
    start = (2027 - 1970) * 12 + 3  # April 2027, the year's first month
    rules = rules_of("gb_annual", 15, start)
    flows = vat_flows(constant(1_000, 15), constant(0, 15), VatSetting(tax_last_year=9_000), rules, start)
    assert flows.paid[0].tolist() == [0, 0, 0, *[900] * 9, 0, 12_000 - 8_100, 0]


def test_outside_vat_nothing_is_charged_and_vat_on_purchases_is_a_cost():
    rules = plan_rules(country_pack("FR"), TaxFacts("franchise"), START, T)
    flows = vat_flows(constant(0), constant(350), VatSetting(), rules, START)
    assert not flows.due.any() and not flows.paid.any() and not flows.position.any()
    assert (flows.cost == 350).all()
    assert flows.periods.empty
    joins = plan_rules(country_pack("GB"), TaxFacts("unregistered", registered_from=START + 3), START, T)
    flows = vat_flows(constant(1_000), constant(350), VatSetting(), joins, START)
    assert flows.cost[0].tolist() == [350] * 3 + [0] * (T - 3)
    assert flows.due[0].tolist() == [0] * 3 + [650] * (T - 3)


def test_a_flat_rate_is_a_share_of_turnover_with_vat_and_the_difference_is_kept():
    rules = plan_rules(country_pack("GB"), TaxFacts("flat_rate", flat_rate_trade="retail_other"), START, T)
    flows = vat_flows(
        constant(2_000), constant(700), VatSetting(), rules, START, constant(12_000), constant(200)
    )
    assert flows.due == pytest.approx(constant(12_000 * 0.075 - 200))
    # Collected 2,000, paid on 500 of purchases and 200 of equipment; 700 handed over: 600 is earned.
    assert flows.cost == pytest.approx(constant(900 - 200 - (2_000 - 700)))
    # Cash in = VAT collected − VAT on purchases − declared = what is kept.
    assert 2_000 - 700 - flows.due[0, 0] == pytest.approx(-flows.cost[0, 0])
    with pytest.raises(ValueError, match="turnover including VAT"):
        vat_flows(constant(2_000), constant(700), VatSetting(), rules, START)


def test_one_stop_returns_are_their_own():
    flows = one_stop_flows(constant(100), "oss", rules_of("fr_monthly"), START)
    assert flows.paid[0, at(2027, 1)] == 100  # of the last quarter of 2026 the plan knows December
    assert flows.paid[0, at(2027, 4)] == 300
    monthly = one_stop_flows(constant(100), "ioss", rules_of("fr_monthly"), START)
    assert monthly.paid[0].tolist() == [0, *[100] * (T - 1)]


# --- Limits of turnover ----------------------------------------------------------------------------

amounts = st.integers(0, 20_000).map(float)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(amounts, min_size=12, max_size=36),
    st.lists(amounts, max_size=15),
    st.booleans(),
    st.integers(START, START + 11),
)
def test_a_limit_is_passed_in_the_month_that_a_plain_count_finds(turnover, before, rolling, start):
    watch = ThresholdWatch("limit", 90_000, rolling, delay=2)
    found = threshold_crossing(np.array([turnover]), watch, start, np.array(before))[0]
    series = {start - len(before) + i: value for i, value in enumerate([*before, *turnover])}
    expected = NEVER
    for month in range(start, start + len(turnover)):
        since = month - 11 if rolling else month - month % 12
        if sum(series.get(m, 0.0) for m in range(since, month + 1)) > watch.amount:
            expected = month
            break
    assert found == expected
    effect = takes_effect(np.array([found]), watch)[0]
    assert effect == (NEVER if found == NEVER else found + 2)
    yearly = takes_effect(np.array([found]), replace(watch, next_year=True))[0]
    assert yearly == (NEVER if found == NEVER else (found // 12 + 1) * 12)


def test_the_registration_manuals_example():
    """HMRC VATREG18300: the limit is passed in April, registration takes effect on 1 June."""
    watch = plan_rules(country_pack("GB"), TaxFacts("unregistered"), START, 12).watches[0]
    april = (2027 - 1970) * 12 + 3
    turnover = np.full((1, 12), 7_000.0)
    turnover[0, april - START] = 14_000
    crossed = threshold_crossing(turnover, watch, START, np.full(11, 7_000.0))
    assert crossed.tolist() == [april]
    assert takes_effect(crossed, watch).tolist() == [april + 2]


def test_a_limit_that_is_met_exactly_is_not_passed():
    watch = ThresholdWatch("limit", 85_000, rolling=False)
    exactly = np.array([[0.0, 85_000, 0, 0], [0.0, 85_000, 0.01, 0]])
    assert threshold_crossing(exactly, watch, START).tolist() == [NEVER, START + 2]
