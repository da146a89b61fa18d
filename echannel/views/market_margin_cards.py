"""Cards on what a sale abroad leaves: the margin and the price that keeps it, and what exchange rates do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.market.margin import PARTS, at_other_rates
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, moved_by
from echannel.views.context import View
from echannel.views.market_facts import named, of_market
from echannel.views.market_landed_facts import (
    abroad,
    assumed_words,
    basket_names,
    basket_rows,
    case,
    keeping_prices,
    landed,
    margins_at_home,
    margins_there,
    mean_there,
    on_some_orders,
    options,
    rates_tried,
    sale_words,
    why_no_margin,
    year_case,
)
from echannel.views.tables import Column, Table


@moved_by(of_market)
def keep_margin(view: View) -> Card | None:
    """The margin of each basket at home and in the market, and the price that would keep it."""
    if not abroad(view):
        return None
    say, one = view.say, case(view)
    there, at_home = margins_there(view), margins_at_home(view)
    goods = one.parcels.total(one.parcels.value)
    frame = pd.DataFrame(
        {
            "basket": basket_names(view),
            "cost": one.cost,
            "price": goods,
            "home_margin": at_home["margin"][:, 0],
            "margin": there["margin"][:, 0],
            "home_rate": at_home.rate[:, 0],
            "rate": there.rate[:, 0],
            "keeps": keeping_prices(view, "money"),
            "keeps_rate": keeping_prices(view, "rate"),
            "why": _why_unknown(view, one.cost, at_home["margin"][:, 0]),
        }
    )
    frame["change"] = frame["keeps"] / goods - 1
    known = frame.dropna(subset=["rate", "home_rate"])
    mean = mean_there(view)
    whole = year_case(view)
    known_there = np.isfinite(margins_there(view, whole)["margin"][:, 0])
    home_mean = _mean(margins_at_home(view, whole)["margin"][known_there, 0])
    sentence, figures = say("market.say.margin_unknown"), NO_FIGURES
    if len(known) and np.isfinite(mean["margin"]):
        sentence = say(
            "market.say.margin",
            there=say.money(mean["margin"]),
            home=say.money(home_mean),
            market=named(view, one.market),
        )
        figures = (_margin_steps(view, mean),)
        risen = known["change"].median()
        if np.isfinite(risen):
            sentence += " " + say("market.say.keep_price", change=say.percent(risen, 0, signed=True))
    columns = (
        Column("basket", "market_basket_held", long=True),
        Column("cost", "market_cost", "cents"),
        Column("price", "market_price_home", "cents"),
        Column("home_margin", "market_margin_home", "cents", absent="why"),
        Column("margin", "market_margin_there", "cents", absent="why"),
        Column("home_rate", "market_rate_home", "percent"),
        Column("rate", "market_rate_there", "percent"),
        Column("keeps", "market_price_keeps", "cents", absent="why"),
        Column("keeps_rate", "market_price_keeps_rate", "cents", absent="why"),
        Column("change", "change", "change"),
    )
    table = Table("margin-abroad", frame, columns, view.sme.profile.currency)
    why: tuple[str, ...] = () if frame["cost"].notna().all() else ("reason.market_cost_missing",)
    unknown = frame["margin"].isna() & frame["cost"].notna()
    why += tuple(dict.fromkeys(str(one) for one in landed(view).reason[unknown.to_numpy(), 0] if one))
    note = " ".join(part for part in (on_some_orders(view), *sale_words(view), assumed_words(view)) if part)
    return Card("market.landed_margin", sentence, basket_rows(view), figures, table, why, note, "landed_cost")


def _why_unknown(view: View, cost: np.ndarray, home_margin: np.ndarray) -> list[str]:
    """Why a basket's margin or price is not known, in words: its cost, what the border needs, or no price."""
    say, words = view.say, []
    for spent, left, reason in zip(cost, home_margin, landed(view).reason[:, 0], strict=True):
        if np.isnan(spent):
            words.append(say("market.say.no_cost"))
        elif reason or np.isnan(left):
            words.append(say("market.say.input_missing"))
        else:
            words.append(say("market.say.no_price"))
    return words


def _margin_steps(view: View, mean: dict[str, float]) -> charts.Figure:
    """From what a mean order brings to what it leaves."""
    say = view.say
    taken = [part for part in PARTS[1:-1] if round(mean[part], 2)]
    return charts.money_waterfall(
        say,
        [
            say("market.part.revenue"),
            *(say(f"market.part.{part}") for part in taken),
            say("market.part.margin"),
        ],
        [mean["revenue"], *(-mean[part] for part in taken), mean["margin"]],
        [True, *(False for _ in taken), True],
        decimals=2,
    )


@moved_by(of_market)
def exchange_band(view: View) -> Card | None:
    """What a move of the exchange rate does to a mean order, prices abroad staying as they are."""
    if not abroad(view):
        return None
    rates = rates_tried(view)
    if not rates:
        return None
    say, one = view.say, year_case(view)
    how = options(view)
    found = view.kept(
        ("margins_at_other_rates", *rates, repr(how)),
        lambda: at_other_rates(one.parcels, one.cost, one.route, one.selling, rates, how),
    )
    means = [_mean(found[:, at]) for at in range(len(rates))]
    names = ("low", "now", "high")
    frame = pd.DataFrame({"case": names, "rate": rates, "margin": means})
    frame["change"] = frame["margin"] / frame["margin"].iloc[1] - 1
    own, there = view.sme.profile.currency, one.currency
    sentence, figures = say("market.say.margin_unknown"), NO_FIGURES
    if np.isfinite(means).all():
        worse = worse_rate(means)
        sentence = say(
            "market.say.exchange",
            own=own,
            there=there,
            rate=say.number(rates[1], 4),
            low_rate=say.number(rates[0], 4),
            high_rate=say.number(rates[2], 4),
            low=say.money(means[0]),
            now=say.money(means[1]),
            high=say.money(means[2]),
        )
        if worse is not None:
            key = (
                "market.say.exchange_loses"
                if means[worse] <= 0
                else f"market.say.exchange_{names[worse]}_worse"
            )
            told = {"rate": say.number(rates[worse], 4), "money": say.money(abs(means[worse]))}
            sentence += " " + say(key, own=own, there=there, **told)
        figures = (
            charts.ranked(
                [
                    say(f"market.rate.{name}", rate=say.number(r, 4))
                    for name, r in zip(names, rates, strict=True)
                ],
                means,
                axes.whole_money(say),
                colour=[_rate_colour(at, worse) for at in range(len(rates))],
                texts=[say.money(mean) for mean in means],
            ),
        )
    columns = (
        Column("case", "market_rate_case", words=lambda name: say(f"market.rate_case.{name}")),
        Column("rate", "market_rate", words=lambda rate: say.number(rate, 4)),
        Column("margin", "market_margin_order", "cents"),
        Column("change", "change", "change"),
    )
    table = Table("exchange-rate", frame, columns, own)
    return Card("market.landed_band", sentence, basket_rows(view), figures, table, why_no_margin(view))


def worse_rate(means: list[float]) -> int | None:
    """Which of a low, today's and a high rate leaves least; None where a move takes nothing away.

    It is the high one for a firm that earns abroad and pays at home, the low one where costs and duties in
    the market's currency weigh more than what is earned there.
    """
    at = 0 if means[0] < means[2] else 2
    return at if means[at] < means[1] - 0.005 else None


def _rate_colour(at: int, worse: int | None) -> str:
    if at == 1:
        return theme.MAIN
    return theme.ALERT if at == worse else theme.SECOND


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
