"""What a country's law grants on an invoice that another firm pays late, on a day."""

from __future__ import annotations

from datetime import date

from echannel.countries.dated import in_force_on
from echannel.countries.pack import CountryPack
from echannel.countries.taxes import ReferenceRate
from echannel.metrics.planning.rules import LateLaw


def reference_rate(pack: CountryPack, on: date) -> ReferenceRate | None:
    """The central bank's rate that the law on late payment names, for the half-year of a day."""
    law = pack.payment_law_on(on)
    if law is None or pack.taxes is None:
        return None
    rates = (rate for rate in in_force_on(pack.taxes.reference_rates, on) if rate.name == law.interest_over)
    return next(rates, None)


def late_law(pack: CountryPack, on: date) -> LateLaw | None:
    """Interest, fixed sums and longest terms on a day; None where law or rate are not known.

    A bill on its way is named (``bill_days``) and never computed with.
    """
    law, rate = pack.payment_law_on(on), reference_rate(pack, on)
    if law is None or rate is None or law.interest_margin is None:
        return None
    fees = ((one.amount, one.below if one.below is not None else float("inf")) for one in law.recovery_fees)
    bills = [bill.max_days for bill in pack.payment_bills if bill.max_days is not None]
    return LateLaw(
        interest_rate=rate.rate + law.interest_margin,
        fees=tuple(sorted(fees, key=lambda fee: fee[1])),
        max_days=law.max_days,
        bill_days=min(bills, default=None),
    )
