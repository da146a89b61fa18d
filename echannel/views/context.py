"""What a card sees: one SME's sales in the chosen period, the same a year before, and the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

import pandas as pd

from echannel.locale import Speaker
from echannel.metrics import periods
from echannel.metrics.names import names_by_id
from echannel.metrics.periods import Period
from echannel.metrics.turnover import Sales, as_date
from echannel.sme import Sme
from echannel.views.cards import Rows
from echannel.views.market_choice import MarketChoice
from echannel.views.plan_choice import PlanChoice

MOST_NARROWED = 6  # copies of the sales that a dashboard keeps, for a reader who goes back and forth
PERIODS = ("year", "quarter", "month", "year_to_date", "last_year", "all")
CURRENT_PERIODS = ("this_month", "this_quarter", "fiscal_year")  # those under way
CUSTOM = ".."  # between the two days of a period of the reader's own: "2026-01-05..2026-02-04"

Result = TypeVar("Result")


@dataclass(frozen=True)
class WhatIf:
    """What the reader of the inventory page tries; None: as the profile and the classes have it.

    ``service`` is one service level for every class; ``aim``: what it counts, "cycle" (orders without a
    stock-out) or "fill" (units served), or "margin": each product's own, from margin and holding cost;
    ``longer`` days added to every lead time, ``budget`` money for the next orders (inf: no limit); ABC
    classes by ``abc_by``, cut at these cumulative shares.
    """

    service: float | None = None
    aim: str = "cycle"
    longer: int = 0
    budget: float | None = None
    abc_by: str = "turnover"
    cut_a: float = 0.8
    cut_b: float = 0.95


@dataclass(frozen=True)
class Choice:
    """What the reader chose to look at; None: all of them.

    ``period`` is one of :data:`PERIODS` or :data:`CURRENT_PERIODS`, or two days (:data:`CUSTOM`).
    """

    period: str = "year"
    kind: str | None = None
    channel: str | None = None
    country: str | None = None
    stock: WhatIf = WhatIf()
    plan: PlanChoice = PlanChoice()
    market: MarketChoice = MarketChoice()


class View:
    """One SME as one reader looks at it: ``choice`` narrows the sales, ``say`` holds the words.

    ``whole`` keeps all days (for charts over time, and for metrics that take a period), ``sales`` the
    chosen ``period``.
    """

    def __init__(
        self,
        sme: Sme,
        say: Speaker,
        choice: Choice | None = None,
        memory: dict[tuple[Any, ...], Any] | None = None,
        mode: str = "report",
    ) -> None:
        self.sme = sme
        self.say = say
        self.choice = choice or Choice()
        self.mode = mode
        self._memory = {} if memory is None else memory
        self._kept: dict[Hashable, Any] = {}
        if memory is not None and memory is sme.memory:
            self._kept = memory.setdefault(("kept", self.choice), {})

    def chosen(self, choice: Choice) -> View:
        """The same SME and reader with another choice; what does not depend on it is kept."""
        return View(self.sme, self.say, choice, self._memory, self.mode)

    def in_language(self, language: str) -> View:
        """The same SME and choice for a reader of another language; what is computed has no words in it."""
        if language == self.say.language:
            return self
        return View(self.sme, self.sme.speaker(language), self.choice, self._memory, self.mode)

    def page_of(self, tool: str) -> str:
        """The address of another tool's page for the same SME and reader; "" in a notebook of one's own."""
        language = self.say.language
        if self.mode == "report":
            return f"{tool}.{language}.html"
        query = urlencode({"sme": self.sme.profile.id, "lang": language})
        return f"{tool}.ipynb?{query}" if self.mode == "live" else ""

    def of_all_days(self, metric: Callable[..., Result], *arguments: Any) -> Result:
        """``metric(whole, *arguments)``, computed once for a kind, channel and country, whatever the period.

        Models and cohorts look at a customer's whole history: a change of period leaves them as they are.
        """
        key = (metric, arguments, self.choice.kind, self.choice.channel, self.choice.country)
        if key not in self._memory:
            self._memory[key] = metric(self.whole, *arguments)
        return self._memory[key]

    def kept(self, name: Hashable, compute: Callable[[], Result]) -> Result:
        """``compute()``, done once for this choice: what the opening and a card both need.

        Where the result has words in it, ``name`` says in which language: reports share what is kept.
        """
        if name not in self._kept:
            self._kept[name] = compute()
        return self._kept[name]

    def figures(self, metric: Callable[..., Result], *arguments: Any) -> Result:
        """``metric(*arguments)``, done once for this choice, whichever card and language asks.

        Tables are told apart by which they are, plain values by what they are. Cards only read what they get.
        """
        key = (metric, *(id(one) if isinstance(one, pd.DataFrame | Sales) else one for one in arguments))
        # The arguments are kept too: no other table gets the number of one that is gone.
        return self.kept(key, lambda: (metric(*arguments), arguments))[0]

    def printed(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A paper that is the same whatever the page's language: reports share it, dashboards do not."""
        return self.kept(f"paper {name}", make) if self.mode == "report" else make()

    def once(self, name: str, compute: Callable[[], Result]) -> Result:
        """``compute()``, done once for this page, whatever the choice."""
        if (name,) not in self._memory:
            self._memory[(name,)] = compute()
        return self._memory[(name,)]

    def has(self, name: str) -> bool:
        """Whether it was done :meth:`once` already."""
        return (name,) in self._memory

    def forget(self, *names: str) -> None:
        """Has what was done :meth:`once` done again when it is next asked for."""
        for name in names:
            self._memory.pop((name,), None)

    @cached_property
    def whole(self) -> Sales:
        """All days of the chosen kind, channel and country."""
        return self.narrowed(self.choice.kind)

    def narrowed(self, kind: str | None) -> Sales:
        """All days of the chosen channel and country, for one kind of order (None: both)."""
        channel, country = self.choice.channel, self.choice.country
        key = ("narrowed", kind, channel, country)
        if key not in self._memory:
            older = [other for other in self._memory if other[0] == "narrowed"]
            for other in older[: max(0, len(older) - MOST_NARROWED + 1)]:
                del self._memory[other]
            self._memory[key] = self.sme.sales.select(
                kinds=[kind] if kind else None,
                channels=[channel] if channel else None,
                countries=[country] if country else None,
            )
        return self._memory[key]

    @cached_property
    def period(self) -> Period:
        """The chosen period, within what the data cover."""
        sales, fiscal = self.sme.sales, self.sme.profile.fiscal_year_start
        return period_named(self.choice.period, sales.first_day, sales.last_day, fiscal)

    @cached_property
    def sales(self) -> Sales:
        """The chosen part of the sales."""
        return self.kept("sales", lambda: self.whole.select(self.period.since, self.period.until))

    @cached_property
    def year_before(self) -> Period | None:
        """The same calendar days a year earlier, or None when the data do not reach back that far."""
        earlier = periods.year_before(self.period)
        if self.choice.period == "all" or earlier.since < self.sme.sales.first_day:
            return None
        return earlier

    @cached_property
    def compared(self) -> Period | None:
        """What the period is compared with: a year before, else the period just before, else nothing."""
        if self.year_before is not None or self.choice.period == "all":
            return self.year_before
        earlier = periods.preceding(self.period)
        return earlier if earlier.since >= self.sme.sales.first_day else None

    @cached_property
    def before(self) -> Sales | None:
        """The sales of the year before's days."""
        year = self.year_before
        return self.kept("before", lambda: self.whole.select(*year)) if year else None

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of order to show: those the SME is there for and has, or the one chosen."""
        if self.choice.kind:
            return (self.choice.kind,)
        orientation = self.sme.profile.orientation
        return ("b2c", "b2b") if orientation == "both" else (orientation,)

    def of_kind(self, kind: str) -> View:
        """The same view of one kind of order only."""
        if kind == self.choice.kind:
            return self
        name = f"kind {kind} {self.say.language}"
        return self.kept(name, lambda: self.chosen(replace(self.choice, kind=kind)))

    def rows(self, n: int, unit: str = "orders", sales: Sales | None = None) -> Rows:
        """Which rows a card rests on, in the days of ``sales`` (default: the chosen period)."""
        since = sales.first_day if sales else self.period.since
        until = sales.last_day if sales else self.period.until
        return Rows(int(n), unit, as_date(since), as_date(until))

    @cached_property
    def product_names(self) -> dict[str, str]:
        """Product names by id; where there is no name, the reference or the id itself."""
        products = self.sme.sales.products
        return names_by_id(products["product_id"], products["name"].fillna(products["sku"]))

    def product(self, product_id: object) -> str:
        """A product's name."""
        return self.product_names.get(str(product_id), str(product_id))


