"""Corporation tax: published examples, losses carried forward, and payments on their days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.corporation_tax import corporation_tax, tax_on
from echannel.metrics.planning.rules import TaxSetting

JANUARY = (2027 - 1970) * 12


def rules_of(country: str, first_month: int = 1, start: int = JANUARY, months: int = 36):
    regime = {"GB": "standard", "FR": "reel_normal"}[country]
    facts = TaxFacts(regime, fiscal_year_start_month=first_month)
    return plan_rules(country_pack(country), facts, start, months)


def year(country: str):
    return next(one for one in rules_of(country).tax_years if one.first == JANUARY)


@pytest.mark.parametrize(
    ("profit", "tax"),
    [
        (50_000, 9_500),  # HMRC manual CTM03925: at the lower limit
        (250_000, 62_500),  # the same, at the upper limit
        (200_000, 49_250),  # ACCA, associated companies and corporation tax, example 1
        (250_001, 62_500.25),
        (0, 0),
    ],
)
def test_british_tax_as_published(profit, tax):
    assert tax_on(np.array([float(profit)]), year("GB")) == pytest.approx([tax])


def test_between_the_british_limits_each_pound_is_taxed_at_26_5_percent():
    profit = np.array([60_000.0, 60_001.0])
    assert np.diff(tax_on(profit, year("GB"))) == pytest.approx([0.265])  # CTM03925


@pytest.mark.parametrize(
    ("profit", "tax"), [(42_500, 6_375), (100_000, 6_375 + 14_375), (1_000, 150), (0, 0)]
)
def test_french_tax_by_slices(profit, tax):
    assert tax_on(np.array([float(profit)]), year("FR")) == pytest.approx([tax])


months = st.lists(st.integers(-3_000_000, 4_000_000).map(lambda v: v / 100), min_size=36, max_size=36)


@settings(max_examples=60, deadline=None)
@given(months, st.sampled_from(["GB", "FR"]), st.integers(1, 12), st.sampled_from([0.0, 12_000.0, 90_000.0]))
def test_charges_of_a_year_are_its_tax_after_losses_of_earlier_years(profits, country, first_month, losses):
    rules = rules_of(country, first_month)
    profit = np.array([profits])
    setting = TaxSetting(losses=losses)
    flows = corporation_tax(profit, rules, JANUARY, setting)
    left, sums = losses, 0.0
    for one in rules.tax_years:
        if one.last < JANUARY:
            continue
        a, b = max(one.first - JANUARY, 0), min(one.last - JANUARY, 35)
        result = profit[0, a : b + 1].sum()
        used = min(left, max(result, 0.0))  # far below the limits on large losses
        tax = tax_on(np.array([max(result, 0.0) - used]), one)[0]
        assert flows.charge[0, a : b + 1].sum() == pytest.approx(tax, abs=0.006)
        sums += tax
        if one.last < JANUARY + 36:
            left += max(-result, 0.0) - used
    assert flows.losses == pytest.approx([left], abs=1e-6)
    assert flows.position[0] == pytest.approx(flows.opening + np.cumsum(flows.charge - flows.paid)[:36])
    # On profit nothing more is paid than is charged, but for payments on account that come back.
    assert flows.payments["amount"].sum() >= -1e-6 or (flows.payments["kind"] == "balance").any()


def test_many_paths_are_the_same_as_one_after_the_other():
    rng = np.random.default_rng(3)
    profit = np.round(rng.normal(3_000, 9_000, (6, 36)), 2)
    for country in ("GB", "FR"):
        rules = rules_of(country, 4)
        setting = TaxSetting(5_000.0, 2_000.0, 8_000.0, 4_000.0)
        together = corporation_tax(profit, rules, JANUARY, setting)
        for path in range(6):
            one = corporation_tax(profit[[path]], rules, JANUARY, setting)
            for field in ("charge", "paid", "position"):
                assert getattr(together, field)[path] == pytest.approx(getattr(one, field)[0])


def test_large_losses_are_set_off_in_part_only():
    """CGI art. 209: a million, and half of what lies above it."""
    profit = np.zeros((1, 24))
    profit[0, 0], profit[0, 12] = -3_000_000, 2_000_000
    flows = corporation_tax(profit, rules_of("FR", months=24), JANUARY)
    taxed = 2_000_000 - (1_000_000 + 500_000)
    assert flows.charge[0, 12:].sum() == pytest.approx(42_500 * 0.15 + (taxed - 42_500) * 0.25)
    assert flows.losses.tolist() == [1_500_000]


def test_french_payments_on_account_and_their_putting_right():
    setting = TaxSetting(tax_last_year=10_000, tax_two_years_ago=6_000)
    profit = np.full((1, 24), 100_000 / 12)
    flows = corporation_tax(profit, rules_of("FR", months=24), JANUARY, setting)
    paid = {m: round(flows.paid[0, m], 2) for m in range(24) if flows.paid[0, m]}
    assert {m: paid[m] for m in paid if m != 4 and m < 12} == {2: 1_500, 5: 3_500, 8: 2_500, 11: 2_500}
    # May 2027: the balance of 2026, of which four quarters of 2025's tax were paid.
    assert paid[4] == 10_000 - 6_000
    # 2028: the first on 2026's tax, the second puts it right to 2027's; in May 2027's balance.
    assert paid[14] == 2_500 and paid[16] == 20_750 - 10_000
    assert paid[17] == pytest.approx(20_750 / 2 - 2_500)
    assert flows.opening == 4_000


def test_no_payments_on_account_up_to_3000():
    profit = np.full((1, 12), 1_000.0)
    flows = corporation_tax(profit, rules_of("FR", months=12), JANUARY, TaxSetting(tax_last_year=3_000))
    assert set(np.flatnonzero(flows.paid[0])) == {4}  # the balance of the year before alone
    assert flows.paid[0, 4] == 3_000


def test_british_tax_is_paid_nine_months_and_a_day_after_the_year():
    start = (2026 - 1970) * 12 + 11
    rules = rules_of("GB", 4, start, 24)
    setting = TaxSetting(profit_so_far=24_000, tax_last_year=7_000)
    flows = corporation_tax(np.full((1, 24), 4_000.0), rules, start, setting)
    assert flows.opening == 7_000 + 0.19 * 24_000
    assert flows.paid[0, 1] == 7_000  # 1 January 2027, for the year to March 2026
    assert flows.paid[0, 13] == pytest.approx(0.19 * (24_000 + 4 * 4_000))  # 1 January 2028
    assert np.count_nonzero(flows.paid) == 2


def test_a_loss_gives_back_what_the_year_was_charged_before():
    profit = np.array([[10_000.0, 10_000, -20_000, *[0.0] * 9]])
    flows = corporation_tax(profit, rules_of("GB", months=12), JANUARY)
    assert flows.charge[0, :3] == pytest.approx([1_900, 1_900, -3_800])
    assert flows.losses.tolist() == [0]


def test_tax_owed_by_the_books_is_paid_with_the_first_balance():
    rules = rules_of("GB", 4, months=12)
    flows = corporation_tax(np.zeros((1, 12)), rules, JANUARY, TaxSetting(opening=5_000.0))
    assert flows.opening == 5_000 and flows.paid[0].sum() == 5_000
    assert flows.position[0, -1] == 0


def test_a_sole_trader_pays_no_corporation_tax():
    facts = TaxFacts("reel_normal", legal_form="sole_trader")
    rules = plan_rules(country_pack("FR"), facts, JANUARY, 12)
    flows = corporation_tax(np.full((2, 12), 9_000.0), rules, JANUARY)
    assert not flows.charge.any() and not flows.paid.any() and flows.payments.empty
