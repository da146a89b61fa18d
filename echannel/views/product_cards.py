"""Cards on what is sold: best sellers, risers and fallers, pairs, discounts, margin, returns."""

from __future__ import annotations

import pandas as pd

from echannel.metrics import products
from echannel.metrics.result import OK
from echannel.metrics.turnover import Sales
from echannel.views import axes, charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.frames import first_row, keyed
from echannel.views.tables import MOST_ROWS, Column, Table


def best_sellers(view: View) -> Card:
    """Which products bring the turnover."""
    say = view.say
    frame = view.figures(products.best_sellers, view.whole.lines, view.period, None)
    known = frame[(frame["status"] == OK) & frame["product_id"].notna()]
    top = known.head(10)
    sentence, figures = "", NO_FIGURES
    if len(top):
        half = int((known["cumulative_share"] < 0.5).sum()) + 1
        sentence = say(
            "growth.say.best_seller",
            product=view.product(first_row(top)["product_id"]),
            share=say.percent(first_row(top)["share"], 0),
        )
        sentence += " " + say("growth.say.half_of_turnover", n=half, all=len(known))
        figures = (
            charts.ranked(
                [view.product(name) for name in top["product_id"]],
                top["value"].tolist(),
                axes.whole_money(say),
                notes=[say("growth.say.units_sold", n=round(units)) for units in top["units"]],
            ),
        )
    table = Table(
        "best-sellers",
        known.head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("category", "category"),
            Column("value", "net_turnover", "money"),
            Column("share", "share", "percent"),
            Column("cumulative_share", "cumulative_share", "percent"),
            Column("units", "units", "number"),
            Column("orders", "orders", "number"),
            Column("price", "price_net", "cents"),
            Column("margin_rate", "margin_rate", "percent"),
        ),
        say.currency,
    )
    return Card(
        "growth.best_sellers",
        sentence,
        view.rows(len(view.sales.orders)),
        figures,
        table if len(known) else None,
        reasons(frame[frame["value"].isna()]),
    )


def movers(view: View) -> Card:
    """Which products rise and which fall."""
    say = view.say
    if view.compared is None:
        return Card("growth.movers", "", missing=("growth.missing.nothing_before",))
    frame = view.figures(products.movers, view.whole.lines, view.period, view.compared)
    known = frame[frame["status"] == OK]
    risers, fallers = (known[known["direction"] == way].head(6) for way in ("riser", "faller"))
    parts = []
    for some, key in ((risers, "growth.say.riser"), (fallers, "growth.say.faller")):
        if len(some):
            first = first_row(some)
            values = {
                "product": view.product(first["product_id"]),
                "money": say.money(first["value"], decimals=0, signed=True),
            }
            parts.append(
                say("growth.say.riser", **values)
                if key.endswith("riser")
                else say("growth.say.faller", **values)
            )
    if len(known) and not known["beyond_chance"].any():
        parts.append(say("growth.say.maybe_chance"))
    shown = pd.concat([risers, fallers.iloc[::-1]])
    figures = NO_FIGURES
    if len(shown):
        figures = (
            charts.ranked(
                [view.product(name) for name in shown["product_id"]],
                shown["value"].tolist(),
                lambda value: say.money(value, decimals=0, signed=True),
                colour=[theme.SECOND if value > 0 else theme.ALERT for value in shown["value"]],
                notes=[
                    say("growth.say.beyond_chance") if sure else say("growth.say.within_chance")
                    for sure in shown["beyond_chance"]
                ],
            ),
        )
    table = Table(
        "movers",
        known,
        (
            Column("product_id", "product", words=view.product),
            Column("value", "change_money", "money"),
            Column("turnover", "net_turnover", "money"),
            Column("turnover_before", "compared_turnover", "money"),
            Column("change", "change", "change"),
            Column("units", "units", "number"),
            Column("units_before", "units_before", "number"),
            Column(
                "beyond_chance",
                "beyond_chance",
                words=lambda sure: say("common.yes") if sure else say("common.no"),
            ),
        ),
        say.currency,
    )
    return Card(
        "growth.movers",
        " ".join(parts),
        view.rows(len(view.sales.orders)),
        figures,
        table if len(known) else None,
        reasons(frame),
    )


def bought_together(view: View) -> Card:
    """Which products go into the same basket."""
    say = view.say
    frame = view.figures(products.bought_together, view.whole.lines, view.period)
    known = frame[frame["status"] == OK]
    sentence, figures = "", NO_FIGURES
    if len(known):
        first = first_row(known)
        sentence = say(
            "growth.say.pair",
            a=view.product(first["product_a"]),
            b=view.product(first["product_b"]),
            share=say.percent(first["confidence_ab"], 0),
            lift=say.number(first["value"], 1),
            n=int(first["n"]),
        )
        top = known.head(8)
        figures = (
            charts.ranked(
                [
                    f"{view.product(a)}\n+ {view.product(b)}"
                    for a, b in zip(top["product_a"], top["product_b"], strict=True)
                ],
                top["value"].tolist(),
                lambda lift: say("growth.say.times", times=say.number(lift, 1)),
                notes=[say("views.rows.orders", n=int(n)) for n in top["n"]],
            ),
        )
    table = Table(
        "bought-together",
        known,
        (
            Column("product_a", "product", words=view.product),
            Column("product_b", "with_product", words=view.product),
            Column("value", "lift", "decimal"),
            Column("support", "support", "percent"),
            Column("confidence_ab", "confidence", "percent"),
            Column("n", "orders_with_both", "number"),
        ),
    )
    orders = int(first_row(known)["orders"]) if len(known) else len(view.sales.orders)
    return Card(
        "growth.bought_together",
        sentence,
        view.rows(orders),
        figures,
        table if len(known) else None,
        reasons(frame),
    )


