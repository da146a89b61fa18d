"""A project as an investment: when it has paid for itself, what it is worth today, what it returns.

Flows are net cash of the project (what it brings in less what it costs), one per period; the first one
falls today. Money is the SME's currency, as in the plan: VAT and tax are in it where the plan has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from echannel.metrics.result import INPUT_MISSING, OK

_RETURNS = np.geomspace(0.02, 50.0, 4001)  # 1 + rate of one period: from −98 % to +4900 %


@dataclass(frozen=True)
class Appraisal:
    """What a project is worth. ``npv`` at the yearly ``rate``; ``irr`` a yearly rate; paybacks in years.

    NaN where there is none, and ``irr_reason`` and ``payback_reason`` say why (catalogue keys; "" when there
    is one). ``most_tied`` is the most money that the project ties up at a time.
    """

    npv: float
    irr: float
    payback: float
    discounted_payback: float
    most_tied: float
    rate: float
    irr_reason: str = ""
    payback_reason: str = ""
    status: str = OK


def appraise(flows: Sequence[float] | np.ndarray, rate: float, per_year: int = 12) -> Appraisal:
    """Payback, discounted payback, NPV and IRR of a project.

    NPV = Σ flowₜ / (1 + r)ᵗ with r = (1 + rate)^(1/per_year) − 1, t = 0, 1, …; IRR: the yearly rate at which
    the NPV is 0. Where flows change sign more than once there may be several such rates: none is then
    reported, unless it is the only one. Payback: years until the sum of flows is no longer negative and stays
    so, even within a period (Brealey, Myers and Allen, Principles of Corporate Finance, ch. 5).
    """
    values = np.asarray(flows, dtype="float64")
    if not len(values) or not np.isfinite(values).all():
        unknown = "reason.planning.flows_unknown"
        nothing = float("nan")
        return Appraisal(*(nothing,) * 5, rate, unknown, unknown, INPUT_MISSING)
    step = (1 + rate) ** (1 / per_year)
    discounted = values / step ** np.arange(len(values))
    irr, irr_reason = _irr(values, per_year)
    payback, payback_reason = _payback(values, per_year)
    return Appraisal(
        npv=float(discounted.sum()),
        irr=irr,
        payback=payback,
        discounted_payback=_payback(discounted, per_year)[0],
        most_tied=float(max(0.0, -np.cumsum(values).min())),
        rate=rate,
        irr_reason=irr_reason,
        payback_reason=payback_reason,
    )


def _payback(flows: np.ndarray, per_year: int) -> tuple[float, str]:
    total = np.cumsum(flows)
    short = np.flatnonzero(total < -1e-9)
    if not len(short):
        return 0.0, ""
    last = int(short[-1])
    if last == len(flows) - 1:
        return float("nan"), "reason.planning.never_pays_back"
    return (last + float(-total[last] / flows[last + 1])) / per_year, ""


def _irr(flows: np.ndarray, per_year: int) -> tuple[float, str]:
    """The only yearly rate that makes the flows worth nothing; NaN and why where there is none or several."""
    signs = np.sign(flows[flows != 0])
    if not (np.diff(signs) != 0).any():
        return float("nan"), "reason.planning.irr_no_change"
    powers = np.arange(len(flows))

    def worth(growth: float) -> float:
        # Scaled by the larger of first and last power, so that neither end overflows.
        return float(flows @ growth ** -(powers if growth >= 1 else powers - powers[-1]))

    at = np.array([worth(growth) for growth in _RETURNS])
    crossings = np.flatnonzero(np.sign(at[:-1]) * np.sign(at[1:]) < 0)
    exact = np.flatnonzero(at == 0)
    if len(crossings) + len(exact) > 1:
        return float("nan"), "reason.planning.irr_several"
    if not len(crossings) + len(exact):
        return float("nan"), "reason.planning.irr_none"
    if len(exact):
        growth = float(_RETURNS[exact[0]])
    else:
        growth = brentq(worth, _RETURNS[crossings[0]], _RETURNS[crossings[0] + 1], xtol=1e-14)
    return growth**per_year - 1, ""
