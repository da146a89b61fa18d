"""What the cards on landed cost share: the baskets, the way to the market, and the reader's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from echannel.countries.trade import trade_rules
from echannel.export_costs import MARKETPLACE, USUAL, usually_through_marketplace
from echannel.export_profile import for_market
from echannel.exports import Case, case_of, top_baskets, year_lines
from echannel.markets import markets_of, traction_of
from echannel.metrics.acquisition import OWN_SHOP
from echannel.metrics.market.crossing import Options
from echannel.metrics.market.entry import mean_order
from echannel.metrics.market.landed import Landed, landed_cost
from echannel.metrics.market.margin import Margins, margins, price_keeping_margin
from echannel.reference import fx
from echannel.views.cards import Rows
from echannel.views.context import View
from echannel.views.market_facts import home, kind_of, market_of, own_traction, rules_day, year_rows

Result = TypeVar("Result")

MOST_NAMED = 5  # customs codes in a sentence
MOST_DISCOUNT = 0.9
_OTHER = {"b2c": "b2b", "b2b": "b2c"}


def abroad(view: View) -> bool:
    """Whether there is a market abroad to look at, and something to send there."""
    return market_of(view) != home(view) and len(_lines(view)) > 0


def case(view: View) -> Case:
    """The ten baskets on their way to the market looked at."""
    lines = view.once(f"market-baskets {kind_of(view)}", lambda: top_baskets(_lines(view)))
    return view.kept("market-case", lambda: _case(view, lines))


def year_case(view: View) -> Case:
    """Every order of the last twelve months, as if it were sent to the market looked at."""
    return view.kept("market-year-case", lambda: _case(view, _lines(view)))


def options(view: View, scheme: str = "", terms: str = "") -> Options:
    """The reader's delivery terms, VAT scheme and readings, or those named here."""
    choice = view.choice.market
    usual = "border" if view.sme.profile.exports.ioss is False else ""
    wanted = scheme or choice.scheme
    discount = usual_discount(view) if choice.discount is None else choice.discount
    route = trade_rules(home(view), market_of(view), rules_day(view)).route
    return Options(
        kind="b2b" if kind_of(view) == "b2b" else "b2c",
        terms="ddp" if (terms or choice.terms) == "ddp" else "dap",
        scheme=wanted if wanted in _SCHEMES[route] else usual,
        marketplace=(choice.channel or usual_channel(view)) == MARKETPLACE,
        discount=min(max(discount, 0.0), MOST_DISCOUNT),
        readings=dict(choice.switches),
    )


def usual_channel(view: View) -> str:
    """Through which channel the firm sells to the market looked at: as entered, else as it mostly does."""
    market, kind = market_of(view), kind_of(view)
    through = view.once(
        f"market-channel {market} {kind}", lambda: usually_through_marketplace(view.sme, market, kind)
    )
    return MARKETPLACE if through else OWN_SHOP


def usual_discount(view: View) -> float:
    """What is entered as discount for the market looked at; none without."""
    return for_market(view.sme.profile.exports.discount_rate, market_of(view)) or 0.0


# Which schemes a seller may choose, by route; a choice made for another route says nothing here.
_SCHEMES = {"domestic": (), "union": ("oss", "home"), "import": ("ioss", "border")}


def landed(view: View, of: Case | None = None, chosen: Options | None = None) -> Landed:
    """The landed cost of the ten baskets (or of another case, or with other options)."""
    one, how = of or case(view), chosen or options(view)
    return _once(view, "landed", one, how, lambda: landed_cost(one.parcels, [one.route], how))


def margins_there(view: View, of: Case | None = None, chosen: Options | None = None) -> Margins:
    """The margin of the baskets in the market."""
    one, how = of or case(view), chosen or options(view)
    return _once(
        view, "margins", one, how, lambda: margins(one.parcels, one.cost, [one.route], [one.selling], how)
    )


def margins_at_home(view: View, of: Case | None = None) -> Margins:
    """The margin of the same baskets sold at home."""
    one = of or case(view)
    how = Options(options(view).kind)
    return _once(
        view,
        "margins_at_home",
        one,
        how,
        lambda: margins(one.parcels, one.cost, [one.home_route], [one.home_selling], how),
    )


def keeping_prices(view: View, keep: Literal["rate", "money"]) -> np.ndarray:
    """The price of each basket that keeps its margin of home (own currency, ex VAT); NaN: none does."""
    one, at_home = case(view), margins_at_home(view)
    target = at_home.rate[:, 0] if keep == "rate" else at_home["margin"][:, 0]
    how = options(view)
    return _once(
        view,
        f"price_keeping_{keep}",
        one,
        how,
        lambda: price_keeping_margin(one.parcels, one.cost, target, one.route, one.selling, how, keep),
    )


def _once(view: View, what: str, one: Case, how: Options, compute: Callable[[], Result]) -> Result:
    """``compute()``, done once for a case and options, whichever card and language asks."""
    # The case is kept too: no other one gets the number of one that is gone.
    return view.kept((what, id(one), repr(how)), lambda: (compute(), one))[0]


def mean_there(view: View, chosen: Options | None = None) -> dict[str, float]:
    """What a mean order of the year would bring and leave in the market."""
    how = chosen or options(view)
    name = f"market-mean {how}"
    return view.kept(name, lambda: mean_order(margins_there(view, year_case(view), how)))


def rates_tried(view: View) -> list[float]:
    """The exchange rate as it moved in the past: a weak year, now, a strong year; empty in one currency."""
    own, there = view.sme.profile.currency, case(view).currency
    if own == there:
        return []
    found = fx.band(own, there, case(view).exchange.day or rules_day(view), workspace=view.sme.workspace)
    if found.status != "ok":
        return []
    low, high = found.rates
    return [low, found.rate.value, high]


