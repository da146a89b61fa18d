"""An SME's own baskets sent to a market: parcels, route and costs, from its data and what it entered.

Where each figure comes from is said in ``export_costs``; what is not entered is named in ``Case.assumed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel.countries import country_codes, country_pack
from echannel.countries.trade import trade_rules
from echannel.export_costs import CostInputs
from echannel.export_profile import for_market
from echannel.metrics.market.crossing import Route
from echannel.metrics.market.margin import SellingCosts
from echannel.metrics.market.parcels import Parcels, parcels_of
from echannel.metrics.market.traction import last_year
from echannel.reference import fx, uk_duties

if TYPE_CHECKING:
    from echannel.sme import Sme

SINGLES, TOGETHER = 7, 3  # of the ten baskets shown: one product, and several that are bought together


@dataclass(frozen=True)
class Case:
    """Baskets, what they cost, and the way to one market, beside the same sale at home.

    ``lines``: one row per line, with ``parcel``; ``cost`` of each parcel's goods (NaN unknown); ``assumed``:
    names of what is not entered and was taken from elsewhere; ``unsettled_vat``: parcels with a product that
    bears a reduced rate at home, whose rate in the market nobody has entered: they bear ``vat_low`` or the
    standard rate. ``exchange``: the market's currency for one of the seller's.
    ``kept_duties``: what the UK tariff said of goods, by code, where the firm has entered no rate.
    """

    market: str
    lines: pd.DataFrame
    parcels: Parcels
    cost: np.ndarray
    route: Route
    selling: SellingCosts
    home_route: Route
    home_selling: SellingCosts
    currency: str
    exchange: fx.Rate
    assumed: tuple[str, ...]
    unsettled_vat: np.ndarray
    vat_low: float
    kept_duties: Mapping[str, uk_duties.UkDuty] = field(default_factory=dict)

    def at_reduced_vat(self) -> Case:
        """The same case, with what is unsettled at the market's lowest rate for such goods."""
        rates = {**self.route.vat_rates, UNSETTLED: self.vat_low}
        return replace(self, route=replace(self.route, vat_rates=rates))


UNSETTLED = "reduced-at-home"
FAR = date(2200, 1, 1)  # a day for which there is no rate yet: the newest is taken
_LOWEST = ("zero", "super_reduced", "reduced")  # by name, the first that a country's pack has


def year_lines(sme: Sme, kind: str) -> pd.DataFrame:
    """Every line sold to one kind of customer in the last twelve months, net of discounts and VAT.

    ``parcel`` (the order), ``product_id``, ``quantity``, ``unit_price``, ``unit_cost`` (reporting currency),
    and of the product ``hs_code``, ``origin_country``, ``weight_kg``, ``category``, ``home_vat``, ``proven``.
    """
    sales = sme.sales
    period, lines = last_year(sales), sales.lines
    wanted = (
        (lines["entry"] == "sale")
        & (lines["kind"] == kind)
        & lines["day"].between(period.since, period.until)
        & lines["product_id"].notna()
        & (lines["quantity"] > 0)
    )
    sold = lines.loc[wanted, ["order_id", "product_id", "quantity", "net", "cost"]].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "parcel": sold["order_id"].astype(str),
            "product_id": sold["product_id"].astype(str),
            "quantity": sold["quantity"],
            "unit_price": sold["net"] / sold["quantity"],
            "unit_cost": sold["cost"] / sold["quantity"],
        }
    )
    return frame.merge(product_facts(sme), left_on="product_id", right_index=True, how="left")


