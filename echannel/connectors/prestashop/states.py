"""What an order's state means: by its flags, never by its name, which shops change at will.

Flags cannot tell a cancelled order from one that waits for its payment, as both have none. The shop's own
settings name its states for cancelled, payment error, refunded and delivered; where they may not be read,
the numbers are those of every installation since 1.5 (6, 8, 7 and 5). ``states`` among the source's
options says it of states that the shop added: ``{"14": "cancelled"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from echannel.connectors.prestashop.parsing import Record, flags, ids
from echannel.errors import UserError
from echannel.tables import STATUSES

_INSTALLED = {"PS_OS_CANCELED": 6, "PS_OS_ERROR": 8, "PS_OS_REFUND": 7, "PS_OS_DELIVERED": 5}
_WHOLE = 0.99
"""Slips that give back this share of an order (ex VAT) give back all of it: rounding takes the rest."""


@dataclass(frozen=True)
class States:
    """States by id as sets: which ones are paid, counted by the shop (``logable``), shipped; and the shop's
    special ones."""

    known: frozenset[int]
    paid: frozenset[int]
    counted: frozenset[int]
    shipped: frozenset[int]
    delivered: int
    refunded: int
    cancelled: frozenset[int]
    chosen: Mapping[int, str]

    @classmethod
    def of(cls, states: list[Record], settings: Mapping[str, str], options: Mapping[str, str]) -> States:
        """From the shop's states, deleted ones too: old orders still stand in them.

        Raises
        ------
        UserError
            When the profile's ``states`` name a status that there is not.
        """
        for state, status in options.items():
            if status not in STATUSES or not str(state).isdigit():
                raise UserError("prestashop.error.state", state=str(state), allowed=", ".join(STATUSES))
        number = ids(states)

        def having(flag: str) -> frozenset[int]:
            return frozenset(int(one) for one in number[flags(states, flag)])

        special = {
            name: int(settings[name]) if settings.get(name, "").isdigit() else usual
            for name, usual in _INSTALLED.items()
        }
        return cls(
            frozenset(int(one) for one in number),
            having("paid"),
            having("logable"),
            having("shipped"),
            special["PS_OS_DELIVERED"],
            special["PS_OS_REFUND"],
            frozenset({special["PS_OS_CANCELED"], special["PS_OS_ERROR"]}),
            {int(state): status for state, status in options.items()},
        )

    def status(self, state: np.ndarray, valid: np.ndarray, net: np.ndarray, back: np.ndarray) -> np.ndarray:
        """The canonical status of orders from their state, ``valid`` (the shop counts the order), total ex
        VAT, and what slips gave back of it ex VAT.

        An order counts when the shop counts it, when it is paid, or when it has left. A state of
        "refunded" without slips for the whole is a cancelled order: the shop no longer counts it, and no
        credit note stands against it. With slips for the whole it is a sale that was given back.
        """

        def among(chosen: frozenset[int]) -> np.ndarray:
            return np.isin(state, list(chosen))

        shipped, refunded = among(self.shipped), state == self.refunded
        whole = (back > 0) & (back >= _WHOLE * net)
        counted = valid | among(self.paid) | among(self.counted) | shipped
        cancelled = (among(self.cancelled) & ~valid) | (refunded & ~whole)
        named = [state == one for one in self.chosen]
        return np.select(
            [
                *named,
                cancelled,
                (counted | refunded) & whole,
                counted & (back > 0),
                counted & (state == self.delivered),
                shipped,
                counted,
            ],
            [
                *self.chosen.values(),
                "cancelled",
                "refunded",
                "partly_refunded",
                "delivered",
                "shipped",
                "paid",
            ],
            "pending",
        ).astype(object)
