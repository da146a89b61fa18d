"""Rows of goods, overheads and staff (see ``trading``, ``engine``, ``payroll`` among the metrics)."""

from __future__ import annotations

import math

import numpy as np

from echannel.locale import Speaker
from echannel.metrics.planning.inputs import DAYS_OF_MONTH, Amounts, PaymentTerms, PlanInputs
from echannel.metrics.planning.rules import PayrollRules
from echannel.views.workbook.grid import List, Sheet
from echannel.views.workbook.selling import assumed, each_month, run_off, settled, terms_rows

_YEAR = 12


def goods_rows(sheet: Sheet, lists: Sheet, inputs: PlanInputs, say: Speaker) -> None:
    """Stock, purchases and carriage: ``goods.stock``, ``goods.purchases``, ``goods.paid`` and so on."""

    def label(part: str) -> str:
        return say(f"planning.book.goods.{part}")

    opening = inputs.opening
    sheet.row("goods.opening", label("opening"), single=round(opening.stock, 2))
    extra = np.round(each_month(inputs.stock.extra, sheet.grid.months), 2)
    sheet.row("goods.extra", label("extra"), extra)
    days = float(np.ravel(np.asarray(inputs.stock.cover_days, dtype=float))[0])
    if math.isnan(days):
        stock = "ROUND({goods.opening!}+{goods.extra},2)"
    else:
        sheet.row("goods.cover", label("cover"), single=days, kind="number")
        _coming_rows(sheet, lists, days, say)
        stock = "ROUND(MAX({goods.opening!},MAX({goods.top..}))-{goods.spent},2)"
    sheet.row("goods.stock", label("stock"), stock, opening="{goods.opening!}")
    sheet.row("goods.purchases", label("purchases"), "ROUND({goods.stock}-{goods.stock-1}+{cost_of_sales},2)")
    _bought(sheet, "goods", "goods.purchases", inputs.purchase_vat_rate, inputs.purchase_terms, say)
    sheet.row("goods.owed", label("owed"), single=round(opening.payables, 2))
    shift = DAYS_OF_MONTH // 2 if inputs.purchase_terms.end_of_month else 0
    days_first = f"({{goods.days^}}+{shift})"
    sheet.row("goods.old_paid", label("old_paid"), run_off(days_first, "{goods.owed!}"))
    sheet.row("carried.cost", label("carriage"), "{carriage}")
    _bought(sheet, "carried", "carried.cost", inputs.carriage_vat_rate, inputs.carriage_terms, say)


def _coming_rows(sheet: Sheet, lists: Sheet, days: float, say: Speaker) -> None:
    """The stock aimed at: the cost of sales of the days to come; after the plan its last year comes again."""
    months = sheet.grid.months
    beyond = max(math.ceil(days / DAYS_OF_MONTH), _YEAR) + 2
    heads = {
        name: say(f"planning.book.goods.{name}") for name in ("coming_month", "coming_cost", "coming_sum")
    }
    year = _YEAR if months >= _YEAR else 1
    sheet.row("goods.spent", say("planning.book.goods.spent"), "{goods.spent-1}+{cost_of_sales}", opening=0.0)
    whole = f"INT({{goods.cover!}}/{DAYS_OF_MONTH})"
    part = f"({{goods.cover!}}/{DAYS_OF_MONTH}-{whole})"
    table = List(lists, heads, months + beyond)
    for line in range(months + beyond):
        at = line if line < months else months - year + (line - months) % year
        table.put(line, "coming_month", line + 1.0, "number")
        table.put(line, "coming_cost", f"=INDEX({{cost_of_sales:}},{at + 1})")
        table.put(line, "coming_sum", "={coming_sum-1}+{coming_cost}" if line else "={coming_cost}")
    summed, cost = table.column("coming_sum"), table.column("coming_cost")
    coming = (
        f"INDEX({summed},{{month}}+1+{whole})+{part}*INDEX({cost},{{month}}+2+{whole})"
        f"-INDEX({summed},{{month}}+1)"
    )
    sheet.row("goods.aim", say("planning.book.goods.aim"), f"ROUND(MAX({coming},0)+{{goods.extra}},2)")
    sheet.row("goods.top", say("planning.book.helper"), "{goods.aim}+{goods.spent}")


def _bought(
    sheet: Sheet, name: str, amount: str, vat_rate: Amounts, terms: PaymentTerms, say: Speaker
) -> None:
    """VAT on an invoiced amount, and its payment: ``<name>.vat``, ``<name>.gross``, ``<name>.paid``."""
    assumed(sheet, f"{name}.vat_rate", say("planning.book.vat_rate"), vat_rate)
    sheet.row(f"{name}.vat", say("planning.book.vat_in"), f"ROUND({{{amount}}}*{{{name}.vat_rate}},2)")
    sheet.row(f"{name}.gross", say("planning.book.gross_in"), f"{{{amount}}}+{{{name}.vat}}")
    terms_rows(sheet, name, say("planning.book.days"), terms, say)
    settled(sheet, f"{name}.paid", say("planning.book.paid"), f"{name}.gross", name, say)
    if sheet.grid.by_payment:
        settled(sheet, f"{name}.vat_paid", say("planning.book.vat_in"), f"{name}.vat", name, say)


