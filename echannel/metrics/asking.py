"""Any question of one's own tables: which rows, grouped by what, measured how.

Definitions
-----------
- Rows are narrowed first (days, both included, and values of fields), then grouped, then measured.
- ``sum``, ``mean`` and ``median`` are of the known values of a measure; rows where it is unknown are left
  out and counted in ``Answer.unknown``. ``count`` counts rows, ``distinct`` the different known values.
- Groups beyond the ``most`` largest become one, :data:`OTHERS`, and are measured as one: a sum over all
  groups is then still the sum of all rows.
- A row that names no value of a field is in the group :data:`UNKNOWN`, never left out.
- Groups of days are numbered: ``day`` days since 1970-01-01, ``week`` the day of its Monday, ``month``
  months since 1970-01, ``quarter`` the first of its months, ``year`` the year, ``weekday`` 0 (Monday) to 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

How = Literal["sum", "mean", "median", "count", "distinct"]
Step = Literal["day", "week", "month", "quarter", "year", "weekday"]
HOWS: tuple[str, ...] = get_args(How)
STEPS: tuple[str, ...] = get_args(Step)

UNKNOWN = "\x00unknown"
OTHERS = "\x00others"
_MONDAY = 4  # 1970-01-05 was one
_MOST_ACROSS = 12


@dataclass(frozen=True)
class Question:
    """One question of one subject's rows; plain values only, so that it can be kept as JSON.

    ``by`` groups the rows, ``across`` spreads a second grouping over columns ("" for none); ``step`` is how
    days are grouped where one of them is ``day``. ``only`` keeps the rows whose field is one of some values.
    """

    subject: str
    measure: str
    how: How = "sum"
    by: str = ""
    across: str = ""
    step: Step = "month"
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: int | None = None
    until: int | None = None
    most: int = 20

    def as_json(self) -> dict[str, Any]:
        """The question as plain JSON values."""
        return asdict(self) | {"only": [[field, list(values)] for field, values in self.only]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Question:
        """The question that :meth:`as_json` wrote; ``ValueError`` for anything else."""
        try:
            only = tuple((str(field), tuple(map(str, values))) for field, values in kept["only"])
            question = cls(**{**kept, "only": only})
        except (KeyError, TypeError, ValueError):
            raise ValueError("not a question") from None
        if question.how not in HOWS or question.step not in STEPS:
            raise ValueError("not a question")
        return question


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes
    ----------
    frame : ``group`` (one row where the question groups by nothing) and ``value``, or with ``across`` one
        column per group of it, named as the group is. Days ascend; other groups descend by value, with
        :data:`OTHERS` last.
    total : the measure over all rows asked for, not the sum of what is shown; NaN where no value is known.
    rows, unknown : rows asked for; those of them whose measure is unknown.
    folded : groups that are in :data:`OTHERS`.
    """

    frame: pd.DataFrame
    total: float
    rows: int
    unknown: int
    folded: int


def answer(frame: pd.DataFrame, question: Question) -> Answer:
    """The answer to a question of ``frame``: fields as columns, ``day`` an int day where there is one."""
    asked = _narrowed(frame, question)
    values = _measured(asked, question)
    known = values.notna().to_numpy()
    total = _one(values[known], question.how)
    if not question.by:
        found = pd.DataFrame({"group": [""], "value": [total]})
        return Answer(found, total, len(asked), int((~known).sum()), 0)
    rows, values = asked[known], values[known]
    groups, folded = _folded(_groups(rows, question.by, question.step), values, question, question.most)
    if question.across:
        columns, more = _folded(
            _groups(rows, question.across, question.step), values, _of_columns(question), _MOST_ACROSS
        )
        grid = _aggregate(values, [groups, columns], question.how).unstack()  # noqa: PD010 - of a series
        folded += more
        grid = grid.reindex(columns=_ordered(list(grid.columns), question.across))
    else:
        grid = _aggregate(values, [groups], question.how).to_frame("value")
    if question.by == "day":
        grid = _without_gaps(grid, question)
    else:
        grid = grid.loc[_ordered_by_value(_aggregate(values, [groups], question.how))]
    table = grid.rename_axis("group").reset_index()
    table.columns = pd.Index([str(name) for name in table.columns])
    return Answer(table, total, len(asked), int((~known).sum()), folded)


def _narrowed(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    keep = np.ones(len(frame), dtype=bool)
    if question.since is not None and "day" in frame:
        keep &= frame["day"].to_numpy() >= question.since
    if question.until is not None and "day" in frame:
        keep &= frame["day"].to_numpy() <= question.until
    for field, values in question.only:
        keep &= _named(frame[field]).isin(values).to_numpy()
    return frame if keep.all() else frame[keep]


def _measured(frame: pd.DataFrame, question: Question) -> pd.Series:
    if question.how == "count":
        return pd.Series(1.0, index=frame.index)
    return frame[question.measure]


def _named(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), UNKNOWN).map(str)


def _groups(frame: pd.DataFrame, field: str, step: str) -> pd.Series:
    if field != "day":
        return _named(frame[field])
    return pd.Series(of_days(frame["day"].to_numpy(), step), index=frame.index)


def of_days(days: np.ndarray, step: str) -> np.ndarray:
    """The number of the week, month … (see the module) that each local day lies in."""
    days = np.asarray(days, dtype=np.int64)
    if step == "day":
        return days
    weekday = (days - _MONDAY) % 7
    if step == "week":
        return days - weekday
    if step == "weekday":
        return weekday
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if step == "month":
        return months
    return months - months % 3 if step == "quarter" else 1970 + months // 12


def _folded(groups: pd.Series, values: pd.Series, question: Question, most: int) -> tuple[pd.Series, int]:
    """The groups with all but the ``most`` largest as one; days are never folded."""
    if question.by == "day" or groups.nunique() <= most:
        return groups, 0
    sizes = _aggregate(values, [groups], question.how).abs().sort_values(ascending=False, kind="stable")
    kept = set(sizes.index[:most])
    return groups.where(groups.isin(kept), OTHERS), len(sizes) - len(kept)


def _of_columns(question: Question) -> Question:
    return Question(question.subject, question.measure, question.how, by=question.across, step=question.step)


def _aggregate(values: pd.Series, groups: Sequence[pd.Series], how: str) -> pd.Series:
    grouped = values.groupby([group.to_numpy() for group in groups], sort=True)
    if how == "distinct":
        return grouped.nunique().astype(float)
    return grouped.agg("sum" if how == "count" else how).astype(float)


def _one(values: pd.Series, how: str) -> float:
    if how in ("count", "distinct"):
        return float(len(values) if how == "count" else values.nunique())
    return float(values.agg(how)) if len(values) else float("nan")


def _ordered(groups: list[Any], field: str) -> list[Any]:
    return sorted(groups, key=lambda name: (name == OTHERS, name == UNKNOWN, name if field == "day" else ""))


def _without_gaps(grid: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Days, weeks … in which nothing happened: nothing was summed or counted, and no mean is known."""
    stride = {"week": 7, "quarter": 3}.get(question.step, 1)
    if not len(grid):
        return grid
    every = np.arange(grid.index.min(), grid.index.max() + 1, stride)
    return grid.reindex(every, fill_value=np.nan if question.how in ("mean", "median") else 0.0)


def _ordered_by_value(sizes: pd.Series) -> list[Any]:
    names = list(sizes.sort_values(ascending=False, kind="stable").index)
    return [name for name in names if name != OTHERS] + [name for name in names if name == OTHERS]
