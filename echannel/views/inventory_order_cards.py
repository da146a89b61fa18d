"""Cards on what to order: the few lines that cannot wait, then everything by supplier, ready to send."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.inventory.proposal import by_supplier, fill_up
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW
from echannel.metrics.turnover import as_date
from echannel.views import axes, charts
from echannel.views.cards import NO_FIGURES, Card, Download
from echannel.views.context import View
from echannel.views.export import XLSX_TYPE, file_name, to_xlsx
from echannel.views.frames import first_row
from echannel.views.inventory_facts import (
    all_reasons,
    as_days,
    assumed,
    assumed_inputs,
    days_in_words,
    line_words,
    rows,
    stock,
    supplier,
)
from echannel.views.inventory_plan import plan
from echannel.views.purchase_order import OrderLine, PurchaseOrder, supplier_language, to_pdf
from echannel.views.tables import MOST_ROWS, Column, Table

MOST_LINES = 10  # on a Monday morning; all the others stand below
_ASSUMED = (
    "lead_time_days",
    "lead_time_sd_days",
    "order_cost",
    "holding_rate",
    "review_days",
    "payment_days",
)
_FIRST = {  # what a Monday morning needs; all columns stand in the next card
    *("supplier", "product", "order_units", "order_by", "cost_net", "cash_day"),
    *("order_why", "lead_time", "z"),
}
_DAYS = ("run_out_day", "order_by", "delivery_day", "cash_day")


def due_lines(view: View) -> pd.DataFrame:
    """What to order now, the most important line first; without what the budget leaves out."""
    lines = plan(view).lines
    return lines[(lines["due"] & (lines["value"] > 0)).to_numpy(dtype=bool)].reset_index()


def first_lines(view: View) -> pd.DataFrame:
    """At most ten of them, the most important ones, supplier by supplier."""
    first = due_lines(view).head(MOST_LINES)
    rank = first.groupby("supplier_id")["priority"].transform("min")
    return first.assign(rank=rank).sort_values(["rank", "priority"]).drop(columns="rank")


def order_now(view: View) -> Card:
    """What to order this week: at most ten lines, by supplier."""
    say, made = view.say, plan(view)
    lines, first = due_lines(view), first_lines(view)
    columns = tuple(one for one in _columns(view) if one.key in _FIRST)
    table = Table("order-now", shown(view, first), columns, say.currency)
    unplanned = _undecided(made.lines)
    note = [_skipped(view, lines, first)] if len(lines) > len(first) else []
    if len(unplanned):
        few = int((unplanned["status"] == TOO_FEW).sum())
        missing = int((unplanned["status"] == INPUT_MISSING).sum())
        note += [say("inventory.say.too_few", n=few)] if few else []
        note += [say("inventory.say.no_stock", n=missing)] if missing else []
    return Card(
        "inventory.order_now",
        order_sentence(view),
        rows(view, (made.lines["status"] == OK).sum(), "planned"),
        NO_FIGURES,
        table if len(first) else None,
        all_reasons([made.lines]) if len(made.lines) else ("reason.stock_missing",),
        note=" ".join(note),
        open_table=True,
        assumed=assumed(view, stock(view).items.loc[first["product_id"]], _ASSUMED) if len(first) else "",
        term="reorder_point",
    )


def order_sentence(view: View) -> str:
    """How many lines of how many suppliers, for how much, and the first of them."""
    say, made, lines = view.say, plan(view), due_lines(view)
    if not (made.lines["status"] == OK).any():
        return say("inventory.say.cannot_propose")
    if lines.empty:
        return _nothing_due(view, made.lines)
    first = first_row(lines)
    sentence = say(
        "inventory.say.order",
        n=len(lines),
        suppliers=say("inventory.suppliers", n=lines["supplier_id"].nunique()),
        money=say.money(lines["cost"].sum(), decimals=0),
        product=view.product(first["product_id"]),
        quantity=say.number(first["value"]),
        supplier=supplier(view, first["supplier_id"]),
    )
    unpriced = int(lines["cost"].isna().sum())
    if unpriced:
        sentence += " " + say("inventory.say.order_unpriced", n=unpriced)
    if made.budget is not None:
        sentence += _left_out(view)
    return sentence


def _left_out(view: View) -> str:
    """What a budget leaves out, and how much of that because nobody knows its cost."""
    say, made = view.say, plan(view)
    out = made.lines[(made.lines["due"] & ~(made.lines["value"] > 0)).to_numpy(dtype=bool)]
    if out.empty:
        return ""
    money = say.money(made.budget, decimals=0)
    unpriced = int(out["unit_cost"].isna().sum())
    text = " " + say("inventory.say.budget", money=money, n=len(out))
    return text + (" " + say("inventory.say.budget_unpriced", n=unpriced) if unpriced else "")


def _nothing_due(view: View, lines: pd.DataFrame) -> str:
    coming = lines[(lines["status"] == OK).to_numpy() & lines["order_by"].notna().to_numpy()]
    if coming.empty or lines["due"].any():
        return view.say("inventory.say.nothing_to_order")
    first = first_row(coming.sort_values("order_by", kind="stable").reset_index())
    return view.say(
        "inventory.say.nothing_yet",
        product=view.product(first["product_id"]),
        day=view.say.day(as_date(int(first["order_by"]))),
    )


def _skipped(view: View, lines: pd.DataFrame, first: pd.DataFrame) -> str:
    rest = lines[~lines["product_id"].isin(first["product_id"])]
    money = view.say.money(rest["cost"].sum(), decimals=0)
    return view.say("inventory.say.more_lines", n=len(rest), money=money)


def _undecided(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[(lines["status"] != OK).to_numpy()]


def order_all(view: View) -> Card:
    """Every line by supplier, with a purchase order for each; then what cannot be said."""
    say, inventory, made = view.say, stock(view), plan(view)
    lines = due_lines(view)
    groups = view.kept(
        "supplier orders", lambda: by_supplier(made.lines, inventory.items, inventory.suppliers)
    )
    short = groups[(groups["lacking"] > 0).to_numpy()]
    sentence, figures = "", NO_FIGURES
    if len(groups):
        sentence = say(
            "inventory.say.by_supplier",
            n=len(groups),
            money=say.money(groups["value"].sum(), decimals=0),
            day=say.day(as_date(int(groups["cash_day"].min()))),
        )
        priced = groups[groups["value"].notna().to_numpy()].sort_values("value", ascending=False).head(10)
        if len(priced):
            figures = (
                charts.ranked(
                    [supplier(view, one) for one in priced.index],
                    priced["value"].tolist(),
                    axes.whole_money(say),
                    notes=[say("inventory.order_lines", n=int(n)) for n in priced["lines"]],
                ),
            )
    ordered = lines.sort_values(["supplier_id", "priority"])
    everything = pd.concat([ordered, _undecided(made.lines).reset_index()], ignore_index=True)
    table = Table("orders", shown(view, everything.head(MOST_ROWS)), _columns(view), say.currency)
    return Card(
        "inventory.order_all",
        sentence or order_sentence(view),
        rows(view, len(made.lines), "products"),
        figures,
        table if len(everything) else None,
        all_reasons([made.lines]),
        note=_minimum(view, made.lines, groups) if len(short) else "",
        assumed=assumed(view, inventory.items.loc[made.lines.index], _ASSUMED) if len(groups) else "",
        term="moq" if len(short) else "",
    )


def _minimum(view: View, lines: pd.DataFrame, groups: pd.DataFrame) -> str:
    """Which orders do not reach their supplier's minimum, and what would fill them up."""
    say, more = view.say, fill_up(lines, stock(view).items, groups)
    notes = []
    for supplier_id, row in groups[(groups["lacking"] > 0).to_numpy()].iterrows():
        fitting = more[(more["supplier_id"] == supplier_id).to_numpy()].reset_index()
        names = [
            say(
                "inventory.say.so_many_of",
                quantity=say.number(line["quantity"]),
                product=view.product(line["product_id"]),
            )
            for _, line in fitting.head(3).iterrows()
        ]
        text = say(
            "inventory.say.below_minimum",
            supplier=supplier(view, supplier_id),
            lacking=say.money(row["lacking"], decimals=0),
            minimum=say.money(row["order_value_min"], decimals=0),
        )
        notes.append(
            text + (" " + say("inventory.say.fill_up", names=say.enumeration(names)) if names else "")
        )
    return " ".join(notes)


