"""Payment terms between firms: what the law says when, and what a late payer owes."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from echannel.countries.dated import Dated, Strict


class RecoveryFee(Strict):
    """The fixed sum a late payer owes, for debts below ``below`` (none: any debt)."""

    amount: float
    below: float | None = None


class PaymentLaw(Dated):
    """Payment terms between firms.

    ``default_days`` holds when the parties agreed nothing; ``max_days`` (from the invoice) and
    ``max_days_end_of_month`` are the longest terms a contract may set, None where the law sets
    none; beyond ``fair_days`` a term must not be grossly unfair to the supplier. Late interest is
    ``interest_margin`` above the reference rate ``interest_over``.
    """

    default_days: int
    max_days: int | None = None
    max_days_end_of_month: int | None = None
    fair_days: int | None = None
    recovery_fees: tuple[RecoveryFee, ...] = ()
    interest_over: str | None = None
    interest_margin: float | None = None

    def default_due(self, invoiced: date) -> date:
        """When an invoice is due if the parties agreed nothing.

        Counted from the invoice; the law counts from delivery or receipt where that comes later,
        which sales data does not tell.
        """
        return invoiced + timedelta(days=self.default_days)

    def latest_due(self, invoiced: date) -> dict[str, date]:
        """The latest days a contract may set, by way of counting; empty where the law sets none.

        ``days``: that many days after the invoice. ``end_of_month_then_days`` and
        ``days_then_end_of_month``: the two lawful ways to count "end of month"; the contract must
        say which.
        """
        latest = {}
        if self.max_days is not None:
            latest["days"] = invoiced + timedelta(days=self.max_days)
        if self.max_days_end_of_month is not None:
            span = timedelta(days=self.max_days_end_of_month)
            latest["end_of_month_then_days"] = _end_of_month(invoiced) + span
            latest["days_then_end_of_month"] = _end_of_month(invoiced + span)
        return latest

    def recovery_fee(self, debt: float) -> float:
        """The fixed sum owed for one late invoice of ``debt`` (the country's currency); 0 if none."""
        for fee in sorted(self.recovery_fees, key=lambda fee: fee.below or float("inf")):
            if fee.below is None or debt < fee.below:
                return fee.amount
        return 0.0


class PaymentBill(Strict):
    """A law that is on its way and **not in force**: shown as such, never computed with."""

    name: str
    max_days: int | None = None
    not_before: date | None = None
    source: str
    checked: date | None = None


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