def product_facts(sme: Sme) -> pd.DataFrame:
    """What customs ask of each product, by id, and whether the firm holds proof of its origin."""
    products = sme.table("products")
    ids = products["product_id"].astype(str)
    lines = sme.table("order_lines")
    stated = lines[["product_id", "vat_rate"]].dropna()
    # Sales abroad may bear none: the highest rate that a product ever bore is the one at home.
    home_vat = stated.groupby(stated["product_id"].astype(str))["vat_rate"].max()
    proof = sme.profile.exports.proof_of_origin
    proven = np.ones(len(ids), bool) if proof == "all" else ids.isin(proof) | products["sku"].isin(proof)
    return pd.DataFrame(
        {
            "hs_code": products["hs_code"].astype(object).to_numpy(),
            "origin_country": products["origin_country"].astype(object).to_numpy(),
            "weight_kg": products["weight_kg"].to_numpy(),
            "category": products["category"].astype(object).to_numpy(),
            "home_vat": home_vat.reindex(ids).to_numpy(),
            "proven": np.asarray(proven, dtype=bool),
        },
        index=pd.Index(ids, name="product_id"),
    )


def top_baskets(lines: pd.DataFrame) -> pd.DataFrame:
    """The ten baskets that bring most turnover: products by themselves, and sets that are bought together.

    Of each product as many pieces as an order usually holds: the median over the orders with it (the lower of
    two middle ones), at its mean price and cost of the year. ``parcel`` is the basket's place, best first
    within singles, then sets; ``orders``: how many orders held the product, or exactly this set.
    """
    if lines.empty:
        return lines.assign(orders=pd.Series(dtype="float64"))
    money = lines.assign(
        net=lines["unit_price"] * lines["quantity"], paid=lines["unit_cost"] * lines["quantity"]
    )
    each = money.groupby("product_id").agg(
        net=("net", "sum"), units=("quantity", "sum"), orders=("parcel", "nunique")
    )
    known = money[money["paid"].notna()].groupby("product_id")[["paid", "quantity"]].sum()
    each["unit_price"] = (each["net"] / each["units"]).round(2)
    each["unit_cost"] = known["paid"] / known["quantity"]
    pieces = money.groupby(["product_id", "parcel"])["quantity"].sum()
    each["quantity"] = pieces.groupby("product_id").quantile(0.5, interpolation="lower")
    sets = _sets(money)
    singles = each.sort_values("net", ascending=False, kind="stable").index
    wanted = [
        ((product,), each.loc[product, "orders"]) for product in singles[: SINGLES + TOGETHER - len(sets)]
    ]
    rows = [
        {"parcel": place, "product_id": product, "orders": orders}
        for place, (products, orders) in enumerate([*wanted, *sets])
        for product in products
    ]
    facts = lines.drop_duplicates("product_id").set_index("product_id")
    facts = facts.drop(columns=["parcel", "quantity", "unit_price", "unit_cost"])
    frame = pd.DataFrame(rows).merge(
        each[["unit_price", "unit_cost", "quantity"]], left_on="product_id", right_index=True
    )
    frame = frame.merge(facts, left_on="product_id", right_index=True)
    return frame.sort_values(["parcel", "product_id"], kind="stable").reset_index(drop=True)


def _sets(money: pd.DataFrame) -> list[tuple[tuple[str, ...], int]]:
    """The sets of several products that bring most turnover, with the number of orders of each."""
    pairs = money.drop_duplicates(["parcel", "product_id"])
    size = pairs.groupby("parcel")["product_id"].transform("size")
    pairs = pairs[size.between(2, 4)].sort_values(["parcel", "product_id"], kind="stable")
    if pairs.empty:
        return []
    orders, named = pairs["parcel"].to_numpy(), pairs["product_id"].tolist()
    starts = np.flatnonzero(np.r_[True, orders[1:] != orders[:-1]])
    ends = [*starts[1:], len(orders)]
    by_order = pd.DataFrame(
        {"products": [tuple(named[start:end]) for start, end in zip(starts, ends, strict=True)]},
        index=pd.Index(orders[starts], name="parcel"),
    )
    by_order["net"] = money.groupby("parcel")["net"].sum()
    by_set = by_order.groupby("products")["net"].agg(["size", "sum"])
    best = by_set.sort_values(["size", "sum"], ascending=False, kind="stable").head(TOGETHER)
    return [(tuple(products), int(n)) for products, n in zip(best.index, best["size"], strict=True)]


