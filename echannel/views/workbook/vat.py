"""The sheet of VAT returns: what each declares and pays, in formulas (see ``planning.vat``)."""

from __future__ import annotations

import math

from echannel.locale import Speaker
from echannel.metrics.periods import month_of
from echannel.metrics.planning.rules import VatCalendar, VatPeriod, VatSetting
from echannel.metrics.turnover import as_date
from echannel.views.workbook.grid import List, Sheet

_RETURN_HEADS = (
    "regime",
    "first",
    "last",
    "due_day",
    "due_month",
    "last_year",
    "known",
    "tax",
    "on_account",
    "credit",
    "more",
    "balance",
    "paid",
    "claimed",
    "claim_month",
    "left",
)
_INSTALMENT_HEADS = ("line", "due_day", "due_month", "share", "minimum", "amount")


def vat_returns(
    sheet: Sheet,
    name: str,
    due: str,
    calendar: VatCalendar,
    setting: VatSetting,
    start: int,
    say: Speaker,
) -> str:
    """Lists of the returns and instalments of one calendar; the formula of what is paid each month.

    ``due``: the row of VAT that arises each month; the row ``<name>.more`` holds what is owed beside it.
    """
    months, first = sheet.grid.months, start - len(setting.before)
    periods = [
        one
        for one in calendar.periods
        if one.first < start + months and (one.last >= first or month_of(one.due_day) >= start)
    ]
    pairs = [
        (at, part)
        for at, one in enumerate(periods)
        for part in one.instalments
        if month_of(part.day) >= first
    ]
    returns = _list(sheet, _RETURN_HEADS, len(periods), say)
    parts = _list(sheet, _INSTALMENT_HEADS, len(pairs), say)
    for line, (at, part) in enumerate(pairs):
        parts.put(line, "line", at + 1.0, "number")
        parts.put(line, "due_day", say.day(as_date(part.day)))
        parts.put(line, "due_month", float(month_of(part.day) - start), "number")
        parts.put(line, "share", part.share, "percent")
        parts.put(line, "minimum", max(periods[at].no_instalments_below, 0.01))
        base = f"INDEX({returns.column('last_year')},{{line}})"
        parts.put(line, "amount", f"=IF({base}>={{minimum}},ROUND({base}*{{share}},2),0)")
    straddling = next((line for line, one in enumerate(periods) if month_of(one.due_day) >= start), -1)
    for line, period in enumerate(periods):
        _period(returns, line, period, start, say)
        returns.put(line, "last_year", _last_year(line, periods, setting, first))
        known = sum(setting.before[max(period.first - first, 0) : max(period.last - first + 1, 0)])
        returns.put(line, "known", known)
        returns.put(line, "more", f"={{{name}.more!}}" if line == straddling else 0.0)
        on_account = f"=SUMIF({parts.column('line')},{line + 1},{parts.column('amount')})"
        returns.put(line, "on_account", on_account if pairs else 0.0)
        if period.last < start + months:
            _settled(returns, line, due, calendar)
    formula = f"SUMIF({returns.column('due_month')},{{month}},{returns.column('paid')})"
    if calendar.credits == "carried":
        formula += f"-SUMIF({returns.column('claim_month')},{{month}},{returns.column('claimed')})"
    if pairs:
        formula += f"+SUMIF({parts.column('due_month')},{{month}},{parts.column('amount')})"
    return formula


def _period(returns: List, line: int, period: VatPeriod, start: int, say: Speaker) -> None:
    abroad = period.regime in ("oss", "ioss")
    name = f"planning.book.scheme.{period.regime}" if abroad else f"vat_regime.{period.regime}"
    returns.put(line, "regime", say(name))
    returns.put(line, "first", float(period.first - start), "number")
    returns.put(line, "last", float(period.last - start), "number")
    returns.put(line, "due_day", say.day(as_date(period.due_day)))
    returns.put(line, "due_month", float(month_of(period.due_day) - start), "number")


def _settled(returns: List, line: int, due: str, calendar: VatCalendar) -> None:
    """What a return declares, sets off and pays."""
    inside = f'SUMIFS({{{due}:}},{{month:}},">="&{{first}},{{month:}},"<="&{{last}})'
    returns.put(line, "tax", f"={inside}+{{known}}")
    carried = calendar.credits == "carried"
    returns.put(line, "credit", "={left-1}" if carried and line else 0.0)
    returns.put(line, "balance", "=ROUND({tax}-{on_account}-{credit}+{more},2)")
    returns.put(line, "paid", "=MAX({balance},0)" if carried else "={balance}")
    if carried:
        spare = "MAX(-{balance},0)"
        from_sum = min(calendar.claimed_from, 1e12)
        returns.put(line, "claimed", f"=IF({spare}>={from_sum:.2f},{spare},0)")
        returns.put(line, "claim_month", f"={{due_month}}+{calendar.claim_months}", "number")
        returns.put(line, "left", f"={spare}-{{claimed}}")


def _last_year(line: int, periods: list[VatPeriod], setting: VatSetting, first: int) -> str | float:
    """The tax of the last whole year before a return: what its payments on account are a share of."""
    for back in range(1, line + 1):
        if periods[line - back].first >= first:
            return f"={{tax-{back}}}"
    return 0.0 if math.isnan(setting.tax_last_year) else setting.tax_last_year


def _list(sheet: Sheet, heads: tuple[str, ...], lines: int, say: Speaker) -> List:
    return List(sheet, {head: say(f"planning.book.{head}") for head in heads}, lines)
