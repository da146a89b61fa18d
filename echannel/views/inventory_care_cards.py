"""Which products deserve which care: the nine fields of ABC and XYZ, and the policy that each gets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.classes import FIELDS, matrix
from echannel.views import charts
from echannel.views.cards import NO_FIGURES, Card, reasons
from echannel.views.context import View
from echannel.views.inventory_facts import all_reasons, year_rows
from echannel.views.inventory_plan import plan
from echannel.views.tables import MOST_ROWS, Column, Table


def classes(view: View) -> Card:
    """ABC by what the reader chose, XYZ by steadiness."""
    say, tried = view.say, view.choice.stock
    found = plan(view).classes
    fields = matrix(found).set_index("field")
    undecided = int((found["field"] == "").sum())
    sold = found[(found["value"] > 0).to_numpy()]
    sentence, figures = "", NO_FIGURES
    by = say(f"inventory.abc_by.{tried.abc_by}")
    if len(sold):
        first = found[(found["abc"] == "A").to_numpy()]
        sentence = say(
            "inventory.say.classes",
            n=len(first),
            all=len(found),
            share=say.percent(first["value"].clip(lower=0).sum() / sold["value"].sum(), 0),
            by=by,
        )
        figures = (_matrix(view, fields),)
    money = tried.abc_by != "units"
    table = Table(
        "classes",
        found.reset_index().sort_values("value", ascending=False).head(MOST_ROWS),
        (
            Column("product_id", "product", words=view.product),
            Column("abc", "abc", words=lambda name: str(name) if name else say("common.unknown")),
            Column("xyz", "xyz", words=lambda name: str(name) if name else say("inventory.few_data")),
            Column(
                "demand_type",
                "demand_type",
                words=lambda name: say(f"inventory.demand.{name}") if name else say("inventory.few_data"),
            ),
            Column("value", f"abc_{tried.abc_by}", "money" if money else "number"),
            Column("cumulative_share", "cumulative_share", "percent"),
            Column("cv", "cv", "decimal"),
            Column("policy", "policy", words=lambda key: say(str(key)), long=True),
        ),
        say.currency if money else "",
    )
    return Card(
        "inventory.classes",
        sentence,
        year_rows(view, len(found), "products"),
        figures,
        table if len(found) else None,
        all_reasons([found]) or (reasons(found) if len(sold) < len(found) else ()),
        note=say("inventory.say.classes_undecided", n=undecided) if undecided else "",
        term="abc_class",
    )


def _matrix(view: View, fields: pd.DataFrame) -> charts.Figure:
    """Nine cells: how many products, and which part of the value; the policy when pointed at."""
    say = view.say
    share = fields["share"].reindex(list(FIELDS)).to_numpy("float64").reshape(3, 3)
    count = fields["n"].reindex(list(FIELDS)).to_numpy().reshape(3, 3)
    policy = [[say(f"stock_policy.{abc.lower()}{xyz.lower()}") for xyz in "XYZ"] for abc in "ABC"]
    figure = charts.heatmap(
        list("ABC"),
        [say(f"inventory.xyz.{xyz.lower()}") for xyz in "XYZ"],
        np.nan_to_num(share),
        lambda value: say.percent(value, 0),
        "",
        "",
        policy,
    )
    trace = figure["data"][0]
    trace["text"] = [[_cell(view, share[i][j], count[i][j]) for j in range(3)] for i in range(3)]
    trace["textfont"] = {"size": 13}
    figure["layout"]["height"] = 260
    return figure


def _cell(view: View, share: float, count: int) -> str:
    products = view.say("views.rows.products", n=int(count))
    return f"<b>{view.say.percent(np.nan_to_num(share), 0)}</b><br>{products}"
