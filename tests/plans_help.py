"""Plans for tests: random ones of every legal form, regime and habit of paying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from echannel.countries import country_pack
from echannel.countries.plan_rules import TaxFacts, plan_rules
from echannel.metrics.planning.inputs import (
    Asset,
    Cost,
    Grant,
    Loan,
    MarketEntry,
    OneOff,
    OpeningBalance,
    OwnersMoney,
    PaymentTerms,
    PlanInputs,
    StaffMember,
    StockPolicy,
    Stream,
    with_market_entry,
)
from echannel.metrics.planning.rules import TaxSetting, VatSetting

START = (2026 - 1970) * 12 + 11  # December 2026: French VAT regimes change in its second month
REGIMES = {
    "FR": ("reel_normal", "reel_simplifie", "franchise"),
    "GB": ("standard", "flat_rate", "cash_accounting", "annual", "unregistered"),
}


def rules_of(country: str, regime: str, legal_form: str = "company", fiscal: int = 1, months: int = 36):
    facts = TaxFacts(
        regime=regime,
        legal_form=legal_form,
        departement="29",
        fiscal_year_start_month=fiscal,
        flat_rate_trade="retail_other" if regime == "flat_rate" else None,
    )
    return plan_rules(country_pack(country), facts, START, months)


def plain(turnover: float = 10_000.0, months: int = 36, **more: object) -> PlanInputs:
    """A firm that sells the same every month, at 60 % margin, paid at once; ``more`` changes it."""
    stream = Stream("b2c", "b2c", np.full((1, months), turnover), 0.4, 0.2)
    inputs = PlanInputs("FR", "EUR", START, (stream,), months=months, purchase_vat_rate=0.2)
    return replace(inputs, **more)  # type: ignore[arg-type]


@st.composite
def plans(draw: st.DrawFn, months: int = 36):
    """A random firm's inputs and rules; some values differ from path to path, as in a simulation."""
    country = draw(st.sampled_from(sorted(REGIMES)))
    regime = draw(st.sampled_from(REGIMES[country]))
    form = draw(st.sampled_from(["company", "sole_trader"]))
    fiscal = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    paths = draw(st.sampled_from([1, 3]))

    def amount(high: float) -> float:
        return float(rng.uniform(0, high))

    def days(high: float):
        return rng.uniform(0, high, (paths, 1)) if rng.random() < 0.5 else float(rng.integers(0, high))

    def stream(name: str, kind: str, scheme: str) -> Stream:
        level = 10 ** rng.uniform(2, 5)
        sold = rng.lognormal(np.log(level), 0.4, (paths, months)) * (rng.random((paths, months)) > 0.05)
        return Stream(
            name,
            kind,  # type: ignore[arg-type]
            sold,
            cost_share=float(rng.uniform(0.1, 1.2)),
            vat_rate=float(rng.choice([0.0, 0.055, 0.093, 0.2])),
            vat_scheme=scheme,  # type: ignore[arg-type]
            terms=PaymentTerms(days(120), bool(rng.random() < 0.3)),
            price_index=rng.uniform(0.8, 1.2, (1, months)),
            fee_rate=amount(0.03),
            fee_fixed=amount(0.4),
            commission_rate=amount(0.15),
            basket=float(rng.uniform(20, 200)),
            carriage_rate=amount(0.1),
            return_rate=amount(0.3),
            return_loss=amount(1.0),
        )

    streams = tuple(
        stream(
            f"s{n}", draw(st.sampled_from(["b2c", "b2b"])), draw(st.sampled_from(["domestic", "oss", "none"]))
        )
        for n in range(draw(st.integers(1, 3)))
    )
    if country == "GB":
        streams = tuple(replace(one, vat_scheme="domestic") for one in streams)
    inputs = PlanInputs(
        country,
        "EUR" if country == "FR" else "GBP",
        START,
        streams,
        months=months,
        fiscal_year_start_month=fiscal,
        legal_form=form,  # type: ignore[arg-type]
        costs=(
            Cost("rent", "rent", amount(2_000), vat_rate=0.2, terms=PaymentTerms(days(60))),
            Cost("ads", "marketing", rng.uniform(0, 900, (paths, months)), amount(0.2), 0.2),
            Cost("cfe", "local_taxes", np.where(np.arange(months) % 12 == 0, amount(900), 0.0)),
        ),
        staff=(
            StaffMember("a", amount(4_000), START - 5),
            StaffMember("b", amount(4_000), START + 4, START + 20, 0.4),
        ),
        loans=(
            Loan(amount(50_000), START + 3, amount(0.1), 24, 6, "annuity", capitalised=True),
            Loan(amount(9_000), START, amount(0.1), 40, 0, "linear", outstanding=True),
            Loan(amount(9_000), START - 7, amount(0.1), 12, 2, "bullet"),
        ),
        assets=(Asset(amount(20_000), START + 2, 3, 0.2), Asset(amount(900), START + 30, 5, 0.2)),
        grants=(Grant(amount(5_000), START + 1, 30), Grant(amount(800), START + 5)),
        one_offs=(OneOff("fair", START + 7, amount(3_000), 0.2),),
        owner=OwnersMoney(amount(500), np.where(np.arange(months) == 14, amount(9_000), 0.0), amount(900)),
        opening=OpeningBalance(*(amount(30_000) for _ in range(6)), fixed_assets_months=17),
        vat=VatSetting(before=(800.0, 900.0, 1_000.0), opening=amount(3_000) if rng.random() < 0.5 else None),
        tax=TaxSetting(losses=amount(9_000), tax_last_year=amount(9_000)),
        stock=StockPolicy(rng.uniform(5, 200, (paths, 1)) if rng.random() < 0.7 else float("nan")),
        purchase_terms=PaymentTerms(days(90), bool(rng.random() < 0.3)),
        purchase_vat_rate=float(rng.choice([0.055, 0.2])),
        carriage_vat_rate=0.2,
        overdraft_rate=amount(0.2),
    )
    if rng.random() < 0.4:
        inputs = with_market_entry(inputs, entry())
    return inputs, rules_of(country, regime, form, fiscal, months)


def entry() -> MarketEntry:
    return MarketEntry(
        country="BE",
        name_key="",
        first_month=START + 3,
        orders_per_month=np.array([10.0, 20.0, 30.0]),
        price_net=50.0,
        variable_cost_per_order=35.0,
        setup_cost=2_000.0,
        cost_per_month=100.0,
        extra_stock=1_500.0,
        goods_cost_per_order=20.0,
    )