def discounts(view: View) -> Card:
    """How much is given away in discounts."""
    say, whole = view.say, view.whole
    frame = keyed(view.figures(products.discounts, whole.lines, whole.orders, view.period), "measure")
    months = view.of_all_days(_discounts_by_month)
    rate, share = frame.loc["discount_rate"], frame.loc["discounted_orders"]
    sentence = ""
    if rate["status"] == OK:
        sentence = say(
            "growth.say.discounts",
            money=say.money(rate["numerator"], decimals=0),
            rate=say.percent(rate["value"]),
            share=say.percent(share["value"], 0),
        )
    figures = NO_FIGURES
    if months["value"].notna().any():
        figures = (
            charts.over_months(
                say,
                list(months["month"]),
                [charts.Series(say("growth.series.discount_rate"), months["value"].tolist(), theme.MAIN)],
                [],
                axes.percents(say, 1),
                axes.percents(say, 0),
                height=300,
            ),
        )
    table = Table(
        "discounts",
        months,
        (
            Column("month", "month", "month"),
            Column("numerator", "discount_net", "money"),
            Column("denominator", "list_price_net", "money"),
            Column("value", "discount_rate", "percent"),
            Column("n", "orders", "number"),
        ),
        say.currency,
    )
    return Card(
        "growth.discounts",
        sentence,
        view.rows(int(rate["n"])),
        figures,
        table,
        reasons(frame.reset_index()),
        term="discount_rate",
    )


def margin(view: View) -> Card:
    """What is left after the cost of goods, and for how much of turnover that is known."""
    say, lines = view.say, view.whole.lines
    frame = keyed(view.figures(products.margin, lines, view.period), "measure")
    groups = view.figures(products.margin_by, lines, "category", view.period)
    known = groups[(groups["status"] == OK) & groups["value"].notna()]
    gross, rate = frame.loc["gross_margin"], frame.loc["margin_rate"]
    sentence, figures = "", NO_FIGURES
    if rate["status"] == OK:
        sentence = say(
            "growth.say.margin",
            money=say.money(gross["value"], decimals=0),
            rate=say.percent(rate["value"]),
            markup=say.percent(frame.loc["markup_rate", "value"]),
        )
        coverage = float(rate["coverage"])
        if coverage < 0.995:
            sentence += " " + say("growth.say.margin_coverage", share=say.percent(coverage, 0))
    top = known.head(10)
    if len(top):
        figures = (
            charts.ranked(
                [_category(view, name) for name in top["group"]],
                top["margin"].tolist(),
                axes.whole_money(say),
                texts=[
                    f"{say.money(money, decimals=0)} · {say.percent(value, 0)}"
                    for money, value in zip(top["margin"], top["value"], strict=True)
                ],
                notes=[say("growth.say.covered", share=say.percent(c, 0)) for c in top["coverage"]],
            ),
        )
    table = Table(
        "margin",
        groups,
        (
            Column("group", "category", words=lambda name: _category(view, name)),
            Column("turnover", "net_turnover", "money"),
            Column("known_turnover", "turnover_with_cost", "money"),
            Column("margin", "gross_margin", "money"),
            Column("value", "margin_rate", "percent"),
            Column("markup_rate", "markup_rate", "percent"),
            Column("coverage", "coverage", "percent"),
        ),
        say.currency,
    )
    return Card(
        "growth.margin",
        sentence,
        view.rows(int(gross["n"])),
        figures,
        table if len(known) else None,
        reasons(frame.reset_index()),
        term="margin_rate",
    )


def returns(view: View) -> Card:
    """Which products come back."""
    say = view.say
    frame = view.figures(
        products.return_rate, view.whole.lines, view.sme.sales.last_day, "product_id", view.period
    )
    known = frame[(frame["status"] == OK) & (frame["group"] != "") & (frame["value"] > 0)]
    sold, refunded = float(frame["sold"].sum()), float(frame["refunded"].sum())
    sentence, figures = "", NO_FIGURES
    if sold > 0:
        sentence = say(
            "growth.say.returns",
            rate=say.percent(refunded / sold),
            money=say.money(refunded, decimals=0),
        )
    top = known.sort_values("value", ascending=False).head(8)
    if len(top):
        sentence += " " + say(
            "growth.say.most_returned",
            product=view.product(first_row(top)["group"]),
            n=round(float(first_row(top)["numerator"])),
            sold=say.number(first_row(top)["denominator"]),
        )
        figures = (
            charts.ranked(
                [view.product(name) for name in top["group"]],
                top["value"].tolist(),
                axes.percents(say, 1),
                notes=[
                    say("growth.say.came_back", n=round(back), sold=say.number(out))
                    for back, out in zip(top["numerator"], top["denominator"], strict=True)
                ],
            ),
        )
    table = Table(
        "returns",
        frame[frame["refunded"] > 0],
        (
            Column("group", "product", words=lambda n: view.product(n) if n else say("growth.no_product")),
            Column("numerator", "units_returned", "number"),
            Column("denominator", "units", "number"),
            Column("value", "return_rate", "percent"),
            Column("refunded", "refunded_net", "money"),
            Column("value_rate", "refund_rate", "percent"),
        ),
        say.currency,
    )
    missing = () if sold > 0 else reasons(frame)
    return Card(
        "growth.returns",
        sentence.strip(),
        view.rows(len(view.sales.orders)),
        figures,
        table if len(table.frame) else None,
        missing,
        term="return_rate",
    )


def _discounts_by_month(sales: Sales) -> pd.DataFrame:
    return products.discounts_by_month(sales.lines, sales.orders)


def _category(view: View, name: object) -> str:
    return str(name) if name else view.say("growth.no_category")
