"""What selling brings and costs, stream by stream, and the goods bought for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echannel.metrics.planning.inputs import DAYS_OF_MONTH, PlanInputs, StockPolicy, Stream, VatScheme, cent
from echannel.metrics.planning.rules import cents
from echannel.metrics.planning.terms import settled

_YEAR = 12
_LOOK_BACK = (3, _YEAR)  # months whose sales tell a buyer how business goes


@dataclass(frozen=True)
class Traded:
    """One stream's month: invoiced, given back, what it costs, what is paid when; all ``(P, T)``."""

    stream: Stream
    sales: np.ndarray
    returns: np.ndarray
    cost_of_sales: np.ndarray
    carriage: np.ndarray
    payment_fees: np.ndarray
    marketplace_fees: np.ndarray
    vat: np.ndarray
    receipts: np.ndarray
    vat_received: np.ndarray
    fees_paid: np.ndarray

    @property
    def turnover(self) -> np.ndarray:
        """Sales less returns, net of VAT."""
        return self.sales - self.returns


def trade(stream: Stream, registered: np.ndarray, with_vat_received: bool) -> Traded:
    """A stream's sales, costs and receipts.

    sales = turnover / (1 − return rate); cost of sales = cost share × turnover at prices of index 1, plus
    the part of returned goods that is lost; fees on sales including VAT, as providers take them;
    receipts = turnover + VAT under the stream's terms. At home no VAT is charged in months without
    registration (``registered`` ``(T,)``).
    """
    turnover = cents(stream.turnover)
    back = np.asarray(stream.return_rate, dtype=float)
    returns = cents(turnover * (back / (1 - back)))
    sales = turnover + returns
    price = np.asarray(stream.price_index, dtype=float)
    share = np.asarray(stream.cost_share, dtype=float)
    lost = returns * np.asarray(stream.return_loss, dtype=float) if np.any(stream.return_loss) else 0.0
    cost = cents((turnover + lost) * (share / price))
    rate = _vat_rate(stream, registered)
    taken = sales * (1 + rate)
    fees = taken * np.asarray(stream.fee_rate)
    if np.any(stream.fee_fixed) and stream.basket > 0:
        fees = fees + sales * (np.asarray(stream.fee_fixed) / (price * stream.basket))
    payment_fees = cents(fees)
    marketplace_fees = cents(taken * np.asarray(stream.commission_rate))
    vat = cents(turnover * rate)
    return Traded(
        stream,
        sales,
        returns,
        cost,
        cents(sales * (np.asarray(stream.carriage_rate) / price)),
        payment_fees,
        marketplace_fees,
        vat,
        settled(turnover + vat, stream.terms),
        settled(vat, stream.terms) if with_vat_received else vat,
        settled(payment_fees + marketplace_fees, stream.terms),
    )


def _vat_rate(stream: Stream, registered: np.ndarray) -> np.ndarray:
    rate = np.asarray(stream.vat_rate, dtype=float)
    if stream.vat_scheme == "none":
        return np.zeros_like(rate)
    return rate * registered if stream.vat_scheme == "domestic" else rate


def by_scheme(traded: list[Traded], scheme: VatScheme, shape: tuple[int, int]) -> np.ndarray:
    """VAT charged under one scheme by all streams ``(P, T)``."""
    total = np.zeros(shape)
    for one in traded:
        if one.stream.vat_scheme == scheme:
            total = total + one.vat
    return total


def purchases_and_stock(inputs: PlanInputs, cost_of_sales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Goods bought each month and the stock at each month's end, at cost ``(P, T)``.

    With a policy, the stock aims at the cost of sales of the coming ``cover_days`` (in months of thirty days;
    beyond the plan the same months a year before stand in) plus ``extra``; nothing is bought while it lies
    above. Without one, purchases equal the cost of sales, and ``extra``.
    """
    cost = np.atleast_2d(cost_of_sales)
    opening = cent(inputs.opening.stock)
    days = np.asarray(inputs.stock.cover_days, dtype=float)
    extra = cents(np.broadcast_to(np.asarray(inputs.stock.extra, dtype=float), cost.shape[1:]))
    spent = np.cumsum(cost, axis=1)
    if np.isnan(days).all():
        stock = np.broadcast_to(opening + extra, cost.shape)
        before = np.concatenate([np.full((1, 1), opening), stock[:1, :-1]], axis=1)
        return cents(cost + (stock[:1] - before)), cents(stock)
    aim = cents(np.maximum(_foreseen(inputs.stock, cost, days), 0.0) + extra)
    # Buying never goes below nothing: the stock is the highest aim so far, less what was sold since.
    first = np.maximum.accumulate(aim + spent, axis=1)
    stock = cents(np.maximum(first, opening) - spent)
    before = np.concatenate([np.full((len(stock), 1), opening), stock[:, :-1]], axis=1)
    return cents(stock - before + cost), stock


def _foreseen(policy: StockPolicy, cost: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Cost of sales that is expected of the ``days`` after each month's end: what comes, or what is planned
    scaled by how the last months went: as many as are bought ahead, three to twelve (before the plan: as
    planned). Who buys for ten months does not follow each of them."""
    if policy.planned is None:
        return _coming(cost, days)
    planned = np.atleast_2d(policy.planned)
    back = int(np.clip(np.ceil(days.max() / DAYS_OF_MONTH), *_LOOK_BACK))
    usual = _last_months(planned, back)
    usual[:, :back] = planned[:, :back].sum()
    more = _last_months(cost - planned, back)
    return _coming(planned, days) * (1 + np.divide(more, usual, out=np.zeros_like(more), where=usual > 0))


def _last_months(cost: np.ndarray, count: int) -> np.ndarray:
    """Sums over each month and those before it, ``count`` together."""
    total = np.cumsum(cost, axis=1)
    before = np.zeros_like(total)
    before[:, count:] = total[:, :-count]
    return total - before


def _coming(cost: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Cost of sales of the ``days`` that follow each month's end."""
    paths, months = cost.shape
    cover = np.maximum(np.broadcast_to(days, np.broadcast_shapes(days.shape, (1, 1)))[:, :1], 0.0)
    cover = cover / DAYS_OF_MONTH
    beyond = int(np.ceil(cover.max())) + 1
    place = np.arange(months, months + beyond)
    year = _YEAR if months >= _YEAR else 1
    place = months - year + (place - months) % year
    longer = np.concatenate(
        [np.zeros((paths, 1)), np.cumsum(np.concatenate([cost, cost[:, place]], 1), 1)], 1
    )
    whole = np.floor(cover).astype(int)
    at = np.arange(1, months + 1)[None, :] + whole
    rows = np.arange(paths)[:, None] if len(at) > 1 else slice(None)
    until = longer[rows, at] if len(at) > 1 else longer[:, at[0]]
    beyond_it = longer[rows, at + 1] if len(at) > 1 else longer[:, at[0] + 1]
    return until + (cover - whole) * (beyond_it - until) - longer[:, 1 : months + 1]
