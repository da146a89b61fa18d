"""The card on what goods cost at the customer's door, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.market.landed import DUTIES, Landed
from echannel.views import charts
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import named, of_market, rules_day
from echannel.views.market_landed_facts import (
    abroad,
    assumed_words,
    basket_names,
    basket_rows,
    case,
    duty_words,
    first_known,
    landed,
    money_there,
    options,
    sale_words,
)
from echannel.views.tables import Column, Table

STEPS = ("goods", "discount", "carriage", "packaging", "insurance", *DUTIES, "vat", "clearance_fee")
_TAKEN_AWAY = ("discount",)


@moved_by(of_market)
def landed_price(view: View) -> Card | None:
    """What the ten baskets cost at the customer's door, and how the first one comes to its price."""
    if not abroad(view):
        return None
    found, say = landed(view), view.say
    names = basket_names(view)
    first = first_known(found)
    floor = money_there(view, found["at_least"][0, 0])
    sentence, figures = say("market.say.landed_none", basket=names[0], money=floor), NO_FIGURES
    if first is not None:
        sentence = _price_sentence(view, found, names[first], first)
        figures = (_waterfall(view, found, first),)
    reasons = tuple(dict.fromkeys(str(why) for why in found.reason[:, 0] if why))
    return Card(
        "market.landed_price",
        sentence,
        basket_rows(view),
        figures,
        _price_table(view, found, names),
        reasons,
        note=_price_note(view, found),
        term="landed_cost",
    )


def _price_sentence(view: View, found: Landed, name: str, at: int) -> str:
    say = view.say
    goods, total = found["goods"][at, 0], found["total"][at, 0]
    key = "market.say.landed_b2b" if options(view).kind == "b2b" else "market.say.landed"
    said = say(
        key,
        basket=name,
        goods=money_there(view, goods),
        total=money_there(view, total),
        net=money_there(view, found["net_total"][at, 0]),
        market=named(view, found.markets[0]),
        day=rules_day(view),
    )
    paid = [said, say(f"market.say.vat_by_{found.collected[at, 0]}")]
    bears = found["seller_bears"][at, 0]
    if options(view).terms == "ddp":
        paid.append(
            say(
                "market.say.seller_bears",
                money=money_there(view, bears),
                rest=money_there(view, found["customer_pays"][at, 0]),
            )
        )
    return " ".join([*paid, *_vat_question(view, found, at)])


def _vat_question(view: View, found: Landed, at: int) -> list[str]:
    """Where nobody has said which VAT rate the basket bears: both totals."""
    one = case(view)
    if not one.unsettled_vat[at] or not np.isfinite(one.vat_low):
        return []
    low = landed(view, one.at_reduced_vat())
    return [
        view.say(
            "market.say.vat_unsettled",
            low=view.say.percent(one.vat_low, 0 if one.vat_low == 0 else 1),
            low_total=money_there(view, low["total"][at, 0]),
            high=view.say.percent(one.route.vat_rate, 0),
            high_total=money_there(view, found["total"][at, 0]),
        )
    ]


def _price_note(view: View, found: Landed) -> str:
    one = case(view)
    notes = [view.say("market.say.landed_basis", currency=one.currency), *sale_words(view)]
    if one.currency != view.sme.profile.currency:
        rate = view.say.number(one.exchange.value, 4)
        day = one.exchange.day or rules_day(view)
        own = view.sme.profile.currency
        notes.append(view.say("market.say.landed_rate", own=own, there=one.currency, rate=rate, day=day))
    if found.fee_unknown.any():
        notes.append(view.say("market.say.fee_left_out"))
    notes += duty_words(view, one)
    notes.append(assumed_words(view))
    return " ".join(note for note in notes if note)


def _waterfall(view: View, found: Landed, at: int) -> charts.Figure:
    say = view.say
    steps = [step for step in STEPS if step == "goods" or found[step][at, 0]]
    signed = [(-1 if step in _TAKEN_AWAY else 1) * found[step][at, 0] for step in steps]
    return charts.money_waterfall(
        say,
        [*(say(f"market.step.{step}") for step in steps), say("market.step.total")],
        [*signed, found["total"][at, 0]],
        [True, *(False for _ in steps[1:]), True],
        case(view).currency,
        decimals=2,
    )


def _price_table(view: View, found: Landed, names: list[str]) -> Table:
    one, say = case(view), view.say
    low = landed(view, one.at_reduced_vat())["total"][:, 0] if np.isfinite(one.vat_low) else np.nan
    frame = pd.DataFrame(
        {
            "basket": names,
            "goods": found["intrinsic_value"][:, 0],
            "carriage": found["carriage"][:, 0] + found["packaging"][:, 0] + found["insurance"][:, 0],
            "duties": sum(found[step][:, 0] for step in DUTIES),
            "vat": found["vat"][:, 0],
            "total": found["total"][:, 0],
            "total_low": np.where(one.unsettled_vat, low, np.nan),
            "seller_bears": found["seller_bears"][:, 0],
            "at_least": found["at_least"][:, 0],
            "way": found.regime[:, 0],
            "collected": found.collected[:, 0],
            "why": [say(str(why)) if why else "" for why in found.reason[:, 0]],
            "settled": np.where(one.unsettled_vat, "", say("market.say.settled")),
        }
    )
    columns = [
        Column("basket", "market_basket_held", long=True),
        Column("goods", "market_goods", "cents"),
        Column("carriage", "market_delivery", "cents"),
        Column("duties", "market_duties", "cents"),
        Column("vat", "market_vat", "cents"),
        Column("total", "market_total", "cents"),
        Column("seller_bears", "market_seller_bears", "cents"),
        Column("way", "market_way", words=lambda name: say(f"market.way.{name}")),
        Column("collected", "market_collected", words=lambda name: say(f"market.collected.{name}")),
    ]
    if one.unsettled_vat.any() and np.isfinite(one.vat_low):
        columns.insert(6, Column("total_low", "market_total_low", "cents", absent="settled"))
    if (frame["why"] != "").any():
        columns += [Column("at_least", "market_at_least", "cents"), Column("why", "reason", long=True)]
    return Table("landed-price", frame, tuple(columns), one.currency)