def market_figures(view: View) -> pd.DataFrame:
    """Facts and newest figures of every market, read once for a page."""
    return view.once("market-figures", lambda: markets_of(view.sme))


def basket_names(view: View) -> list[str]:
    """What each of the ten baskets holds, in words: how many pieces of what."""

    def compute() -> list[str]:
        lines = case(view).lines
        named = pd.Series(
            [
                _pieces(view, quantity, product)
                for quantity, product in zip(lines["quantity"], lines["product_id"], strict=True)
            ],
            dtype=object,
        )
        held = named.groupby(lines["parcel"].to_numpy()).agg(" + ".join)
        return [str(held.loc[key]) for key in case(view).parcels.keys]

    return view.kept("market-basket-names", compute)


def _pieces(view: View, quantity: float, product: str) -> str:
    name = view.product(product)
    if quantity == 1:
        return name
    return view.say("market.say.pieces", n=quantity, pieces=view.say.number(quantity), product=name)


def on_some_orders(view: View) -> str:
    """On how many of the year's orders the mean rests, where it is not all of them; "" where it is."""
    mean, of = mean_there(view), len(year_case(view).parcels.keys)
    known = int(mean["n"])
    return view.say("market.say.ways_on_some", n=known, of=view.say.number(of)) if 0 < known < of else ""


def why_no_margin(view: View) -> tuple[str, ...]:
    """Why no order of the year has a known margin in the market, as reasons; () where one has."""
    if np.isfinite(mean_there(view)["margin"]):
        return ()
    one = year_case(view)
    whys = ["reason.market_cost_missing"] if np.isnan(one.cost).all() else []
    if np.isfinite(one.cost).any():
        whys += [str(why) for why in landed(view, one).reason[:, 0] if why]
    return tuple(dict.fromkeys(whys))


def money_there(view: View, amount: float, decimals: int | None = None) -> str:
    """An amount in the currency of the market's rules."""
    return view.say.money(amount, case(view).currency, decimals)


def basket_rows(view: View) -> Rows:
    """Which rows the cards rest on: the orders of the last twelve months."""
    return year_rows(view, _lines(view)["parcel"].nunique())


def assumed_words(view: View) -> str:
    """Which inputs nobody has entered, in one sentence; "" when all are."""
    through_one = options(view).marketplace
    left_out = ("payment_fee_rate", "payment_fee_fixed") if through_one else ("marketplace_fee_rate",)
    names = [_assumed(view, name) for name in case(view).assumed if name not in left_out]
    return view.say("market.say.landed_assumed", inputs=names) if names else ""


def _assumed(view: View, name: str) -> str:
    say, value = view.say, USUAL.get(name, np.nan)
    told = say.number(value, 2) if name == "payment_fee_fixed" else short_percent(view, value)
    return say(f"market.assumed.{name}", value=told)


def short_percent(view: View, share: float) -> str:
    """A share as a percentage, with a decimal only where it has one."""
    return view.say.percent(share, 0 if np.isclose(share * 100 % 1, [0, 1]).any() else 1)


def sale_words(view: View) -> list[str]:
    """Through a marketplace, at which commission, and at which discount, where that is so."""
    say, how, words = view.say, options(view), []
    if how.marketplace:
        words.append(
            say(
                "market.say.through_marketplace",
                share=short_percent(view, case(view).selling.marketplace_rate),
            )
        )
    if how.discount > 0:
        words.append(say("market.say.at_discount", share=say.percent(how.discount, 0)))
    return words


def duty_words(view: View, of: Case) -> list[str]:
    """Which duty rates come from the UK tariff and of which day, and which codes it gives no rate for."""
    say, kept = view.say, of.kept_duties
    told = {one.code: one for one in kept.values()}.values()
    rates = [one for one in told if one.duty is not None]
    words = []
    if rates:
        day = pd.Timestamp(min(one.read for one in rates))
        words.append(say("market.say.uk_duty", n=len(rates), day=day))
    headings = [code for code, one in kept.items() if not one.found]
    if headings:
        words.append(say("market.say.uk_duty_heading", n=len(headings), codes=headings[:MOST_NAMED]))
    other = [
        f"{code}\u00a0→ {one.text or '–'}" for code, one in kept.items() if one.found and one.duty is None
    ]
    if other:
        words.append(say("market.say.uk_duty_no_percentage", n=len(other), codes=other[:MOST_NAMED]))
    return words


def _case(view: View, lines: pd.DataFrame) -> Case:
    market, day = market_of(view), rules_day(view)
    return case_of(view.sme, market, day, lines, _own(view), market_figures(view), kind_of(view))


def _lines(view: View) -> pd.DataFrame:
    """What was sold to this kind of customer in the last twelve months, line by line.

    A firm that never sold to this kind of customer would send them what it sells to the other.
    """
    kind = kind_of(view)
    found = _sold_to(view, kind)
    return found if len(found) else _sold_to(view, _OTHER[kind])


def _sold_to(view: View, kind: str) -> pd.DataFrame:
    return view.once(f"market-lines {kind}", lambda: year_lines(view.sme, kind))


def _own(view: View) -> pd.DataFrame:
    """Own traction of whom the baskets are taken from: what they pay for delivery goes with them."""
    kind = kind_of(view)
    if len(_sold_to(view, kind)):
        return own_traction(view)
    return view.once(f"market traction {_OTHER[kind]}", lambda: traction_of(view.sme, _OTHER[kind]))


def first_known(found: Landed) -> int | None:
    """The first basket whose landed cost is known."""
    known = np.flatnonzero(np.isfinite(found["total"][:, 0]))
    return int(known[0]) if len(known) else None
