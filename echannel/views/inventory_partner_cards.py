"""Cards on those the stock depends on: suppliers by their record, customers whose orders are the demand."""

from __future__ import annotations

import numpy as np

from echannel.metrics.inventory import classes as of_products
from echannel.metrics.inventory import suppliers as metrics
from echannel.metrics.result import OK
from echannel.views import charts, theme
from echannel.views.cards import NO_FIGURES, Card, reasons, steady
from echannel.views.context import View
from echannel.views.frames import first_row
from echannel.views.inventory_facts import (
    all_reasons,
    days_in_words,
    known,
    measured,
    rows,
    stock,
    supplier,
    year_rows,
)
from echannel.views.tables import MOST_ROWS, Column, Table


@steady
def suppliers(view: View) -> Card:
    """How long suppliers really take, against what was agreed."""
    say, inventory = view.say, stock(view)
    frame = view.once(
        "supplier record",
        lambda: metrics.supplier_record(inventory.purchases, inventory.suppliers, inventory.today),
    )
    told = known(frame).sort_values("value")
    sentence, figures = "", NO_FIGURES
    if len(told):
        least = told.iloc[int(np.nan_to_num((told["sd"] / told["value"]).to_numpy()).argmax())]
        sentence = say(
            "inventory.say.suppliers",
            supplier=supplier(view, least["supplier_id"]),
            days=days_in_words(say, least["value"]),
            sd=days_in_words(say, least["sd"]),
            n=int(least["n"]),
        )
        late = told[(told["late_share"] > 0).to_numpy()]
        if len(late):
            worst = late.iloc[int(late["late_share"].to_numpy().argmax())]
            sentence += " " + say(
                "inventory.say.late",
                supplier=supplier(view, worst["supplier_id"]),
                share=say.percent(worst["late_share"], 0),
                days=days_in_words(say, worst["days_late"]),
            )
        figures = (
            charts.ranked(
                [supplier(view, one) for one in told["supplier_id"].head(10)],
                told["value"].head(10).tolist(),
                lambda days: days_in_words(say, days),
                colour=[
                    theme.ALERT if agreed < median else theme.MAIN
                    for agreed, median in zip(told["agreed"].head(10), told["value"].head(10), strict=True)
                ],
                notes=[
                    say("inventory.say.agreed", days=days_in_words(say, agreed))
                    if np.isfinite(agreed)
                    else say("inventory.say.not_agreed")
                    for agreed in told["agreed"].head(10)
                ],
            ),
        )
    table = Table(
        "suppliers",
        frame,
        (
            Column("supplier_id", "supplier", words=lambda one: supplier(view, one)),
            Column("country", "country", words=lambda code: say.country_name(code or None)),
            Column("value", "lead_time_median", "decimal"),
            Column("agreed", "lead_time_agreed", "decimal"),
            Column("sd", "lead_time_sd", "decimal"),
            Column("p90", "lead_time_p90", "decimal"),
            Column("n", "deliveries", "number"),
            Column("late_share", "late_share", "percent"),
            Column("price_drift", "price_drift", "change"),
            Column("spend", "bought_last_year", "money"),
            Column("overdue_lines", "overdue_lines", "number"),
        ),
        say.currency,
    )
    nobody = () if len(frame) else ("reason.deliveries_unknown",)
    return Card(
        "inventory.suppliers",
        sentence,
        rows(view, frame["n"].sum(), "deliveries"),
        figures,
        table if len(frame) else None,
        nobody or all_reasons([frame]),
        term="lead_time",
    )


@steady
def buyers(view: View) -> Card | None:
    """Products whose demand is that of one customer; only where the SME sells to firms."""
    if "b2b" not in view.kinds:
        return None
    say, inventory = view.say, stock(view)
    frame = measured(view, of_products.buyers).reset_index()
    held = inventory.position["reserved"].where(inventory.position["status"] == OK, 0.0)
    frame["reserved"] = held.reindex(frame["product_id"]).to_numpy()
    lumpy = frame[frame["lumpy"].to_numpy(dtype=bool)].sort_values("numerator", ascending=False)
    told = known(frame)
    sentence, figures = "", NO_FIGURES
    if len(told):
        sentence = say("inventory.say.buyers_none")
        if len(lumpy):
            first = first_row(lumpy)
            sentence = say(
                "inventory.say.buyers",
                n=len(lumpy),
                product=view.product(first["product_id"]),
                share=say.percent(first["value"], 0),
            )
            top = lumpy.head(8)
            figures = (
                charts.ranked(
                    [view.product(name) for name in top["product_id"]],
                    top["value"].tolist(),
                    lambda share: say.percent(share, 0),
                    notes=[say("views.rows.orders", n=int(n)) for n in top["orders"]],
                ),
            )
        if held.sum() > 0:
            sentence += " " + say("inventory.say.reserved", n=round(float(held.sum())))
    shown = frame[(frame["lumpy"] | (frame["reserved"] > 0)).to_numpy(dtype=bool)]
    table = Table(
        "large-customers",
        shown.sort_values("value", ascending=False).head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("value", "largest_customer", "percent"),
            Column("customers", "customers", "number"),
            Column("orders", "orders", "number"),
            Column("denominator", "units", "number"),
            Column("reserved", "reserved", "number"),
        ),
    )
    return Card(
        "inventory.buyers",
        sentence,
        year_rows(view, len(told), "products"),
        figures,
        table if len(shown) else None,
        () if len(told) else reasons(frame),
    )