def case_of(
    sme: Sme,
    market: str,
    on: date,
    lines: pd.DataFrame,
    own: pd.DataFrame,
    markets: pd.DataFrame,
    kind: str = "b2c",
) -> Case:
    """Those lines sent to customers of a ``kind`` in ``market`` under the rules of a day.

    ``own``: own traction by country; ``markets``: the reference figures (``markets.markets_of``).

    Amounts are turned at the newest reference rate, whatever the day of the rules: a change of day shows what
    the rules change, and nothing else.
    """
    profile, home, entered = sme.profile, sme.profile.country, sme.profile.exports
    rules = trade_rules(home, market, on)
    currency = rules.currency or profile.currency
    exchange = fx.rate(profile.currency, currency, FAR, sme.workspace)
    found = CostInputs(profile, own, market, kind)
    duties = for_market(entered.duty_rates, market) or {}
    kept: dict[str, uk_duties.UkDuty] = {}
    if market == "GB" and market != home and sme.workspace is not None:
        kept = uk_duties.kept_for(sme.workspace, home, lines["hs_code"], duties)
    classes, unsettled, vat_rates = vat_classes(sme, market, on, lines)
    home_vat = sme.pack.vat_rate("standard", on)
    charged = found.charged()
    selling = found.selling(charged, foreign=currency != profile.currency)
    route = Route(
        rules,
        vat_rate=standard_vat(sme, market, on, markets),
        home_vat_rate=home_vat,
        currency_rate=exchange.value,
        carriage=charged,
        insurance=entered.insurance_rate,
        clearance_fee=for_market(entered.clearance_fee, market),
        vat_rates=vat_rates,
        duty_rates={**duties, **{code: one.duty for code, one in kept.items() if one.duty is not None}},
    )
    home_charged = found.charged_at_home()
    costs = parcels_of(lines.assign(unit_price=lines["unit_cost"]))
    touched = parcels_of(lines.assign(unit_price=unsettled.astype("float64")))
    return Case(
        market=market,
        lines=lines,
        parcels=parcels_of(lines.assign(vat_class=classes)),
        cost=costs.total(costs.value),
        route=route,
        selling=selling,
        home_route=Route(trade_rules(home, home, on), home_vat, home_vat, carriage=home_charged),
        home_selling=found.selling_at_home(selling, home_charged),
        currency=currency,
        exchange=exchange,
        assumed=tuple(found.assumed),
        unsettled_vat=touched.total(touched.value) > 0,
        vat_low=lowest_vat(sme, market, on),
        kept_duties=kept,
    )


def standard_vat(sme: Sme, market: str, on: date, markets: pd.DataFrame) -> float:
    """A market's standard VAT rate: its country pack's on the day, else what is entered as ``"*"``, else the
    newest reference figure."""
    if market in country_codes(sme.workspace):
        return country_pack(market, sme.workspace).vat_rate("standard", on)
    entered = (for_market(sme.profile.exports.vat_rates, market) or {}).get("*")
    return float(markets["vat_standard"].get(market, np.nan)) if entered is None else entered


def lowest_vat(sme: Sme, market: str, on: date) -> float:
    """The lowest rate that goods of a reduced rate may bear there; NaN where no country pack tells."""
    if market not in country_codes(sme.workspace):
        return np.nan
    rates = country_pack(market, sme.workspace).vat_rates_on(on)
    return next((rates[name] for name in _LOWEST if name in rates), np.nan)


def vat_classes(
    sme: Sme, market: str, on: date, lines: pd.DataFrame
) -> tuple[pd.Series, np.ndarray, dict[str, float]]:
    """Each line's VAT class in a market, which are unsettled, and the rates that are entered."""
    rates = dict(for_market(sme.profile.exports.vat_rates, market) or {})
    category = lines["category"].astype(object)
    told = category.isin(rates).to_numpy()
    reduced = (lines["home_vat"] < sme.pack.vat_rate("standard", on) - 1e-9).to_numpy()
    unsettled = reduced & ~told & (market != sme.profile.country)
    return category.where(told, np.where(unsettled, UNSETTLED, "")), unsettled, rates
