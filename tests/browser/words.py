"""Words that only an English page has: none of them may stand on a French one."""

from __future__ import annotations

import re

ENGLISH = re.compile(
    r"\b(?:turnover|orders?|customers?|growth|products?|the|and|of|with|from|your|month|year|week|"
    r"average|refunds?|shipping|discounts?|data|missing|not|known|download|firm|what|why|how|"
    r"Jan|Feb|Apr|May|Jun|Jul|Aug|Sep|Oct|Dec|Monday|returning|baskets?|share|sales|unknown|nan|None)\b"
)


def english_words(text: str, names: tuple[str, ...] = ()) -> list[str]:
    """The English words of a text, names of firms and platforms left out; lines that hold them."""
    for name in ("English", "E-Channel", "Black Friday", "eu-vat-rates-data", *names):
        text = text.replace(name, "")
    return [line.strip() for line in text.splitlines() if ENGLISH.search(line)]
