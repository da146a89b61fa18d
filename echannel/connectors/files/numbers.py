"""Numbers as people and programs write them, in one column read in one way.

A point or a comma is ambiguous in a single cell ("1,234"), hardly ever in a column: every cell that can
be read in one way only is evidence for the others; then the other columns of the file, then a hint.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class NumberColumn:
    """The distinct cells of a column, taken apart but not yet valued."""

    codes: np.ndarray  # cell → distinct cell; -1: empty
    parts: pd.DataFrame

    @property
    def evidence(self) -> dict[str, int]:
        """How many distinct cells can only be read with a decimal point, and with a decimal comma."""
        counts = self.parts["kind"].value_counts()
        return {".": int(counts.get("point", 0)), ",": int(counts.get("comma", 0))}

    @property
    def ambiguous(self) -> bool:
        """Whether some cell ("1,234") can be read in both ways."""
        return bool((self.parts["kind"] == "either").any())

    def values(self, decimal: str) -> tuple[np.ndarray, np.ndarray]:
        """The numbers, with ambiguous cells read by ``decimal``, and which cells are no number.

        An empty cell is NaN and not wrong. A percentage is a fraction: "5,5 %" is 0.055.
        """
        parts = self.parts
        marks = np.where(parts["kind"] == "either", decimal, np.where(parts["kind"] == "comma", ",", "."))
        body = parts["body"].str.replace("_", "", regex=False)
        as_point = body.str.replace(",", "", regex=False)
        as_comma = body.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        text = pd.Series(np.where(marks == ",", as_comma, as_point), index=parts.index)
        numbers = pd.to_numeric(text + parts["exponent"].fillna(""), errors="coerce").to_numpy("float64")
        numbers = np.where(parts["negative"], -numbers, numbers)
        numbers = np.where(parts["percent"].notna(), numbers / 100, numbers)
        wrong = ~np.isfinite(numbers) | (parts["kind"] == "").to_numpy()
        numbers = np.append(np.where(wrong, np.nan, numbers), np.nan)
        return numbers[self.codes], np.append(wrong, False)[self.codes]


def number_column(cells: pd.Series) -> NumberColumn:
    """A column of texts, its distinct cells taken apart: sign, currency, digits, percent."""
    codes, distinct = pd.factorize(cells.where(cells != ""))
    texts = pd.Series(distinct, dtype=object).astype(str)
    texts = texts.str.replace("[\u2212\u2013]", "-", regex=True).str.strip()
    texts = texts.str.replace(rf"(?<=\d){_BLANKS}(?=\d)", "_", regex=True)
    texts = texts.str.replace(_BLANKS, "", regex=True)
    parts = texts.str.extract(_SHAPE)
    parts = parts.astype(object).where(parts.notna(), None)
    body = parts["body"].fillna("")
    kind = pd.Series("", index=parts.index)
    for name, pattern in reversed(_KINDS.items()):
        kind = kind.mask(body.str.fullmatch(pattern), name)
    first, second, third, fourth = (parts[f"sign{at}"].fillna("") for at in range(1, 5))
    signs = first + second + third + fourth
    bracketed = parts["opened"].notna() & parts["closed"].notna()
    unbalanced = parts["opened"].notna() ^ parts["closed"].notna()
    kind = kind.mask(unbalanced | (signs.str.len() + bracketed > 1), "")
    return NumberColumn(
        codes,
        parts.assign(body=body, kind=kind, negative=(signs == "-") | bracketed),
    )


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
