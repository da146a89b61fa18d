"""What is at hand when an SME's plan is put together, and what comes of it on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from echannel.countries.trade import customs_area
from echannel.metrics.periods import Period, month_of
from echannel.metrics.planning import history, observed
from echannel.metrics.planning.assumed import Assumptions
from echannel.plan_carried import Carried
from echannel.plan_ledger import LedgerFacts, ledger_facts
from echannel.planning_profile import PlanningProfile, month_number

if TYPE_CHECKING:
    from echannel.metrics.planning.turnover_forecast import TurnoverForecast
    from echannel.sme import Sme

_ONE_STOP_FROM = (
    10_000.0  # Directive 2006/112/EC art. 59c: a year's sales to consumers in other member states
)


@dataclass
class Known:
    """One SME's data and profile; ``notes`` and ``reasons`` gather while its plan is made.

    ``period``: its last complete year; ``past``: its months; ``streams``: what the year tells of each;
    ``carried``: the months between the books' end and the plan's start, where there are some;
    ``registered_from``: month from which a firm outside VAT charges it; ``then``: what is put together is the
    months carried themselves.
    """

    sme: Sme
    forecast: TurnoverForecast
    told: PlanningProfile
    start: int
    period: Period | None
    past: pd.DataFrame
    streams: dict[str, observed.StreamFacts]
    books: LedgerFacts
    carried: Carried | None = None
    registered_from: int | None = None
    then: bool = False
    notes: Assumptions = field(default_factory=Assumptions)
    reasons: list[str] = field(default_factory=list)


def known_of(sme: Sme, forecast: TurnoverForecast) -> Known:
    """What an SME's tables, books and profile tell.

    The plan starts in the month after the data's last one; without data, after the one in which it was looked
    for.
    """
    told, sales = sme.profile.planning, sme.sales
    looked = pd.Timestamp(sme.manifest.synced_at).tz_localize(None).normalize()
    last = sales.last_day if len(sales.orders) else (looked - pd.Timestamp(0)).days
    period = observed.last_year(sales)
    start = month_number(told.start) if told.start else month_of(last) + 1
    return Known(
        sme=sme,
        forecast=forecast,
        told=told,
        start=start,
        period=period,
        past=history.monthly(sales),
        streams=_streams(sme, period),
        books=ledger_facts(sme.table("ledger"), sme.profile.country, start),
    )


def _streams(sme: Sme, period: Period | None) -> dict[str, observed.StreamFacts]:
    """By stream; consumers in other member states are one of their own above the one-stop shop's limit."""
    if period is None:
        return {}
    home, orders = sme.profile.country, sme.table("orders")
    seen = {str(one) for one in sme.sales.entries["country"].dropna().unique()}
    union = {one for one in seen if one != home and customs_area(one) == "EU"}
    if customs_area(home) == "EU" and union:
        found = observed.streams_of(sme.sales, orders, period, union)
        if "abroad" in found and found["abroad"].turnover > _ONE_STOP_FROM:
            return found
    return observed.streams_of(sme.sales, orders, period)
