"""An order's amounts from what its file gives: net and gross of every part, VAT, total.

Nothing is put right here: an order whose parts do not add up in the file does not add up in the
tables either, and the data audit names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Sides = dict[str, np.ndarray]  # "net", "gross", "vat": one value per order, NaN where not known
_CENT = 0.011
_SIGNS = {"goods": 1, "discount": -1, "shipping": 1, "shipping_discount": -1, "wrapping": 1}


@dataclass
class Amounts:
    """The amounts of orders (one array entry per order), as far as the file gives them.

    ``parts``: goods, goods_after_discount, discount, shipping, shipping_discount, wrapping, total.
    ``lines``: the sums of the orders' lines. ``rate``: the VAT rate that the file names.
    ``assumed``: the rate to take where the file says nothing of VAT.
    """

    parts: dict[str, Sides]
    lines: Sides
    vat: np.ndarray
    rate: np.ndarray
    assumed: np.ndarray

    def settle(self) -> dict[str, np.ndarray]:
        """The columns of the canonical orders table that hold amounts, and ``rate``.

        ``rate`` = VAT ÷ total without VAT where the file gives both, else as stated, else assumed.
        Missing sides follow from it: net = gross ÷ (1 + rate). ``total_gross`` and ``vat_amount`` are the
        file's own where it has them. A lone total is taken as goods (``parts_stated`` is False then).
        """
        total = dict(self.parts["total"])
        stated_vat = first_known(self.vat, total["vat"], total["gross"] - total["net"], self._part_vat())
        total["gross"] = first_known(total["gross"], total["net"] + stated_vat)
        rate, vat_stated = self._rates(total, stated_vat)
        parts = {name: complete(self.parts[name], rate) for name in self.parts if name != "total"}
        goods, parts_stated = self._goods(parts, complete(total, rate, stated_vat), rate)
        discount = zero(parts["discount"])
        carriage, given_back = zero(parts["shipping"]), zero(parts["shipping_discount"])
        shipping = {side: carriage[side] - given_back[side] for side in ("net", "gross")}
        wrapping = zero(parts["wrapping"])
        sums = {
            side: goods[side] - discount[side] + shipping[side] + wrapping[side] for side in ("net", "gross")
        }
        total_gross = first_known(total["gross"], total["net"] * (1 + rate), sums["gross"])
        return {
            **{f"goods_{side}": goods[side] for side in ("net", "gross")},
            **{f"discount_{side}": discount[side] for side in ("net", "gross")},
            **{f"shipping_{side}": shipping[side] for side in ("net", "gross")},
            **{f"wrapping_{side}": wrapping[side] for side in ("net", "gross")},
            "vat_amount": first_known(stated_vat, _unstated_vat(sums, total_gross, rate)),
            "total_gross": total_gross,
            "vat_stated": vat_stated,
            "parts_stated": parts_stated,
            "rate": rate,
        }

    def _part_vat(self) -> np.ndarray:
        """The order's VAT where every part that is there names its own."""
        known = {**self.parts, "goods": self._goods_sides()}
        vat = np.zeros(len(self.vat))
        for name, sign in _SIGNS.items():
            sides = known[name]
            own = first_known(sides["vat"], sides["gross"] - sides["net"])
            amount = first_known(sides["net"], sides["gross"])
            nothing = (amount == 0) | (np.isnan(amount) & (name != "goods"))
            vat = vat + sign * np.where(np.isnan(own) & nothing, 0.0, own)
        return vat

    def _goods_sides(self) -> Sides:
        goods, after, discount = (self.parts[name] for name in ("goods", "goods_after_discount", "discount"))
        return {
            side: first_known(goods[side], after[side] + np.nan_to_num(discount[side]), self.lines[side])
            for side in ("net", "gross", "vat")
        }

    def _rates(self, total: Sides, vat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        without = total["gross"] - vat
        net_sum = self._sum_of("net")
        of_lines = self.lines["gross"] / np.where(self.lines["net"] == 0, np.nan, self.lines["net"]) - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            of_total = np.where(np.abs(without) > 0.005, vat / without, np.nan)
            of_parts = np.where(np.abs(net_sum) > 0.005, vat / net_sum, np.nan)
        of_total = np.where((of_total >= 0) & (of_total < 1), of_total, np.nan)
        of_parts = np.where((of_parts >= 0) & (of_parts < 1), of_parts, np.nan)
        of_lines = np.where((of_lines >= -0.001) & (of_lines < 1), of_lines, np.nan)
        stated = first_known(of_total, self.rate, of_parts, of_lines)
        named = ~np.isnan(stated) | ~np.isnan(vat)
        return np.nan_to_num(first_known(stated, self.assumed)), named

    def _sum_of(self, side: str) -> np.ndarray:
        goods = self._goods_sides()[side]
        taken = np.nan_to_num(self.parts["discount"][side]) + np.nan_to_num(
            self.parts["shipping_discount"][side]
        )
        added = np.nan_to_num(self.parts["shipping"][side]) + np.nan_to_num(self.parts["wrapping"][side])
        return goods - taken + added

    def _goods(self, parts: dict[str, Sides], total: Sides, rate: np.ndarray) -> tuple[Sides, np.ndarray]:
        lines = complete(self.lines, rate)
        others = {
            name: zero(parts[name]) for name in ("discount", "shipping", "shipping_discount", "wrapping")
        }
        goods, known = {}, np.zeros(len(rate), dtype=bool)
        named = np.zeros(len(rate), dtype=bool)
        for name in ("discount", "shipping", "wrapping"):
            named |= ~np.isnan(parts[name]["gross"])
        for side in ("net", "gross"):
            own = first_known(
                parts["goods"][side],
                parts["goods_after_discount"][side] + others["discount"][side],
                lines[side],
            )
            known = ~np.isnan(own)
            added = others["shipping"][side] - others["shipping_discount"][side] + others["wrapping"][side]
            rest = total[side] - added + others["discount"][side]
            goods[side] = np.nan_to_num(first_known(own, rest))
        return goods, known | named


def complete(sides: Sides, rate: np.ndarray, vat: np.ndarray | None = None) -> Sides:
    """Net and gross of a part, each from the other by its own VAT, else by the rate."""
    own = sides["vat"] if vat is None else first_known(sides["vat"], vat)
    net = first_known(sides["net"], sides["gross"] - own, sides["gross"] / (1 + rate))
    gross = first_known(sides["gross"], net + own, net * (1 + rate))
    return {"net": net, "gross": gross, "vat": own}


def zero(sides: Sides) -> Sides:
    """A part that is absent is nothing."""
    return {side: np.nan_to_num(values) for side, values in sides.items()}


def first_known(*candidates: np.ndarray) -> np.ndarray:
    """The first candidate that is there, entry by entry."""
    chosen, *others = candidates
    for other in others:
        chosen = np.where(np.isnan(chosen), other, chosen)
    return chosen


def _unstated_vat(sums: Sides, total: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """The VAT in the parts; where they do not come to the file's total, the VAT in that total."""
    adds_up = np.abs(sums["gross"] - total) <= _CENT
    return np.where(adds_up, sums["gross"] - sums["net"], total * rate / (1 + rate))


def basis_votes(bare: np.ndarray, vat: np.ndarray, gross: np.ndarray) -> tuple[int, int]:
    """How many orders' figures add up to their total without adding VAT, and with adding it.

    ``bare``: goods − discount + shipping + wrapping, as the file gives them; ``gross``: total paid.
    """
    taxed = np.abs(np.nan_to_num(vat)) > _CENT
    as_gross = int((taxed & (np.abs(bare - gross) <= _CENT)).sum())
    as_net = int((taxed & (np.abs(bare + vat - gross) <= _CENT)).sum())
    return as_gross, as_net


def refund_split(gross: np.ndarray, order_vat: np.ndarray, order_total: np.ndarray) -> np.ndarray:
    """The VAT in a refund: the order's own share of VAT, rounded to the cent, half a cent up.

    So a full refund gives back exactly the order's VAT, and 50 of 100 (VAT 16.67) gives 8.34 back
    and leaves 41.67 net.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(np.abs(order_total) > 0.005, order_vat / order_total, 0.0)
    return np.floor(gross * share * 100 + 0.5 + 1e-6) / 100
