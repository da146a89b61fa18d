"""How a plan opens: what is there and owed on its first day, stock to keep, and VAT and tax under way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from echannel.metrics.inventory.stock import stock_value
from echannel.metrics.periods import month_of, month_start
from echannel.metrics.planning import observed
from echannel.metrics.planning.assumed import Found
from echannel.metrics.planning.corporation_tax import tax_so_far
from echannel.metrics.planning.inputs import Amounts, MadeBy, OpeningBalance, PlanInputs, StockPolicy
from echannel.metrics.planning.rules import PlanRules, TaxSetting, VatSetting
from echannel.metrics.planning.vat import open_since
from echannel.metrics.result import OK
from echannel.plan_known import Known

_MONTHS_BEFORE = 3  # of VAT that no return has settled yet
_MOST_COVER = 730.0  # days; more is dead stock, which nobody buys again


def opening_of(known: Known, inputs: PlanInputs, rules: PlanRules) -> OpeningBalance:
    """What is there at the start, on the day before it: as entered, else as the books say, carried on from
    their last month end. Without books, stock and open invoices are those of the data's last day."""
    told, held = known.told.opening, _held(known)
    take, nan = known.notes.take, float("nan")
    rolled, day = _of_day(known)
    reason = "reason.planning.rolled_forward" if rolled else "reason.planning.booked_balance"
    seen, fresh = _data_end(known)
    of_books = rolled or known.then or not fresh  # the shop's figures are of another day

    def booked(name: str) -> Found:
        return Found(held.get(name, nan), "ledger", reason, day=day)

    if told.cash is None and np.isnan(held.get("cash", nan)):
        known.reasons.append("reason.planning.cash_unknown")
    value, stock_reason = (nan, "") if known.then else stock_seen(known)
    of_stock = Found(value, "history", "reason.planning.from_stock", stock_reason, seen)
    charges = float(rules.vat.registered[0])
    gross = {
        one.name: float(one.turnover[0, 0]) * (1 + float(one.vat_rate) * charges) for one in inputs.streams
    }
    waiting = sum(
        amount / 30 * float(one.terms.days)
        for one, amount in zip(inputs.streams, gross.values(), strict=True)
        if one.kind == "b2c"
    )
    bought = sum(float(one.volume[0, 0]) * float(one.cost_share) for one in inputs.streams)
    open_now = observed.open_invoices(known.sme.sales) if "b2b" in gross else 0.0
    owed = bought * (1 + float(inputs.purchase_vat_rate)) / 30 * float(inputs.purchase_terms.days)
    owed += _bills_open(inputs)
    pay = sum(
        float(one.gross)
        for one in inputs.staff
        if one.first < known.start and (one.last or known.start) >= known.start
    )
    social = pay * (float(rules.payroll.rate[0]) + rules.payroll.withheld) if len(rules.payroll.rate) else 0.0
    usual = "reason.planning.follows_from_terms"
    return OpeningBalance(
        cash=take(
            "opening_cash",
            "money",
            told.cash,
            booked("cash"),
            Found(0.0, "default", "reason.planning.cash_unknown"),
        ),
        stock=take(
            "opening_stock",
            "money",
            told.stock,
            *((of_stock, booked("stock")) if fresh else (booked("stock"), of_stock)),
            Found(0.0, "default", "reason.planning.stock_unknown"),
        ),
        receivables=take(
            "opening_receivables",
            "money",
            told.receivables,
            Found(held.get("receivables", nan) if of_books else nan, "ledger", reason, day=day),
            Found(open_now + waiting, "history", "reason.planning.from_payments", day=seen),
            booked("receivables"),
            Found(0.0, "default", usual),
        ),
        payables=take(
            "opening_payables", "money", told.payables, booked("payables"), Found(owed, "default", usual)
        ),
        social_payable=take(
            "opening_social",
            "money",
            told.social,
            booked("staff_and_social"),
            Found(social, "default", usual),
            quiet=True,
        ),
        fixed_assets=take(
            "opening_fixed_assets",
            "money",
            told.fixed_assets,
            booked("fixed_assets"),
            Found(0.0, "default", "reason.planning.not_entered"),
            quiet=True,
        ),
        fixed_assets_months=int(told.fixed_assets_months.value) if told.fixed_assets_months else 36,
    )


