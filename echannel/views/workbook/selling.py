"""Rows of selling: each stream's turnover, what it costs, when the money comes (see ``planning.trading``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from echannel.locale import Speaker
from echannel.metrics.planning.inputs import DAYS_OF_MONTH, PaymentTerms, Stream
from echannel.views.workbook.grid import Sheet


def each_month(values: Any, months: int) -> np.ndarray:
    """An amount of the inputs for every month of one path."""
    return np.broadcast_to(np.asarray(values, dtype=float), (1, months))[0]


def assumed(sheet: Sheet, name: str, label: str, values: Any, kind: str = "percent") -> None:
    """A row that a reader may change: a value that never changes is written once and followed from there."""
    months = each_month(values, sheet.grid.months)
    sheet.row(name, label, months, kind=kind, followed=bool(np.all(months == months[0])))


def terms_rows(sheet: Sheet, name: str, label: str, terms: PaymentTerms, say: Speaker) -> None:
    """Days until payment, and the whole months among them: ``<name>.days``, ``<name>.later``."""
    assumed(sheet, f"{name}.days", label, terms.days, kind="number")
    whole = f"INT({{{name}.days}}/{DAYS_OF_MONTH})"
    if terms.end_of_month:
        whole = f"ROUNDUP({{{name}.days}}/{DAYS_OF_MONTH},0)"
    sheet.row(f"{name}.later", say("planning.book.helper"), whole, kind="number")
    rest = "0" if terms.end_of_month else f"{{{name}.days}}/{DAYS_OF_MONTH}-{{{name}.later}}"
    sheet.row(f"{name}.rest", say("planning.book.helper"), rest, kind="percent")


def settled(sheet: Sheet, name: str, label: str, amount: str, terms: str, say: Speaker) -> None:
    """What is paid each month of the row ``amount`` under the terms of ``terms_rows``: the row ``name``.

    See ``planning.terms.settled``: a part falls into the whole months after, the rest into the next one.
    """
    sheet.row(f"{name}.first", say("planning.book.helper"), f"ROUND({{{amount}}}*(1-{{{terms}.rest}}),2)")
    due = f"{{month:}}+{{{terms}.later:}}"
    sheet.row(
        name,
        label,
        f"ROUND(SUMPRODUCT(({due}={{month}})*{{{name}.first:}})"
        f"+SUMPRODUCT(({due}+1={{month}})*({{{amount}:}}-{{{name}.first:}})),2)",
    )


def run_off(days: str, balance: str) -> str:
    """The formula of how an opening balance is paid, evenly over its days (see ``terms.run_off``)."""
    so_far = "ROUND({balance}*MIN(" + str(DAYS_OF_MONTH) + "*({month}+{one})/MAX({days},1),1),2)"
    done = [so_far.replace("{balance}", balance).replace("{days}", days).replace("{one}", at) for at in "10"]
    return "-".join(done)


def stream_rows(sheet: Sheet, at: int, stream: Stream, say: Speaker, on_receipts: bool) -> None:
    """All rows of stream number ``at``: names ``s<at>.turnover``, ``s<at>.sales`` and so on."""

    def name(part: str) -> str:
        return f"s{at}.{part}"

    def label(part: str) -> str:
        return say(f"planning.book.stream.{part}")

    months = sheet.grid.months
    sheet.row(name("turnover"), label("turnover"), np.round(each_month(stream.turnover, months), 2))
    assumed(sheet, name("price"), label("price"), stream.price_index)
    assumed(sheet, name("cost_share"), label("cost_share"), stream.cost_share)
    assumed(sheet, name("vat_rate"), label("vat_rate"), stream.vat_rate)
    assumed(sheet, name("return_rate"), label("return_rate"), stream.return_rate)
    assumed(sheet, name("return_loss"), label("return_loss"), stream.return_loss)
    assumed(sheet, name("fee_rate"), label("fee_rate"), stream.fee_rate)
    assumed(sheet, name("commission"), label("commission"), stream.commission_rate)
    assumed(sheet, name("carriage_rate"), label("carriage_rate"), stream.carriage_rate)
    fixed = bool(np.any(stream.fee_fixed) and stream.basket > 0)
    if fixed:
        assumed(sheet, name("fee_fixed"), label("fee_fixed"), stream.fee_fixed, kind="money")
        sheet.row(name("basket"), label("basket"), single=stream.basket)

    def formula(part: str, template: str) -> None:
        sheet.row(name(part), label(part), template.replace("@", f"s{at}."))

    formula("returns", "ROUND({@turnover}*({@return_rate}/(1-{@return_rate})),2)")
    formula("sales", "{@turnover}+{@returns}")
    formula("cost", "ROUND(({@turnover}+{@returns}*{@return_loss})*({@cost_share}/{@price}),2)")
    charged = {"domestic": "*{registered}", "none": "*0"}.get(stream.vat_scheme, "")
    sheet.row(name("rate"), label("rate"), f"{{s{at}.vat_rate}}{charged}", kind="percent")
    extra = "+{@sales}*({@fee_fixed}/({@price}*{@basket!}))" if fixed else ""
    formula("payment_fees", "ROUND({@sales}*(1+{@rate})*{@fee_rate}" + extra + ",2)")
    formula("marketplace_fees", "ROUND({@sales}*(1+{@rate})*{@commission},2)")
    formula("carriage", "ROUND({@sales}*({@carriage_rate}/{@price}),2)")
    formula("vat", "ROUND({@turnover}*{@rate},2)")
    formula("gross", "{@turnover}+{@vat}")
    formula("fees", "{@payment_fees}+{@marketplace_fees}")
    terms_rows(sheet, f"s{at}", label("days"), stream.terms, say)
    settled(sheet, name("receipts"), label("receipts"), name("gross"), f"s{at}", say)
    settled(sheet, name("fees_paid"), label("fees_paid"), name("fees"), f"s{at}", say)
    if on_receipts:
        settled(sheet, name("vat_received"), label("vat_received"), name("vat"), f"s{at}", say)