def period_named(name: str, first_day: int, last_day: int, fiscal_year_start: str = "01-01") -> Period:
    """The days that a period's name means, with data from ``first_day`` to ``last_day``.

    Whole months end with the last complete one: comparing half a month with a whole one misleads. Periods
    under way end with the data, and are compared with the same days a year before. ``fiscal_year_start`` is
    the firm's (``MM-DD``).
    """
    if name == "all" or last_day < first_day:
        return Period(first_day, last_day)
    last = as_date(last_day)
    if CUSTOM in name:
        return _between(name, first_day, last_day)
    if name in CURRENT_PERIODS:
        return Period(max(first_day, _start_of(name, last, fiscal_year_start)), last_day)
    if name == "year_to_date":
        return Period(max(first_day, day_of(pd.Timestamp(last.year, 1, 1))), last_day)
    if name == "last_year":
        until = day_of(pd.Timestamp(last.year - 1, 12, 31))
        if until >= first_day:
            return Period(max(first_day, day_of(pd.Timestamp(last.year - 1, 1, 1))), until)
    month = periods.month_of(last_day)
    if periods.month_start(month + 1) - 1 > last_day and periods.month_start(month) > first_day:
        month -= 1  # the last month is not complete
    months = {"quarter": 3, "month": 1}.get(name, 12)
    since = max(first_day, periods.month_start(month - months + 1))
    return Period(since, min(last_day, periods.month_start(month + 1) - 1))


