"""What the cards of the planning page share: months, fiscal years, lines in words, sums by year."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from echannel.locale import Speaker
from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.inputs import PlanInputs
from echannel.views.cards import Rows
from echannel.views.context import View
from echannel.views.tables import Column, Table, currency_sign

YEAR = 12


@dataclass(frozen=True)
class FiscalYear:
    """A fiscal year as far as the plan has it: its first and last month (numbers), and where they stand."""

    first: int
    last: int
    at: slice

    @property
    def months(self) -> int:
        """How many of its months the plan has."""
        return self.at.stop - self.at.start

    @property
    def whole(self) -> bool:
        """Whether the plan has all of it."""
        return self.months == YEAR


@lru_cache(maxsize=1_024)
def period_of(month: int) -> pd.Period:
    """A month number as a calendar month."""
    return pd.Period(ordinal=int(month), freq="M")


def calendar(inputs: PlanInputs) -> list[pd.Period]:
    """The plan's months."""
    return [period_of(month) for month in inputs.calendar]


def fiscal_years(inputs: PlanInputs) -> list[FiscalYear]:
    """The fiscal years that the plan touches; the first and the last may be cut."""
    number = (inputs.calendar - (inputs.fiscal_year_start_month - 1)) // YEAR
    found = []
    for year in np.unique(number):
        at = np.flatnonzero(number == year)
        first = int(year) * YEAR + inputs.fiscal_year_start_month - 1
        found.append(FiscalYear(first, first + YEAR - 1, slice(int(at[0]), int(at[-1]) + 1)))
    return found


def year_name(say: Speaker, year: FiscalYear) -> str:
    """How a column calls a fiscal year: a calendar year by its number, another by its last month."""
    last = period_of(year.last)
    name = str(last.year) if last.month == YEAR else say("planning.year_to", month=last)
    return name if year.whole else say("planning.part_of_year", year=name, n=year.months)


def by_year(values: np.ndarray, years: list[FiscalYear]) -> list[float]:
    """The sum of a monthly line over each fiscal year."""
    return [float(np.round(values[year.at].sum(), 2)) for year in years]


def at_year_ends(values: np.ndarray, years: list[FiscalYear]) -> list[float]:
    """A balance at the last month that the plan has of each fiscal year."""
    return [float(values[year.at.stop - 1]) for year in years]


def line_in_words(say: Speaker, name: str) -> str:
    """A line of the plan's statements, named."""
    return say(f"planning.line.{name}")


@lru_cache(maxsize=1_024)
def first_day(month: int) -> pd.Timestamp:
    """The first day of a month number."""
    return period_of(month).to_timestamp()


def rows(view: View) -> Rows:
    """What a plan rests on: the orders of all days."""
    sales = view.sme.sales
    return view.rows(len(sales.orders), "orders", sales)


def months_table(
    view: View,
    name: str,
    lines: Sequence[tuple[str, np.ndarray]],
    made: Plan,
    basis: str,
    totals: Collection[str] = (),
) -> Table:
    """Lines of a plan by month: a row a line, a column a month; ``basis`` says whether VAT is in."""
    say, months = view.say, calendar(made.inputs)
    frame = pd.DataFrame(
        {"line": [words for words, _ in lines]}
        | {f"m{at}": [float(values[at]) for _, values in lines] for at in range(len(months))}
    )
    columns = (
        Column("line", "planning_line"),
        *(Column(f"m{at}", "month", "money") for at in range(len(months))),
    )
    return _labelled(view, name, frame, columns, [say.month(month) for month in months], basis, totals)


def years_table(
    view: View,
    name: str,
    lines: Sequence[tuple[str, Sequence[float]]],
    made: Plan,
    basis: str,
    totals: Collection[str] = (),
) -> Table:
    """Lines of a plan by fiscal year: a row a line, a column a year."""
    years = fiscal_years(made.inputs)
    frame = pd.DataFrame(
        {"line": [words for words, _ in lines]}
        | {f"y{at}": [float(values[at]) for _, values in lines] for at in range(len(years))}
    )
    columns = (
        Column("line", "planning_line"),
        *(Column(f"y{at}", "month", "money") for at in range(len(years))),
    )
    return _labelled(view, name, frame, columns, [year_name(view.say, year) for year in years], basis, totals)


def _labelled(
    view: View,
    name: str,
    frame: pd.DataFrame,
    columns: tuple[Column, ...],
    labels: list[str],
    basis: str,
    totals: Collection[str],
) -> Table:
    say = view.say
    unit = say(basis, currency=currency_sign(say, say.currency))
    summed = frozenset(np.flatnonzero(frame["line"].isin(list(totals))).tolist())
    return Table(name, frame, columns, say.currency, (unit, *labels), summed)


def told_years(years: Sequence[FiscalYear]) -> list[int]:
    """The places of the financial years worth a sentence: whole ones, or all where none is whole."""
    return [at for at, year in enumerate(years) if year.whole] or list(range(len(years)))