def shown(view: View, lines: pd.DataFrame) -> pd.DataFrame:
    """Order lines with their days as dates and their reasons in words."""
    say = view.say
    frame = lines.assign(**{name: as_days(lines[name]) for name in _DAYS})
    short = {TOO_FEW: say("inventory.few_data"), INPUT_MISSING: say("inventory.input_missing"), OK: ""}
    frame["short"] = [short.get(str(status), "") for status in lines["status"]]
    told = _told(view, lines)
    frame["words"] = [why for why, _ in told]
    frame["lead"] = [lead for _, lead in told]
    frame["value"] = lines["value"].where(lines["status"] == OK)
    return frame


def _told(view: View, lines: pd.DataFrame) -> list[tuple[str, str]]:
    """Why each line, and its lead time: said once of a product, whose line stands in cards and files."""
    said: dict[str, tuple[str, str]] = view.kept(f"order lines {view.say.language}", dict)
    for row in lines[~lines["product_id"].isin(list(said))].to_dict("records"):
        said.setdefault(row["product_id"], (_why(view, row), _lead_time(view, row)))
    return [said[product] for product in lines["product_id"]]


def _why(view: View, row: Mapping[Any, Any]) -> str:
    """Why this line: the metric's reason with the line's own values."""
    say = view.say
    if row["status"] != OK:
        return say(row["reason"])
    if not row["why"]:
        return ""
    return line_words(say, row["why"], row)


