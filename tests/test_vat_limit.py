"""A firm outside VAT that passes the limit: from which month it charges, and what that does to its plan."""

from __future__ import annotations

import numpy as np
import pytest
from stock_shop import MadeUp, stocked

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.countries.vat_calendar import registration_month
from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import PlanInputs, Stream
from echannel.plan_streams import _charging
from echannel.planning_profile import PlanningProfile
from echannel.plans import basis_of

JANUARY = (2027 - 1970) * 12


def months(amount: float, since: int = JANUARY - 24, until: int = JANUARY + 36) -> dict[int, float]:
    return dict.fromkeys(range(since, until), amount)


def charged_from(country: str, regime: str, turnover: dict[int, float], start: int = JANUARY) -> int | None:
    return registration_month(country_pack(country), TaxFacts(regime, turnover=turnover), start, 36)


@pytest.mark.parametrize(
    ("sold", "charged"),
    [
        (7_083.0, None),
        (7_400.0, JANUARY + 12),  # 88,800 a year: above the limit, below the increased one
        (8_000.0, JANUARY + 11),  # 96,000: above 93,500 in December, at once
    ],
)
def test_france_waits_for_january_unless_the_increased_limit_is_passed(sold, charged):
    assert charged_from("FR", "franchise", months(sold, JANUARY)) == charged


def test_the_united_kingdom_waits_for_the_second_month_after():
    """Nothing before January; 9,100 a month is above 90,000 in the tenth month, October: from 1 December."""
    assert charged_from("GB", "unregistered", months(9_100.0, JANUARY)) == JANUARY + 11
    assert charged_from("GB", "unregistered", months(7_500.0)) is None


def test_a_limit_passed_long_ago_holds_from_the_plan_s_first_month():
    assert charged_from("GB", "unregistered", months(9_100.0)) == JANUARY


def test_who_is_registered_or_says_when_is_not_asked():
    own = TaxFacts("franchise", turnover=months(9_000.0), registered_from=JANUARY + 3)
    assert registration_month(country_pack("FR"), own, JANUARY, 36) == JANUARY + 3
    assert charged_from("FR", "reel_normal", months(9_000.0)) is None


def test_consumers_pay_the_same_and_firms_pay_vat_on_top():
    facts = TaxFacts("franchise", registered_from=JANUARY + 6)
    rules = plan_rules(country_pack("FR"), facts, JANUARY, 36)
    sold = np.full((1, 36), 1_200.0)
    streams = (Stream("b2c", "b2c", sold, 0.5, 0.2), Stream("b2b", "b2b", sold, 0.5, 0.2))
    made = tuple(_charging(one, rules.vat.registered) for one in streams)
    inputs = PlanInputs("FR", "EUR", JANUARY, made, purchase_vat_rate=0.2)
    lines = build_plan(inputs, rules).lines
    for name, before, after in (
        ("receipts_b2c", 1_200.0, 1_200.0),
        ("receipts_b2b", 1_200.0, 1_440.0),
        ("turnover", 2_400.0, 1_000.0 + 1_200.0),
        ("cost_of_sales", 1_200.0, 1_200.0),
        ("vat_collected", 0.0, 440.0),
        ("irrecoverable_vat", 240.0, 0.0),
    ):
        assert lines[name][0, 5] == pytest.approx(before), name
        assert lines[name][0, 6] == pytest.approx(after), name


@pytest.mark.parametrize(("rate", "net"), [(0.2, 100.00), (0.055, 113.74)])
def test_v11_of_a_price_that_stays_the_vat_is_taken_out(rate, net):
    facts = TaxFacts("franchise", registered_from=JANUARY + 6)
    rules = plan_rules(country_pack("FR"), facts, JANUARY, 36)
    sold = _charging(Stream("b2c", "b2c", np.full((1, 36), 120.0), 0.5, rate), rules.vat.registered)
    lines = build_plan(PlanInputs("FR", "EUR", JANUARY, (sold,)), rules).lines
    assert (lines["turnover"][0, 5], lines["turnover"][0, 6]) == (120.00, net)
    assert lines["receipts_b2c"][0, 6] == 120.00


def test_a_plan_that_passes_the_limit_charges_vat_and_says_so():
    made = stocked("both", orders=900)
    told = {"turnover": 8_000, "start": "2027-01", "vat_rate": 0.2, "margin_rate": 0.5}
    profile = made.profile.model_copy(
        update={
            "planning": PlanningProfile.model_validate(told),
            "vat": made.profile.vat.model_copy(update={"regime": "franchise", "registered": False}),
        }
    )
    basis = basis_of(MadeUp(profile, made.tables))
    note = next(one for one in basis.assumptions if one.name == "vat_registered_from")
    assert note.made_by == "default" and "reason.planning.vat_limit_passed" in basis.reasons
    registered = basis.rules.vat.registered
    assert registered.argmax() == note.value - basis.inputs.start and registered[-1] and not registered[0]
    consumer = next(one for one in basis.inputs.streams if one.kind == "b2c")
    ratio = consumer.turnover[0] / consumer.volume[0]
    assert ratio == pytest.approx(np.where(registered, 1 / 1.2, 1.0))
    lines = build_plan(basis.inputs, basis.rules).lines
    assert np.abs(lines["total_assets"] - lines["total_liabilities_and_equity"]).max() < 0.005
    assert lines["vat_paid"][0, note.value - basis.inputs.start + 1 :].sum() > 0
