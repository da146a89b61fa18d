"""The sheet of corporation tax: accounting years, and what each month is charged and pays, in formulas.

See ``planning.corporation_tax``: tax on the year's profit to date less what was charged before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from echannel.locale import Speaker
from echannel.metrics.periods import month_of
from echannel.metrics.planning.corporation_tax import tax_so_far
from echannel.metrics.planning.rules import TaxBand, TaxSetting, TaxYear
from echannel.metrics.turnover import as_date
from echannel.views.workbook.grid import List, Sheet

_YEAR_HEADS = (
    "first",
    "last",
    "due_day",
    "due_month",
    "losses",
    "used",
    "tax",
    "on_account",
    "balance",
    "paid",
)
_INSTALMENT_HEADS = ("line", "due_day", "due_month", "share", "base", "minimum", "so_far", "amount")
_ENOUGH = 1e12  # in place of "without limit", which a spreadsheet cannot hold


def tax_rows(
    sheet: Sheet, years: tuple[TaxYear, ...], setting: TaxSetting, start: int, say: Speaker
) -> list[str]:
    """The rows ``tax.charge`` and its parts, and the lists; what is paid each month, in a formula for each.

    Tax paid moves cash, cash an overdraft's interest, and that the tax of later months: each formula names
    the cells that it hangs on, for no month may hang on one that comes after it.
    """
    months = sheet.grid.months
    _charge_rows(sheet, years, setting, start, say)
    heads = {head: say(f"planning.book.{head}") for head in (*_YEAR_HEADS, *_INSTALMENT_HEADS)}
    pairs = [(at, part) for at, year in enumerate(years) for part in year.instalments]
    table = List(sheet, {head: heads[head] for head in _YEAR_HEADS}, len(years))
    parts = List(sheet, {head: heads[head] for head in _INSTALMENT_HEADS}, len(pairs))
    known = _known(setting)
    closed = sum(year.last < start for year in years)
    first_paid = next((at for at, year in enumerate(years) if month_of(year.due_day) >= start), -1)
    for line, year in enumerate(years):
        table.put(line, "first", float(year.first - start), "number")
        table.put(line, "last", float(year.last - start), "number")
        table.put(line, "due_day", say.day(as_date(year.due_day)))
        table.put(line, "due_month", f"={month_of(year.due_day) - start}", "number")
        back = closed - 1 - line
        since, until = max(year.first - start, 0), min(year.last - start, months - 1)
        if back >= 0:
            table.put(line, "tax", known[back] if back < len(known) else 0.0)
        else:
            so_far = f"+{_charged_before(year, setting, start):.2f}"
            table.put(line, "tax", f"=SUM({{tax.charge@{since}}}:{{tax.charge@{until}}}){so_far}")
        ends_inside = year.last < start + months
        own = [parts.cell("amount", at) for at, (of, _) in enumerate(pairs) if of == line]
        table.put(line, "on_account", "=" + "+".join(own) if own else 0.0)
        more = "+{tax.more!}" if line == first_paid else ""
        table.put(line, "balance", "=ROUND({tax}-{on_account}" + more + ",2)" if ends_inside else 0.0)
        table.put(line, "paid", "={balance}" if ends_inside else 0.0)
    for line, (at, part) in enumerate(pairs):
        year = years[at]
        parts.put(line, "line", at + 1.0, "number")
        parts.put(line, "due_day", say.day(as_date(part.day)))
        parts.put(line, "due_month", f"={month_of(part.day) - start}", "number")
        parts.put(line, "share", sum(one.share for one in year.instalments if one.day <= part.day), "percent")
        base = max(at - min(part.years_back, at), 0)
        parts.put(line, "base", f"={table.cell('tax', base)}" if at else 0.0)
        parts.put(line, "minimum", year.minimum)
        same = [back for back in range(1, line + 1) if pairs[line - back][0] == at]
        parts.put(line, "so_far", "=" + "+".join(f"{{amount-{back}}}" for back in same) if same else 0.0)
        parts.put(line, "amount", "=IF({base}>{minimum},MAX(ROUND({share}*{base},2)-{so_far},0),0)")
    due = [(month_of(year.due_day), table.cell("paid", line)) for line, year in enumerate(years)]
    due += [(month_of(part.day), parts.cell("amount", line)) for line, (_, part) in enumerate(pairs)]
    return ["+".join(cell for when, cell in due if when == start + at) or "0" for at in range(months)]


def _known(setting: TaxSetting) -> list[float]:
    last = 0.0 if math.isnan(setting.tax_last_year) else setting.tax_last_year
    older = setting.tax_two_years_ago
    return [last, last if math.isnan(older) else older]


def _charge_rows(
    sheet: Sheet, years: tuple[TaxYear, ...], setting: TaxSetting, start: int, say: Speaker
) -> None:
    """Each month's charge: tax on the year's profit to date, less that of the month before."""
    calendar = range(start, start + sheet.grid.months)
    of_month = [
        next(at for at, year in enumerate(years) if year.first <= month <= year.last) for month in calendar
    ]
    straddles = years[of_month[0]].first < start

    def rule(name: str, label: str, value: Callable[[TaxYear], float], kind: str = "money") -> None:
        found = [min(value(years[at]), _ENOUGH) for at in of_month]
        sheet.row(f"tax.{name}", label, found, kind=kind)

    def named(name: str, value: Callable[[TaxYear], float], kind: str = "money") -> None:
        rule(name, say(f"planning.book.tax.{name}"), value, kind)

    def row(name: str, formula: str, opening: float | None = None) -> None:
        sheet.row(f"tax.{name}", say(f"planning.book.tax.{name}"), formula, opening=opening)

    label = say("planning.book.tax.year")
    sheet.row("tax.year", label, [float(at) for at in of_month], opening=float(of_month[0]), kind="number")
    so_far = setting.profit_so_far if straddles else 0.0
    before = [so_far if at == of_month[0] else 0.0 for at in of_month]
    sheet.row("tax.so_far", say("planning.book.tax.so_far"), before)
    bands = max(len(year.bands) for year in years)
    for band in range(bands):
        rate, limit = (
            say(f"planning.book.tax.{part}", band=band + 1) for part in ("band_rate", "band_limit")
        )
        rule(f"rate{band}", rate, lambda year, band=band: _band(year, band).rate, "percent")  # type: ignore[misc]
        rule(f"up_to{band}", limit, lambda year, band=band: _band(year, band).up_to * _part(year))  # type: ignore[misc]
    relieved = any(year.relief for year in years)
    if relieved:
        named("relief", lambda year: year.relief, "percent")
        named("lower", lambda year: year.lower * _part(year))
        named("upper", lambda year: year.upper * _part(year))
        named("small_rate", lambda year: year.small_rate, "percent")
    named("loss_free", lambda year: year.loss_free)
    named("loss_share", lambda year: year.loss_share, "percent")
    row("total", "{tax.so_far}+SUMIFS({profit_before_tax..},{tax.year..},{tax.year})", so_far)
    same = "{tax.year}={tax.year-1}"
    row(
        "losses",
        f"IF({same},{{tax.losses-1}},{{tax.losses-1}}-{{tax.used-1}}+MAX(-{{tax.total-1}},0))",
        setting.losses,
    )
    profit = "MAX({tax.total},0)"
    row("used", f"MIN({{tax.losses}},MIN({profit},{{tax.loss_free}})"
        f"+{{tax.loss_share}}*MAX({profit}-{{tax.loss_free}},0))", 0.0)  # fmt: skip
    row("taxable", f"{profit}-{{tax.used}}")
    floor = ["0", *(f"{{tax.up_to{band}}}" for band in range(bands))]
    sliced = "+".join(
        f"{{tax.rate{band}}}*MAX(MIN({{tax.taxable}},{{tax.up_to{band}}})-{floor[band]},0)"
        for band in range(bands)
    )
    if relieved:
        main = f"{{tax.rate{bands - 1}}}*{{tax.taxable}}-{{tax.relief}}*MAX({{tax.upper}}-{{tax.taxable}},0)"
        small = "{tax.small_rate}*{tax.taxable}"
        sliced = f"IF({{tax.relief}}>0,IF({{tax.taxable}}<={{tax.lower}},{small},{main}),{sliced})"
    row("grown", f"ROUND({sliced},2)", _charged_before(years[of_month[0]], setting, start))
    row("charge", f"{{tax.grown}}-IF({same},{{tax.grown-1}},0)")


def _charged_before(year: TaxYear, setting: TaxSetting, start: int) -> float:
    """Tax on the profit of the running year before the plan starts; none of a year that starts in it."""
    return tax_so_far(setting.profit_so_far, setting.losses, year) if year.first < start else 0.0


def _band(year: TaxYear, band: int) -> TaxBand:
    return year.bands[band] if band < len(year.bands) else TaxBand(year.bands[-1].up_to, 0.0)


def _part(year: TaxYear) -> float:
    return (year.last - year.first + 1) / 12