def _bills_open(inputs: PlanInputs) -> float:
    """What the month before left unpaid of carriage and overheads, incl. VAT: as much as the plan's first
    month leaves under the same terms."""
    carriage = sum(float(one.volume[0, 0]) * float(one.carriage_rate) for one in inputs.streams)
    bills = [(carriage * (1 + float(inputs.carriage_vat_rate)), inputs.carriage_terms)]
    sold = float(inputs.turnover[0, 0])
    for one in inputs.costs:
        amount = _first(one.amount) + _first(one.of_turnover) * sold
        bills.append((amount * (1 + _first(one.vat_rate)), one.terms))
    return sum(amount / 30 * _first(terms.days) for amount, terms in bills)


def _first(amounts: Amounts) -> float:
    return float(np.ravel(np.asarray(amounts, dtype=float))[0])


def _held(known: Known) -> Mapping[str, float]:
    """Balances of the books by line: of their last month's end, or carried on from it."""
    return known.carried.held if _of_day(known)[0] and known.carried else known.books.balances


def _of_day(known: Known) -> tuple[bool, int | None]:
    """Whether balances are carried on from the books, and the day that they are of."""
    if known.books.end < 0:
        return False, None
    rolled = known.carried is not None
    return rolled, month_start(known.start if rolled else known.books.end + 1) - 1


def _data_end(known: Known) -> tuple[int | None, bool]:
    """The data's last day, and whether it lies in the month before the plan."""
    if not len(known.sme.sales.orders):
        return None, False
    return known.sme.sales.last_day, month_of(known.sme.sales.last_day) == known.start - 1


def stock_seen(known: Known) -> tuple[float, str]:
    """The stock at cost on the data's last day, or NaN and why."""
    row = stock_value(known.sme.inventory).iloc[0]
    return float(row["value"]) if row["status"] == OK else float("nan"), str(row["reason"])


def stock_policy(known: Known, inputs: PlanInputs) -> StockPolicy:
    """Days of the coming cost of sales that the stock lasts today, kept up."""
    stock = next((one.value for one in known.notes.made if one.name == "opening_stock"), 0.0)
    coming = sum(one.volume[0, :12].sum() * float(one.cost_share) for one in inputs.streams)
    days = stock / (coming / 365) if stock > 0 and coming > 0 else float("nan")
    days = min(days, _MOST_COVER) if np.isfinite(days) else days
    taken = known.notes.take(
        "stock_cover_days",
        "days",
        known.told.stock_cover_days,
        Found(days, "history", "reason.planning.from_stock"),
    )
    if np.isnan(taken):
        known.reasons.append("reason.planning.stock_unknown")
    return StockPolicy(taken)


def vat_setting(known: Known, inputs: PlanInputs, rules: PlanRules) -> VatSetting:
    """VAT of the last months, for returns that straddle the start; and what the books owe."""
    told, booked = known.told.opening.vat, _held(known).get("vat", float("nan"))
    rolled, day = _of_day(known)
    reason = "reason.planning.rolled_forward" if rolled else "reason.planning.booked_balance"
    opening = None
    if told is not None or not np.isnan(booked):
        opening = known.notes.take("opening_vat", "money", told, Found(booked, "ledger", reason, day=day))
    if not known.sme.profile.vat.registered or not inputs.streams:
        return VatSetting(opening=opening)
    turnover = inputs.turnover[0]
    total = max(float(turnover[:12].sum()), 1e-9)
    charged = sum(
        float(one.turnover[0, :12].sum()) * float(one.vat_rate)
        for one in inputs.streams
        if one.vat_scheme == "domestic"
    )
    bought = sum(float(one.turnover[0, :12].sum()) * float(one.cost_share) for one in inputs.streams)
    carried = sum(float((one.turnover[0, :12] * one.carriage_rate).sum()) for one in inputs.streams)
    bills = sum(
        (12 * _first(one.amount) + _first(one.of_turnover) * total) * _first(one.vat_rate)
        for one in inputs.costs
    )
    deductible = bought * float(inputs.purchase_vat_rate) + carried * float(inputs.carriage_vat_rate) + bills
    net = (charged - deductible) / total
    months = dict(zip(known.past["month"], known.past["turnover"].where(known.past["complete"]), strict=True))
    usual = total / 12
    since = open_since(rules.vat, known.start)

    def vat_of(month: int) -> float:
        sold = months.get(month, np.nan)
        return round((usual if np.isnan(sold) else float(sold)) * net, 2)

    # Of a yearly return, the year before sets the payments on account.
    yearly = any(one.instalments and one.last >= since for one in rules.vat.periods)
    return VatSetting(
        before=tuple(map(vat_of, range(min(since, known.start - _MONTHS_BEFORE), known.start))),
        opening=opening,
        tax_last_year=sum(map(vat_of, range(since - 12, since))) if yearly else float("nan"),
    )


