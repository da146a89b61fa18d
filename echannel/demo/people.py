"""Who buys: invented people and firms, with a country, payment terms and a size."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pandas as pd

from echannel.demo.catalogue import words
from echannel.demo.firms import Firm

# Planted in every SME's files: whoever finds one of these in a stored table has found a leak.
CANARIES = ("Zebulon Canarybird", "zebulon.canarybird@example.org", "Ets Canaribleu")
NASTY_PEOPLE = (
    "<b onmouseover=alert(1)>Bob</b>",
    "=cmd|' /C calc'!A0",
    "Ünal & Søn 🐟",
    "-2+3+cmd|' /C calc'!A0",
)
_NEIGHBOURS = {
    "GB": (("FR", 0.45), ("IE", 0.2), ("DE", 0.15), ("NL", 0.1), ("US", 0.1)),
    "FR": (("GB", 0.4), ("BE", 0.25), ("DE", 0.15), ("ES", 0.1), ("CH", 0.1)),
}
EUROPEAN_UNION = {"FR", "IE", "DE", "NL", "BE", "ES"}


def people(firm: Firm, kind: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """``n`` customers of one kind: identity, country, and for firms terms, lateness, size and rebate."""
    home = words()["people"][firm.country]
    place = rng.integers(0, len(home["town"]), n)
    first, last = rng.choice(home["first"], n), rng.choice(home["last"], n)
    names = [f"{a} {b}" for a, b in zip(first, last, strict=True)]
    frame = pd.DataFrame(
        {
            "name": names,
            "email": _emails(firm, first, last),
            "phone": _phones(home["phone"], n, rng),
            "street": [f"{a} {b}" for a, b in zip(rng.integers(1, 180, n), rng.choice(home["street"], n),
                                                  strict=True)],
            "town": np.asarray(home["town"])[place],
            "postcode": np.asarray(home["postcode"])[place],
            "country": _countries(firm, n, rng),
            "company": "",
            "terms": 0,
            "lateness": 0.0,
            "size": 1.0,
            "rebate": 0.0,
        }
    )  # fmt: skip
    if kind == "b2b":
        frame = _as_firms(frame, firm, home, rng)
    _plant(frame, kind)
    return frame


def _phones(prefix: str, n: int, rng: np.random.Generator) -> list[str]:
    """Numbers of ranges that are kept for fiction: ten digits in France, eleven in the United Kingdom."""
    left = 4 if prefix.endswith(" ") else 3
    return [f"{prefix}{number:0{left}d}" for number in rng.integers(0, 10**left, n)]


def _emails(firm: Firm, first: np.ndarray, last: np.ndarray) -> list[str]:
    """One address per customer, at a domain kept for examples (RFC 2606)."""
    plain = [_ascii(f"{a}.{b}{number}") for number, (a, b) in enumerate(zip(first, last, strict=True), 1)]
    return [f"{address}@{firm.id}.example.com" for address in plain]


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return folded.replace(" ", "").replace("'", "").lower()


def _countries(firm: Firm, n: int, rng: np.random.Generator) -> np.ndarray:
    codes = [code for code, _ in _NEIGHBOURS[firm.country]]
    shares = [share for _, share in _NEIGHBOURS[firm.country]]
    return np.where(rng.random(n) < firm.abroad, rng.choice(codes, n, p=shares), firm.country)


def _as_firms(
    frame: pd.DataFrame, firm: Firm, home: dict[str, Any], rng: np.random.Generator
) -> pd.DataFrame:
    n = len(frame)
    names = [(last, trade) for last in home["last"] for trade in home["firm"]]
    drawn = np.resize(rng.permutation(len(names)), n)
    again = np.arange(n) // len(names)
    company = []
    for number, more in zip(drawn, again, strict=True):
        last, trade = names[number]
        words = (last, trade) if firm.country == "GB" else (trade, last)
        company.append(" ".join([*words, *([str(more + 1)] if more else []), home["form"]]))
    terms = [14, 30, 30, 30, 60] if firm.country == "GB" else [30, 30, 45, 60, 60]
    slow = rng.random(n) < firm.late_payers
    return frame.assign(
        company=company,
        terms=rng.choice(terms, n),
        lateness=np.where(slow, rng.uniform(14, 55, n), rng.normal(0, 4, n)),
        size=rng.lognormal(0, 0.6, n),
        rebate=rng.choice([0.0, 0.0, 0.05, 0.1], n),
    )


def _plant(frame: pd.DataFrame, kind: str) -> None:
    """Put the canaries and the hostile names among the first customers."""
    name, email, company = CANARIES
    frame.loc[0, ["name", "email"]] = [name, email]
    if kind == "b2b":
        frame.loc[0, "company"] = company
    odd = frame.index[1 : 1 + len(NASTY_PEOPLE)]
    frame.loc[odd, "name"] = list(NASTY_PEOPLE[: len(odd)])
