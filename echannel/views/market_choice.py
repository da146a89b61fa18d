"""What the reader of the market page tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class MarketChoice:
    """The market looked at, how markets are ranked, and under which rules goods cross the border.

    ``market`` is an ISO 3166 alpha-2 code ("": the ranking's first); ``kind`` whom the firm would sell to
    there, ``b2c`` or ``b2b`` ("": as its profile says), which also chooses the preset of weights;
    ``weights`` those moved away from the preset, ``(criterion, weight)`` pairs; ``method`` a name of
    ``metrics.market.ranking.METHODS``.

    ``rules_on``: the day whose customs and VAT rules hold (None: today); ``terms``: ``dap`` (the customer
    pays duty and import VAT) or ``ddp`` (the seller does), "" for the usual ones of the route; ``scheme``:
    the VAT scheme by name, "" for the one that the rules suggest; ``switches``: readings of disputed
    rules, ``(rule, reading)`` pairs, where the reader chose one; ``channel``: ``own_shop`` or
    ``marketplace``, "" for the usual one there; ``discount``: a fraction of the price (None: as entered).
    """

    market: str = ""
    kind: str = ""
    weights: tuple[tuple[str, float], ...] = ()
    method: str = "weighted_sum"
    rules_on: date | None = None
    terms: str = ""
    scheme: str = ""
    switches: tuple[tuple[str, str], ...] = ()
    channel: str = ""
    discount: float | None = None
