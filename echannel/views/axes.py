"""What stands on and beside axes: round ticks, months, money, names, in the reader’s language."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

from babel import numbers

from echannel.locale import Speaker

Format = Callable[[float], str]


def label(text: str, longest: int = 34) -> str:
    """A text from outside as a chart label: shortened, and with no markup that plotly would run."""
    text = " ".join(str(text).split())
    return escape(text if len(text) <= longest else f"{text[: longest - 1]}…", quote=False)


def lines_of(text: str, longest: int = 30) -> str:
    """A name beside a bar: at most two lines of ``longest`` characters; a line break in it is kept."""
    if "\n" in text:
        return "<br>".join(label(line, longest) for line in text.split("\n")[:2])
    first, *rest = textwrap.wrap(" ".join(str(text).split()), longest) or [""]
    return label(first, longest) + (f"<br>{label(' '.join(rest), longest)}" if rest else "")


def short_money(say: Speaker, currency: str | None = None) -> Format:
    """Money for axes: £12k, 12 k€."""

    def write(value: float) -> str:
        text = numbers.format_compact_currency(
            value, currency or say.currency, locale=say.locale, fraction_digits=0 if abs(value) < 1e6 else 1
        )
        return text.replace("£GB", "£").replace("$US", "$").replace("K", "k")

    return write


def whole_money(say: Speaker) -> Format:
    """Money without cents, for labels."""
    return lambda value: say.money(value, decimals=0)


def percents(say: Speaker, decimals: int = 0) -> Format:
    """Fractions as percentages."""
    return lambda value: say.percent(value, decimals)


def counts(say: Speaker, decimals: int = 0) -> Format:
    """Plain numbers."""
    return lambda value: say.number(value, decimals)


def ticks(low: float, high: float, write: Format, most: int = 6) -> dict[str, Any]:
    """Round ticks from below ``low`` to above ``high``, written by ``write``; the axis range with them."""
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    if high <= low:
        high = low + (abs(low) or 1.0)
    for step in _round_steps((high - low) / max(most - 1, 1)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        values = [round(at * step, 12) for at in range(first, last + 1)]
        texts = [write(value) for value in values]
        if len(set(texts)) == len(texts):  # else too fine for the words: a coarser step
            break
    span = high - low
    return {
        "tickmode": "array",
        "tickvals": values,
        "ticktext": texts,
        "range": [min(low, values[0]) if low < 0 else low, max(high, values[-1]) + 0.02 * span],
    }


def _round_steps(rough: float) -> Iterator[float]:
    """1, 2, 2.5 or 5 times a power of ten: the first not below ``rough``, then coarser ones."""
    power = math.floor(math.log10(rough))
    steps = (factor * 10.0**exponent for exponent in range(power, power + 4) for factor in (1, 2, 2.5, 5))
    return (step for step in steps if step >= rough * 0.999)


def month_axis(say: Speaker, months: Sequence[Any], most: int = 9) -> dict[str, Any]:
    """An axis over months (periods, one step each): short names, with the year where it changes."""
    step = next(s for s in (1, 2, 3, 6, 12, 24) if len(months) / s <= most or s == 24)
    at = [i for i, month in enumerate(months) if (month.month - 1) % step == 0]
    texts, year = [], None
    for i in at:
        name = say.month_name(months[i].month)
        texts.append(f"{name}<br>{months[i].year}" if months[i].year != year else name)
        year = months[i].year
    return {"tickmode": "array", "tickvals": at, "ticktext": texts, "range": [-0.6, len(months) - 0.4]}