def _lead_time(view: View, row: Mapping[Any, Any]) -> str:
    """Lead time with its spread and where it comes from; customs where nobody measured them."""
    say = view.say
    if not np.isfinite(row["lead_time_days"]):
        return say("common.unknown")
    text = say(
        "inventory.lead_time",
        days=days_in_words(say, row["lead_time_days"]),
        sd=say.number(row["lead_time_sd_days"], 1),
        source=say(f"inventory.from.{row['lead_time_from'] or 'default'}", n=int(row["lead_time_n"])),
    )
    return f"{text} {say('inventory.customs_unknown')}" if row["customs_unknown"] else text


def _columns(view: View) -> tuple[Column, ...]:
    say = view.say
    return (
        Column("supplier_id", "supplier", words=lambda one: supplier(view, one)),
        Column("product_id", "product", words=view.product),
        Column("value", "order_units", "number", absent="short"),
        Column("order_by", "order_by", "day", absent="short"),
        Column("cost", "cost_net", "money", absent="short"),
        Column("cash_day", "cash_day", "day", absent="short"),
        Column("words", "order_why", long=True),
        Column("run_out_day", "run_out_day", "day", absent="short"),
        Column("position", "position", "number", absent="short"),
        Column("reorder_point", "reorder_point", "number", absent="short"),
        Column("lead", "lead_time"),
        Column("z", "z", "decimal", absent="short"),
        Column("safety_stock", "safety_stock", "number", absent="short"),
        Column("assumed", "assumed", words=lambda joined: assumed_inputs(say, joined), long=True),
    )


def files(view: View) -> tuple[Download, ...]:
    """One workbook with a sheet per supplier, and a purchase order per supplier on paper."""
    lines = due_lines(view).sort_values(["supplier_id", "priority"])
    if lines.empty:
        return ()
    say = view.say
    groups = [(str(one), part) for one, part in lines.groupby("supplier_id", sort=True)]
    sheets = [
        Table(supplier(view, one), shown(view, part), _columns(view), say.currency) for one, part in groups
    ]
    book = Download(
        say("inventory.download.workbook"),
        f"{file_name(say('inventory.card.order_all.title'))}.xlsx",
        XLSX_TYPE,
        to_xlsx(sheets, say),
    )
    return (book, *(_paper(view, one, part) for one, part in groups))


def _paper(view: View, supplier_id: str, lines: pd.DataFrame) -> Download:
    """A supplier's order as PDF, in its language."""
    say, name = view.say, supplier(view, supplier_id)
    theirs = view.sme.speaker(_language(view, supplier_id))
    title = theirs("purchase_order.title")
    return Download(
        say("inventory.download.order", supplier=name),
        f"{file_name(f'{title} {name}')}.pdf",
        "application/pdf",
        view.printed(f"order {supplier_id}", lambda: _pdf(purchase_order(view, supplier_id, lines), theirs)),
    )


@lru_cache(maxsize=256)
def _pdf(order: PurchaseOrder, say: Speaker) -> bytes:
    """A slider that leaves an order as it was does not lay it out again."""
    return to_pdf(order, say)


def _language(view: View, supplier_id: str) -> str:
    listed = stock(view).suppliers
    own = listed[(listed["supplier_id"].astype(str) == supplier_id).to_numpy()]
    if own.empty:
        return view.say.language
    row = first_row(own)
    return supplier_language(row["language"], row["country"], view.say.language)


def purchase_order(view: View, supplier_id: str, lines: pd.DataFrame) -> PurchaseOrder:
    """The order of these lines to this supplier, as of the last day of the data."""
    profile, items = view.sme.profile, stock(view).items
    say = view.sme.speaker(_language(view, supplier_id))
    identifiers = tuple(
        f"{say(f'identifier.{name}')} {number}" for name, number in sorted(profile.identifiers.items())
    )
    listed = tuple(
        OrderLine(
            items.loc[one, "sku"] or one,
            view.product(one),
            float(quantity),
            float(cost),
        )
        for one, quantity, cost in zip(lines["product_id"], lines["value"], lines["unit_cost"], strict=True)
    )
    name = supplier(view, supplier_id) if supplier_id else say("inventory.no_supplier")
    return PurchaseOrder(profile.name, identifiers, name, listed, as_date(stock(view).today))
