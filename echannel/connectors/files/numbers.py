"""Numbers as people and programs write them, in one column read in one way.

A point or a comma is ambiguous in a single cell ("1,234"), hardly ever in a column: every cell that can
be read in one way only is evidence for the others; then the other columns of the file, then a hint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

_CURRENCY = r"(?:£GB|GB£|US\$|\$US|CA\$|AU\$|\$CA|[€£$¥₤]|EUR|GBP|USD|CHF|[A-Z]{3})"
_TAX_WORD = r"(?:HT|TTC|H\.T\.|T\.T\.C\.)"
_SHAPE = (
    rf"^(?P<opened>\()?(?P<sign1>[-+])?{_CURRENCY}?(?P<sign2>[-+])?"
    r"(?P<body>\d[\d_.,]{0,29}|[.,]\d{1,29})(?P<exponent>[eE][-+]?\d{1,2})?"
    rf"(?P<sign3>[-+])?{_CURRENCY}?{_TAX_WORD}?(?P<sign4>[-+])?(?P<percent>%)?(?P<closed>\))?$"
)
_BLANKS = r"[\s\u00a0\u202f\u2007\u2009'’]"
# How the body of a number may be built; the order matters: the first that fits is taken.
_KINDS = {
    "whole": r"\d+",
    "either": r"[1-9]\d{0,2}[.,]\d{3}",
    "point": r"\d*\.\d*|\d{1,3}(?:_\d{3})+\.\d*|\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}",
    "comma": r"\d*,\d*|\d{1,3}(?:_\d{3})+,\d*|\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,}",
    "spaced": r"\d{1,3}(?:_\d{3})+",
}


_NUMBER = re.compile(_SHAPE)
_KIND_PATTERNS = {name: re.compile(pattern) for name, pattern in _KINDS.items()}
_BETWEEN_DIGITS = re.compile(rf"(?<=\d){_BLANKS}(?=\d)")
_BLANK = re.compile(_BLANKS)
_DASHES = str.maketrans("\u2212\u2013", "--")
_NOTHING = ("", np.nan, np.nan, False)


@dataclass(frozen=True)
class NumberColumn:
    """The distinct cells of a column, taken apart: how each can be read, and what it is then."""

    codes: np.ndarray  # cell → distinct cell; -1: empty
    kinds: np.ndarray
    with_point: np.ndarray
    with_comma: np.ndarray
    percent: np.ndarray  # which distinct cells carry a percent sign

    @property
    def evidence(self) -> dict[str, int]:
        """How many distinct cells can only be read with a decimal point, and with a decimal comma."""
        return {".": int((self.kinds == "point").sum()), ",": int((self.kinds == "comma").sum())}

    @property
    def ambiguous(self) -> bool:
        """Whether some cell ("1,234") can be read in both ways."""
        return bool((self.kinds == "either").any())

    def values(self, decimal: str) -> tuple[np.ndarray, np.ndarray]:
        """The numbers, with ambiguous cells read by ``decimal``, and which cells are no number.

        An empty cell is NaN and not wrong. A percentage is a fraction: "5,5 %" is 0.055.
        """
        comma = (self.kinds == "comma") | ((self.kinds == "either") & (decimal == ","))
        numbers = np.append(np.where(comma, self.with_comma, self.with_point), np.nan)
        wrong = np.append(np.isnan(numbers[:-1]), False)
        return numbers[self.codes], wrong[self.codes]


def number_column(cells: pd.Series) -> NumberColumn:
    """A column of texts, its distinct cells taken apart: sign, currency, digits, percent."""
    codes, distinct = pd.factorize(cells.where(cells != ""))
    parts = [_parts(str(text)) for text in distinct]
    kinds, with_point, with_comma, percent = zip(*parts, strict=True) if parts else ((), (), (), ())
    return NumberColumn(
        codes,
        np.array(kinds, dtype=object),
        np.array(with_point, dtype="float64"),
        np.array(with_comma, dtype="float64"),
        np.array(percent, dtype=bool),
    )


@lru_cache(maxsize=100_000)
def _parts(text: str) -> tuple[str, float, float, bool]:
    """How a cell can be read (a name of ``_KINDS``; empty: not at all), its value with a decimal point, its
    value with a decimal comma, and whether it is a percentage. The same prices come again and again."""
    text = _BETWEEN_DIGITS.sub("_", text.translate(_DASHES).strip())
    found = _NUMBER.match(_BLANK.sub("", text))
    if found is None:
        return _NOTHING
    body = found["body"]
    kind = next((name for name, pattern in _KIND_PATTERNS.items() if pattern.fullmatch(body)), "")
    signs = "".join(found[f"sign{at}"] or "" for at in range(1, 5))
    bracketed = bool(found["opened"] and found["closed"])
    if not kind or bool(found["opened"]) != bool(found["closed"]) or len(signs) + bracketed > 1:
        return _NOTHING
    unit = (100 if found["percent"] else 1) * (-1 if signs == "-" or bracketed else 1)
    digits, exponent = body.replace("_", ""), found["exponent"] or ""
    with_point = _value(digits.replace(",", "") + exponent) / unit
    with_comma = _value(digits.replace(".", "").replace(",", ".") + exponent) / unit
    return kind, with_point, with_comma, bool(found["percent"])


def _value(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def decide_decimal(
    columns: dict[str, NumberColumn], decimal: str, hint: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The decimal mark of each column, and the columns where only the hint could decide.

    ``decimal``: the mark that the profile names, or ``auto``.
    """
    if decimal != "auto":
        return dict.fromkeys(columns, decimal), ()
    total = {mark: sum(column.evidence[mark] for column in columns.values()) for mark in ".,"}
    whole_file = _majority(total)
    decided, guessed = {}, []
    for name, column in columns.items():
        own = _majority(column.evidence)
        decided[name] = own or whole_file or hint
        if column.ambiguous and not (own or whole_file):
            guessed.append(name)
    return decided, tuple(guessed)


def _majority(evidence: dict[str, int]) -> str | None:
    if evidence["."] == evidence[","]:
        return None
    return "." if evidence["."] > evidence[","] else ","


def as_fractions(values: np.ndarray, cells: pd.Series) -> np.ndarray:
    """Rates as fractions: a column that holds "20" means per cent, one that holds "0.2" does not.

    Cells with a percent sign are fractions already.
    """
    bare = ~cells.str.contains("%", regex=False).to_numpy(dtype=bool)
    known = bare & np.isfinite(values)
    if known.any() and np.nanmax(np.abs(values[known])) > 1:
        return np.where(bare, values / 100, values)
    return values