def tax_setting(known: Known, rules: PlanRules) -> TaxSetting:
    """What is known of corporation tax before the plan; nothing for a sole trader.

    Books charge it at the year's end, so the tax on the profit of the year under way is owed on top of what
    they show. What is carried on from them has it already. Without books, that profit is reckoned from what
    was sold, at the plan's own margin and costs.
    """
    told, nan = known.told.opening, float("nan")
    if known.told.legal_form == "sole_trader":
        return TaxSetting()
    for name, one in (("tax_last_year", told.tax_last_year), ("losses", told.losses)):
        if one is not None:
            known.notes.note(name, one.value, "money", one.by, "reason.planning.entered", note=one.note)
    losses = told.losses.value if told.losses else 0.0
    rolled, day = _of_day(known)
    year = next((one for one in rules.tax_years if one.first < known.start <= one.last), None)
    so_far, how = _profit_so_far(known, year.first if year else known.start)
    on_it = tax_so_far(so_far, losses, year) if year is not None and not np.isnan(so_far) else 0.0
    if year is not None and not np.isnan(so_far):
        made: MadeBy = "default" if how == _RECKONED else "ledger"
        known.notes.note("profit_so_far", so_far, "money", made, how)
    booked = _held(known).get("other_tax", nan) + (0.0 if rolled else on_it)
    reason = "reason.planning.rolled_forward" if rolled else "reason.planning.booked_balance"
    opening = known.notes.take(
        "opening_tax",
        "money",
        told.corporation_tax,
        Found(booked, "ledger", reason, day=day),
        Found(on_it if how == _RECKONED and year is not None else nan, "default", _RECKONED),
        Found(0.0, "default", "reason.planning.not_entered"),
    )
    unknown = told.corporation_tax is None and np.isnan(booked)
    return TaxSetting(
        losses=losses,
        profit_so_far=0.0 if np.isnan(so_far) else so_far,
        tax_last_year=told.tax_last_year.value
        if told.tax_last_year
        else _tax_of_closed(known, rules, losses),
        opening=None if unknown else opening,
    )


_RECKONED = "reason.planning.year_reckoned"


def _profit_so_far(known: Known, first: int) -> tuple[float, str]:
    """Profit before tax from month ``first`` to the plan's start, NaN where unknown, and on what it rests."""
    books, on = known.books, known.carried
    if books.end < 0:
        if on is None or known.then:
            return float("nan"), ""
        return on.profit_between(first, known.start), _RECKONED
    booked = books.profit_between(first, min(on.since if on else known.start, known.start))
    if on is None or known.then:
        return booked, "reason.planning.year_under_way"
    if first < on.since and np.isnan(booked):  # tax of the year stands among the balances
        return float("nan"), ""
    return float(np.nan_to_num(booked)) + on.profit_between(
        first, known.start
    ), "reason.planning.year_carried"


def _tax_of_closed(known: Known, rules: PlanRules, losses: float) -> float:
    """Tax of an accounting year that closed between the books' end and the plan; NaN where none did."""
    on = known.carried
    if on is None or known.then or known.books.end < 0:
        return float("nan")
    year = next((one for one in rules.tax_years if on.since <= one.last < known.start), None)
    booked = known.books.profit_between(year.first, on.since) if year else float("nan")
    if year is None or np.isnan(booked):
        return float("nan")
    return tax_so_far(booked + on.profit_between(year.first, year.last + 1), losses, year)
