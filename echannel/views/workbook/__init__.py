"""The plan as a workbook with live formulas: change a blue cell, and every statement follows.

The formulas are the engine's own steps (``echannel.metrics.planning``), each rounded to the cent where the
engine rounds, so that a spreadsheet program finds the same figures.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from echannel.formulas import safe_cell
from echannel.locale import Speaker
from echannel.metrics.periods import month_start
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.layouts import STATEMENTS
from echannel.metrics.planning.rules import PlanRules
from echannel.metrics.turnover import as_date
from echannel.views.export import new_workbook
from echannel.views.planning_words import stream_name
from echannel.views.workbook.costs import cost_rows, goods_rows, staff_rows
from echannel.views.workbook.grid import Grid, Sheet
from echannel.views.workbook.money import long_term_rows
from echannel.views.workbook.selling import stream_rows
from echannel.views.workbook.statements import corporation_tax_rows, old_receivables, statement, vat_rows

_INPUT_BLUE = "#1D4ED8"
_KINDS = {"money": "#,##0.00;[Red]-#,##0.00", "percent": "0.0%", "number": "#,##0.##"}


def plan_workbook(
    plan: Plan, rules: PlanRules, assumed: Sequence[Sequence[str]], title: str, say: Speaker
) -> bytes:
    """The plan as XLSX in ``say``'s language.

    ``assumed``: the rows of the assumptions as the page shows them, heads first; they are text. What may be
    changed is blue on the other sheets. Money is in ``plan.inputs.currency``; texts never become formulas.
    """
    out = io.BytesIO()
    book = new_workbook(out)
    by_payment = bool(rules.vat.on_receipts.any())
    grid = Grid(book, plan.months, _formats(book), by_payment)
    _first_sheet(book, grid.formats, assumed, title, say)
    sheets = {
        name: Sheet(
            grid,
            say(f"planning.sheet.{name}"),
            say(f"planning.sheet.{name}.title"),
            say("planning.book.note"),
        )
        for name in (*STATEMENTS, "selling", "costs", "financing", "vat", "tax", "lists")
    }
    heads = [say.month(as_date(month_start(int(month))).date()) for month in plan.inputs.calendar]
    words = {"value": say("planning.book.value"), "opening": say("planning.book.opening")}
    for name, sheet in sheets.items():
        if name != "lists":
            sheet.months(heads, words)
    _calculated(sheets, plan, rules, say)
    for name in STATEMENTS:
        statement(sheets[name], name, plan, say)
    grid.close()
    book.close()
    return out.getvalue()


def _calculated(sheets: dict[str, Sheet], plan: Plan, rules: PlanRules, say: Speaker) -> None:
    inputs, selling, costs = plan.inputs, sheets["selling"], sheets["costs"]
    selling.row("month", say("planning.book.month"), inputs.calendar - inputs.start + 0.0, kind="number")
    selling.row(
        "registered", say("planning.book.registered"), rules.vat.registered.astype(float), kind="number"
    )
    for at, stream in enumerate(inputs.streams):
        selling.heading(stream_name(say, stream.name))
        stream_rows(selling, at, stream, say, selling.grid.by_payment)
    selling.heading(say("planning.line.receivables"))
    old_receivables(selling, plan, say)
    costs.heading(say("planning.line.stock"))
    goods_rows(costs, sheets["lists"], inputs, say)
    cost_rows(costs, inputs, say)
    costs.heading(say("planning.line.staff_gross"))
    staff_rows(costs, inputs, rules.payroll, say)
    long_term_rows(sheets["financing"], inputs, say)
    vat_rows(sheets["vat"], plan, rules, say)
    corporation_tax_rows(sheets["tax"], plan, rules, say)


def _formats(book: Any) -> dict[str, Any]:
    formats = {
        "title": {"bold": True, "font_size": 14},
        "note": {"italic": True, "font_color": "#52606D"},
        "head": {"bold": True, "bottom": 1, "align": "right"},
        "heading": {"bold": True, "font_color": "#12436D", "bottom": 1},
        "label": {},
        "total_label": {"bold": True, "top": 1},
    }
    for kind, pattern in _KINDS.items():
        formats[kind] = {"num_format": pattern}
        formats[f"{kind}_total"] = {"num_format": pattern, "bold": True, "top": 1}
        formats[f"{kind}_input"] = {"num_format": pattern, "font_color": _INPUT_BLUE}
    return {name: book.add_format(style) for name, style in formats.items()}


def _first_sheet(
    book: Any, formats: dict[str, Any], assumed: Sequence[Sequence[str]], title: str, say: Speaker
) -> None:
    """What the plan assumes and who said so: the first thing that a reader of a plan asks."""
    page = book.add_worksheet(say("planning.sheet.assumptions"))
    page.hide_gridlines(2)
    page.write_string(0, 0, str(safe_cell(title)), formats["title"])
    page.write_string(1, 0, say("planning.book.about"), formats["note"])
    for at, row in enumerate(assumed):
        for column, text in enumerate(row):
            page.write_string(3 + at, column, str(safe_cell(text)), formats["head" if at == 0 else "label"])
    page.set_column(0, 0, 44)
    page.set_column(1, 6, 26)