def cost_rows(sheet: Sheet, inputs: PlanInputs, say: Speaker) -> None:
    """Overheads, each with its VAT and payment: ``c<n>.total``, ``c<n>.vat``, ``c<n>.paid``; one-offs."""
    for at, cost in enumerate(inputs.costs):
        name = f"c{at}"
        sheet.heading(say(f"planning.line.{cost.line}"))
        assumed(sheet, f"{name}.amount", say("planning.book.cost_a_month"), cost.amount, kind="money")
        follows = ""
        if np.any(cost.of_turnover):
            assumed(sheet, f"{name}.share", say("planning.book.cost_of_turnover"), cost.of_turnover)
            follows = f"+ROUND({{turnover}}*{{{name}.share}},2)"
        total = f"ROUND({{{name}.amount}},2){follows}"
        sheet.row(f"{name}.total", say(f"planning.line.{cost.line}"), total)
        _bought(sheet, name, f"{name}.total", cost.vat_rate, cost.terms, say)
    for at, one in enumerate(inputs.one_offs):
        name = f"o{at}"
        sheet.heading(say("planning.line.one_offs"))
        sheet.row(f"{name}.amount", say("planning.book.amount"), single=one.amount)
        sheet.row(
            f"{name}.month",
            say("planning.book.in_month"),
            single=float(one.month - inputs.start),
            kind="number",
        )
        sheet.row(f"{name}.vat_rate", say("planning.book.vat_rate"), single=one.vat_rate, kind="percent")
        spent = f"IF({{month}}={{{name}.month!}},ROUND({{{name}.amount!}},2),0)"
        sheet.row(f"{name}.total", say("planning.line.one_offs"), spent)
        vat = f"ROUND({{{name}.total}}*{{{name}.vat_rate!}},2)"
        sheet.row(f"{name}.vat", say("planning.book.vat_in"), vat)


def staff_rows(sheet: Sheet, inputs: PlanInputs, rules: PayrollRules, say: Speaker) -> None:
    """Pay and charges: ``pay.gross``, ``pay.charges``, ``pay.net``, ``pay.social``."""
    months, start = sheet.grid.months, inputs.start
    calendar = inputs.calendar

    def label(part: str) -> str:
        return say(f"planning.book.pay.{part}")

    own, common = ["0"], ["0"]
    gross = ["0"]
    for at, one in enumerate(inputs.staff):
        there = (calendar >= one.first) & (calendar <= (np.inf if one.last is None else one.last))
        pay = np.round(each_month(one.gross, months) * there, 2)
        sheet.row(f"p{at}.gross", label("of"), pay)
        gross.append(f"{{p{at}.gross}}")
        if math.isnan(one.employer_rate):
            common.append(f"{{pay.rate}}*MAX({{p{at}.gross}}-{{pay.threshold}},0)")
        else:
            sheet.row(f"p{at}.rate", label("own_rate"), single=one.employer_rate, kind="percent")
            own.append(f"{{p{at}.gross}}*{{p{at}.rate!}}")
    assumed(sheet, "pay.rate", label("rate"), rules.rate)
    assumed(sheet, "pay.threshold", label("threshold"), rules.threshold, kind="money")
    sheet.row("pay.withheld", label("withheld"), single=rules.withheld, kind="percent")
    sheet.row("pay.gross", say("planning.line.staff_gross"), "+".join(gross))
    sheet.row("pay.common", label("common"), "+".join(common))
    left = "{pay.common}"
    if np.any(rules.allowance):
        left = "{pay.so_far}-IF({pay.year}={pay.year-1},{pay.so_far-1},0)"
        years = (calendar - (rules.year_starts - 1)) // 12
        firsts = {year: int(np.flatnonzero(years == year)[0]) for year in np.unique(years)}
        allowed = [_allowance(rules, firsts[year], calendar) for year in years]
        sheet.row("pay.year", label("year"), years - years[0], opening=-1.0, kind="number")
        sheet.row("pay.allowance", label("allowance"), allowed)
        summed = "SUMIFS({pay.common..},{pay.year..},{pay.year})"
        sheet.row("pay.so_far", label("so_far"), f"MAX({summed}-{{pay.allowance}},0)", opening=0.0)
    sheet.row("pay.charges", say("planning.line.employer_charges"), f"ROUND({'+'.join(own)}+{left},2)")
    sheet.row("pay.kept", label("kept"), "ROUND({pay.gross}*{pay.withheld!},2)")
    sheet.row("pay.net", say("planning.line.staff_paid"), "{pay.gross}-{pay.kept}")
    sheet.row("pay.to_pay", label("to_pay"), "{pay.charges}+{pay.kept}")
    closes = calendar + (rules.every - 1 - calendar % rules.every)
    sheet.row("pay.due", label("due"), (closes + rules.paid_after - start).astype(float), kind="number")
    sheet.row("pay.old", label("old"), single=round(inputs.opening.social_payable, 2))
    paid = "ROUND(SUMIF({pay.due:},{month},{pay.to_pay:}),2)+IF({month}=0,{pay.old!},0)"
    sheet.row("pay.social", say("planning.line.social_paid"), paid)


def _allowance(rules: PayrollRules, first: int, calendar: np.ndarray) -> float:
    part = (12 - (calendar[first] - (rules.year_starts - 1)) % 12) / 12
    return float(rules.allowance[first] * part)
