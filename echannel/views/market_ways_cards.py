"""The card on the ways to send goods: VAT schemes and delivery terms side by side, and which to choose.

What is left for the seller is not all that counts: a customer who is asked for money at the door refuses the
parcel. To consumers only a way that asks nothing there is recommended, the other is named with its price;
firms import for themselves as a matter of course.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from echannel.countries.trade import TradeRules, area_members
from echannel.metrics.market.crossing import Options
from echannel.views.cards import Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import home, named, of_market, own_traction
from echannel.views.market_landed_facts import (
    abroad,
    basket_names,
    basket_rows,
    case,
    first_known,
    landed,
    margins_there,
    money_there,
    options,
    sale_words,
    why_no_margin,
    year_case,
)
from echannel.views.tables import Column, Table

_BORDER, _NO_BORDER = ("dap", "ddp"), ("union",)


@moved_by(of_market)
def ways(view: View) -> Card | None:
    """The first basket by each VAT scheme and under both delivery terms, and which of them to choose."""
    if not abroad(view):
        return None
    say, at = view.say, first_known(landed(view)) or 0
    frame = _compared(view, at)
    sentence = " ".join([say("market.say.ways", basket=basket_names(view)[at]), *_advice(view, frame)])
    known, of = frame.attrs["known"], frame.attrs["orders"]
    on_some = say("market.say.ways_on_some", n=known, of=say.number(of)) if 0 < known < of else ""
    there = case(view).currency
    table = Table(
        "ways-to-send",
        frame,
        (
            Column("scheme", "market_scheme", words=lambda one: say(f"market.scheme.{one}")),
            Column("terms", "market_terms", words=lambda one: say(f"market.terms.{one}")),
            Column("total", "market_total", "cents"),
            Column("customer_pays", "market_customer_pays", "cents"),
            Column("at_door", "market_at_door", "cents"),
            Column("seller_bears", "market_seller_bears", "cents"),
            Column("margin", "market_margin_order", words=say.money),
        ),
        there,
    )
    note = " ".join(part for part in (on_some, *sale_words(view)) if part)
    return Card(
        "market.landed_ways",
        sentence,
        basket_rows(view),
        table=table,
        missing=why_no_margin(view),
        note=note,
        open_table=True,
    )


def _compared(view: View, at: int) -> pd.DataFrame:
    """One row per scheme and delivery terms: a basket's costs there, and what a mean order leaves."""
    rules, rows, margins = case(view).route.rules, [], []
    for scheme in schemes(rules, options(view)):
        for terms in _BORDER if rules.route == "import" else _NO_BORDER:
            chosen = options(view, scheme, terms)
            found = landed(view, chosen=chosen)
            on_return = found["vat"][at, 0] if found.collected[at, 0] == "customer_on_return" else 0.0
            rows.append(
                {
                    "scheme": scheme,
                    "terms": terms,
                    "total": found["total"][at, 0],
                    "customer_pays": found["customer_pays"][at, 0],
                    "at_door": found["customer_pays"][at, 0] - found["at_checkout"][at, 0] - on_return,
                    "seller_bears": found["seller_bears"][at, 0],
                }
            )
            margins.append(margins_there(view, year_case(view), chosen)["margin"][:, 0])
    same = np.isfinite(np.array(margins)).all(
        axis=0
    )  # orders whose margin is known every way: a fair comparison
    frame = pd.DataFrame(rows)
    frame["at_door"] = frame["at_door"].round(2) + 0.0
    means = [one[same].mean() if same.any() else _mean(one) for one in margins]
    frame.attrs.update(known=int(same.sum()), orders=int(same.size))
    return frame.assign(margin=means)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _advice(view: View, frame: pd.DataFrame) -> list[str]:
    known = frame.dropna(subset=["margin"]).sort_values("margin", ascending=False, kind="stable")
    if not len(known):
        return [view.say("market.say.margin_unknown")]
    if options(view).kind == "b2b":
        return _to_firms(view, known)
    return _to_consumers(view, known)


def _to_firms(view: View, known: pd.DataFrame) -> list[str]:
    """Firms import for themselves and deduct the VAT; who pays their duties must be the importer there."""
    say, market = view.say, named(view, case(view).route.market)
    by_terms = known.set_index("terms")["margin"]
    if "dap" not in by_terms:
        return [say("market.say.way_to_firms_union", market=market, money=say.money(by_terms.iloc[0]))]
    said = [say("market.say.way_to_firms", money=say.money(by_terms["dap"]))]
    if "ddp" in by_terms:
        said.append(say("market.say.way_to_firms_ddp", market=market, money=say.money(by_terms["ddp"])))
    return said


def _to_consumers(view: View, known: pd.DataFrame) -> list[str]:
    """The way that leaves most among those that ask nothing at the door; what a dearer one would leave."""
    say, said = view.say, []
    if over_oss_limit(view):
        known = known[known["scheme"] != "home"]
        said.append(say("market.say.over_oss_limit", limit=_oss_limit(view)))
    quiet = known[known["at_door"] <= 0]
    if not len(quiet):
        return [*said, _asks_at_door(view, known.iloc[0])]
    best: Any = quiet.iloc[0]
    key = "market.say.best_way_union" if best["terms"] == "union" else "market.say.best_way"
    said.append(say(key, **_way(view, best)))
    if best["scheme"] == "home":
        said.append(say("market.say.under_oss_limit", limit=_oss_limit(view)))
    if best["margin"] <= 0:
        said.append(say("market.say.best_way_loses"))
    more = known[(known["margin"] > best["margin"] + 0.005) & (known["at_door"] > 0)]
    if len(more):
        other: Any = more.iloc[0]
        told = _way(view, other)
        said.append(say("market.say.asked_at_door", **told, door=money_there(view, other["at_door"])))
    return said


def _asks_at_door(view: View, row: Any) -> str:
    say, money = view.say, view.say.money(row["margin"])
    if not np.isfinite(row["at_door"]):
        return say("market.say.every_way_asks_unknown", money=money)
    return say("market.say.every_way_asks", door=money_there(view, row["at_door"]), money=money)


def _way(view: View, row: Any) -> dict[str, str]:
    say = view.say
    return {
        "way": say(f"market.scheme.{row['scheme']}"),
        "terms": say(f"market.terms.{row['terms']}"),
        "money": say.money(row["margin"]),
    }


def over_oss_limit(view: View) -> bool:
    """Whether a firm's sales to consumers in other member states forbid charging the VAT of home."""
    one = case(view)
    rule = one.route.rules.rule("oss", options(view).kind)
    if rule is None or rule.amount is None:
        return False
    own = own_traction(view)
    others = [code for code in area_members(home(view)) if code != home(view) and code in own.index]
    return bool(own.loc[others, "turnover"].sum() * one.route.currency_rate > rule.amount)


def _oss_limit(view: View) -> str:
    rule = case(view).route.rules.rule("oss", options(view).kind)
    return money_there(view, rule.amount if rule and rule.amount else float("nan"), 0)


def schemes(rules: TradeRules, chosen: Options) -> tuple[str, ...]:
    """The VAT schemes that a seller may choose between on a route; the first is the usual one."""
    if chosen.kind == "b2b":
        return ("own_return",)
    if rules.route == "union":
        return ("oss", "home")
    sale = rules.rule("vat_at_sale", chosen.kind)
    if sale is None or sale.scheme is None:
        return ("border",)
    if chosen.marketplace and rules.rule("deemed_supplier", chosen.kind) is not None:
        return (sale.scheme,)
    return (sale.scheme, "border") if sale.optional else (sale.scheme,)
