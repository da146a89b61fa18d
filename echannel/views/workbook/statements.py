"""The three statements and the VAT and tax that run between them, in formulas (see ``planning.engine``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from echannel.locale import Speaker
from echannel.metrics.planning.corporation_tax import corporation_tax
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.inputs import DAYS_OF_MONTH, PlanInputs
from echannel.metrics.planning.layouts import COST_LINES, PAID_THROUGH, STATEMENTS, Line
from echannel.metrics.planning.rules import PlanRules, VatCalendar, VatSetting
from echannel.metrics.planning.vat import opening_position
from echannel.views.workbook.grid import Sheet
from echannel.views.workbook.selling import run_off
from echannel.views.workbook.tax import tax_rows
from echannel.views.workbook.vat import vat_returns

SCHEMES = ("oss", "ioss", "local")


def added(names: Iterable[str]) -> str:
    """The sum of rows as a formula; 0 of none."""
    return "+".join(f"{{{name}}}" for name in names) or "0"


def vat_rows(sheet: Sheet, plan: Plan, rules: PlanRules, say: Speaker) -> None:
    """VAT of each month, the returns, and what is owed: ``vat.paid``, ``vat.cost``, ``vat.position``."""
    inputs, calendar = plan.inputs, rules.vat

    def row(name: str, formula: str | np.ndarray, kind: str = "money", opening: float | None = None) -> None:
        sheet.row(f"vat.{name}", say(f"planning.book.vat.{name}"), formula, kind=kind, opening=opening)

    streams = list(enumerate(inputs.streams))
    at_home = [f"s{at}" for at, one in streams if one.vat_scheme == "domestic"]
    bought = ["goods", "carried", *(f"c{at}" for at in range(len(inputs.costs)))]
    single = [f"o{at}" for at in range(len(inputs.one_offs))]
    row("charged", added(f"{name}.vat" for name in at_home))
    row("on_assets", added(f"a{at}.vat" for at in range(len(inputs.assets))))
    row("bought", added(f"{name}.vat" for name in (*bought, *single)) + "+{vat.on_assets}")
    row("gross", "ROUND({turnover}+" + added(f"s{at}.vat" for at, _ in streams) + ",2)")
    collected, deducted = "{vat.charged}", "{vat.bought}"
    if sheet.grid.by_payment:
        row("on_receipts", calendar.on_receipts.astype(float), "number")
        row("received", added(f"{name}.vat_received" for name in at_home))
        paid = added(f"{name}.vat_paid" for name in bought) + "+" + added(f"{name}.vat" for name in single)
        row("deducted", paid + "+{vat.on_assets}")
        collected = "IF({vat.on_receipts}=1,{vat.received},{vat.charged})"
        deducted = "IF({vat.on_receipts}=1,{vat.deducted},{vat.bought})"
    due, cost = f"IF({{registered}}=1,{collected}-({deducted}),0)", f"IF({{registered}}=1,0,{deducted})"
    flat = np.where(calendar.registered, np.nan_to_num(calendar.flat_rate), 0.0)
    if flat.any():
        row("flat_rate", flat, "percent")
        row("flat_due", "ROUND({vat.gross}*{vat.flat_rate},2)-{vat.on_assets}")
        cost = f"IF({{vat.flat_rate}}>0,{{vat.flat_due}}-({collected}-({deducted})),{cost})"
        due = f"IF({{vat.flat_rate}}>0,{{vat.flat_due}},{due})"
    row("due", due)
    row("cost", f"ROUND({cost},2)")
    paid_here = _returns(sheet, "vat", calendar, inputs.vat, rules, inputs, say)
    row("paid_here", paid_here)
    moved, paid = (
        ["{vat.charged}-{vat.bought}", f"-({collected}-({deducted}))", "+{vat.due}-{vat.paid_here}"],
        "{vat.paid_here}",
    )
    for scheme in SCHEMES:
        abroad = [f"s{at}.vat" for at, one in streams if one.vat_scheme == scheme]
        if abroad:
            there = scheme if scheme in rules.one_stop else next(iter(rules.one_stop))
            row(f"due_{scheme}", added(abroad))
            formula = _returns(
                sheet,
                f"vat_{scheme}",
                rules.one_stop[there],
                VatSetting(),
                rules,
                inputs,
                say,
                f"vat.due_{scheme}",
            )
            row(f"paid_{scheme}", formula)
            moved.append(f"+{{vat.due_{scheme}}}-{{vat.paid_{scheme}}}")
            paid += f"+{{vat.paid_{scheme}}}"
    row("paid", f"ROUND({paid},2)")
    row("position", "ROUND({vat.position-1}+" + "".join(moved) + ",2)", opening=plan.opening["vat_position"])


def _returns(
    sheet: Sheet,
    name: str,
    calendar: VatCalendar,
    setting: VatSetting,
    rules: PlanRules,
    inputs: PlanInputs,
    say: Speaker,
    due: str = "vat.due",
) -> str:
    known = opening_position(replace(setting, opening=None), rules, inputs.start) if setting.before else 0.0
    more = 0.0 if setting.opening is None else setting.opening - known
    sheet.row(f"{name}.more", say("planning.book.more"), single=more)
    return vat_returns(sheet, name, due, calendar, setting, inputs.start, say)


def corporation_tax_rows(sheet: Sheet, plan: Plan, rules: PlanRules, say: Speaker) -> None:
    """Corporation tax: ``tax.charge``, ``tax.paid``, ``tax.position``."""
    setting, start = plan.inputs.tax, plan.inputs.start
    opening = plan.opening["tax_position"]
    charge, paid = "0", ["0"] * plan.months
    more = 0.0
    if setting.opening is not None:
        without = corporation_tax(np.zeros((1, rules.months)), rules, start, replace(setting, opening=None))
        more = setting.opening - without.opening
    sheet.row("tax.more", say("planning.book.more"), single=more)
    if rules.tax_years:
        paid = tax_rows(sheet, rules.tax_years, setting, start, say)
        charge = "{tax.charge}"
    sheet.row("tax.charged", say("planning.line.corporation_tax"), f"ROUND({charge},2)")
    sheet.row("tax.paid", say("planning.line.tax_paid"), [f"ROUND({one},2)" for one in paid])
    sheet.row("tax.position", say("planning.book.tax.position"),
              "ROUND({tax.position-1}+{tax.charged}-{tax.paid},2)", opening=opening)  # fmt: skip


def statement(sheet: Sheet, name: str, plan: Plan, say: Speaker) -> None:
    """One statement in the order of its layout; sums are sums of its own rows."""
    base = _base_lines(plan.inputs)
    for line in STATEMENTS[name]:
        formula = _sum_of(line) if line.is_sum else base[line.name]
        opening = plan.opening.get(line.name) if name == "balance_sheet" else None
        sheet.row(
            line.name,
            say(f"planning.line.{line.name}"),
            formula,
            opening=_sum_of(line) if line.is_sum and opening is not None else opening,
            results=plan.lines[line.name][0],
            total=line.is_sum,
        )


def _sum_of(line: Line) -> str:
    minus = "".join(f"-{{{name}}}" for name in line.minus)
    return f"ROUND({added(line.plus)}{minus},2)"


def _base_lines(inputs: PlanInputs) -> dict[str, str]:
    """The formula of every line that is no sum."""
    streams = list(enumerate(inputs.streams))
    loans, grants = range(len(inputs.loans)), range(len(inputs.grants))
    assets = range(len(inputs.assets))
    costs = list(enumerate(inputs.costs))
    single = [f"o{at}" for at in range(len(inputs.one_offs))]
    of_streams = {"cost_of_sales": "cost"}
    lines = {
        name: added(f"s{at}.{of_streams.get(name, name)}" for at, _ in streams)
        for name in ("sales", "returns", "cost_of_sales", "carriage", "payment_fees", "marketplace_fees")
    }
    for name in COST_LINES:
        parts = [f"c{at}.total" for at, cost in costs if cost.line == name]
        lines[name] = added(parts + ([f"{one}.total" for one in single] if name == "one_offs" else []))
    through: dict[str, list[str]] = {name: [] for name in PAID_THROUGH.values()}
    for at, cost in costs:
        through[PAID_THROUGH[cost.line]].append(f"c{at}.paid")
    through["overheads_paid"] += [f"{one}.{part}" for one in single for part in ("total", "vat")]
    lines |= {name: added(parts) for name, parts in through.items()}
    first = next((at for at, one in streams if one.kind == "b2b"), 0)
    old_to = inputs.streams[first].kind if streams else "b2c"
    for kind in ("b2c", "b2b"):
        parts = [f"s{at}.receipts" for at, one in streams if one.kind == kind]
        lines[f"receipts_{kind}"] = added([*parts, *(["old_receivables"] if kind == old_to else [])])
    return lines | {
        "irrecoverable_vat": "{vat.cost}",
        "staff_gross": "{pay.gross}",
        "employer_charges": "{pay.charges}",
        "grant_income": f"ROUND({added(f'g{at}.income' for at in grants)},2)",
        "depreciation": "ROUND({old.written}+" + added(f"a{at}.written" for at in assets) + ",2)",
        "interest": added([*(f"l{at}.interest" for at in loans), "overdraft.interest"]),
        "corporation_tax": "{tax.charged}",
        "suppliers_paid": "{goods.paid}+{goods.old_paid}",
        "carriage_paid": "{carried.paid}",
        "fees_paid": added(f"s{at}.fees_paid" for at, _ in streams),
        "staff_paid": "{pay.net}",
        "social_paid": "{pay.social}",
        "vat_paid": "{vat.paid}",
        "tax_paid": "{tax.paid}",
        "capital_spending_paid": added(f"a{at}.{part}" for at in assets for part in ("bought", "vat")),
        "loans_drawn": added(f"l{at}.drawn" for at in loans),
        "loans_repaid": added(f"l{at}.principal" for at in loans),
        "interest_paid": added([*(f"l{at}.interest_paid" for at in loans), "overdraft.interest"]),
        "grants_received": added(f"g{at}.received" for at in grants),
        **{name: f"{{owner.{name}}}" for name in ("capital_in", "dividends", "drawings")},
        **_balance_lines(inputs, single),
    }


def _balance_lines(inputs: PlanInputs, single: list[str]) -> dict[str, str]:
    bought = added(f"a{at}.bought" for at in range(len(inputs.assets)))
    grants = added(f"g{at}.received" for at in range(len(inputs.grants)))
    costs = added(f"c{at}.gross" for at in range(len(inputs.costs)))
    ones = added(f"{one}.{part}" for one in single for part in ("total", "vat"))
    paid = "".join(
        f"-{{{name}}}"
        for name in (*dict.fromkeys(PAID_THROUGH.values()), "suppliers_paid", "carriage_paid", "fees_paid")
    )
    fees = "{payment_fees}+{marketplace_fees}"

    def grown(name: str, by: str) -> str:
        return f"ROUND({{{name}-1}}+{by},2)"

    return {
        "fixed_assets": grown("fixed_assets", f"{bought}-{{depreciation}}"),
        "stock": "{goods.stock}",
        "receivables": grown("receivables", "{vat.gross}-{receipts}"),
        "vat_receivable": "MAX(-{vat.position},0)",
        "tax_receivable": "MAX(-{tax.position},0)",
        "cash": grown("cash", "{cash_change}"),
        "payables": grown("payables", f"{{goods.gross}}+{{carried.gross}}+{fees}+{costs}+{ones}{paid}"),
        "social_payable": grown("social_payable", "{pay.to_pay}-{pay.social}"),
        "vat_payable": "MAX({vat.position},0)",
        "tax_payable": "MAX({tax.position},0)",
        "loans": f"ROUND({added(f'l{at}.owed' for at in range(len(inputs.loans)))},2)",
        "deferred_income": grown("deferred_income", f"{grants}-{{grant_income}}"),
        "equity": grown("equity", "{net_profit}+{capital_in}-{dividends}-{drawings}"),
    }


def old_receivables(sheet: Sheet, plan: Plan, say: Speaker) -> None:
    """What customers owe when the plan starts, and when it comes in."""
    streams = plan.inputs.streams
    at = next((at for at, one in enumerate(streams) if one.kind == "b2b"), 0)
    shift = DAYS_OF_MONTH // 2 if streams[at].terms.end_of_month else 0
    sheet.row("old_owed", say("planning.book.old_owed"), single=plan.opening["receivables"])
    formula = run_off(f"({{s{at}.days^}}+{shift})", "{old_owed!}")
    sheet.row("old_receivables", say("planning.book.old_receivables"), formula)