def _between(name: str, first_day: int, last_day: int) -> Period:
    """The reader's own two days, in either order, as far as there are data; all days for what is no days."""
    try:
        days = sorted(day_of(pd.Timestamp(date.fromisoformat(text))) for text in name.split(CUSTOM, 1))
    except ValueError:
        return Period(first_day, last_day)
    since, until = max(days[0], first_day), min(days[1], last_day)
    return Period(since, until) if since <= until else Period(first_day, last_day)


def _start_of(name: str, last: pd.Timestamp, fiscal_year_start: str) -> int:
    """The first day of the month, quarter or fiscal year that ``last`` is in."""
    if name == "fiscal_year":
        month, day = (int(part) for part in fiscal_year_start.split("-"))
        began = last.year if (last.month, last.day) >= (month, day) else last.year - 1
        return day_of(pd.Timestamp(began, month, 1)) + day - 1
    month = last.month if name == "this_month" else 3 * ((last.month - 1) // 3) + 1
    return day_of(pd.Timestamp(last.year, month, 1))


def day_of(moment: pd.Timestamp) -> int:
    """Days since 1970-01-01."""
    return (moment.normalize() - pd.Timestamp(0)).days


def on_paper_too(card: Callable[[View], Result]) -> Callable[[View], Result]:
    """Marks a card that a report's page and its paper both show: it is made once for each language."""

    @wraps(card)
    def made(view: View) -> Result:
        if view.mode != "report":
            return card(view)
        name = f"card {card.__module__}.{card.__qualname__} {view.say.language}"
        return view.kept(name, lambda: card(view))

    return made
