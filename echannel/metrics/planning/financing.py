"""How a plan is paid for: needs and resources by year (plan de financement), and what carries its loans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from echannel.metrics.planning.engine import Plan
from echannel.metrics.planning.reading import self_financing
from echannel.metrics.planning.rules import cents

NEEDS = ("capital_spending", "requirement", "repaid", "owners_out")
RESOURCES = ("earned", "released", "owners_in", "borrowed", "granted")
_OWED_TO_THE_FIRM = ("stock", "receivables", "vat_receivable", "tax_receivable")
_OWED_BY_THE_FIRM = ("payables", "social_payable", "vat_payable", "tax_payable")


def requirement(plan: Plan) -> np.ndarray:
    """Everything short-lived but cash, from the opening on ``(T + 1,)``, in money.

    Stock + receivables incl. VAT + VAT and tax to come back − payables incl. VAT − social contributions, VAT
    and corporation tax owed. Corporation tax is in it, so that needs and resources explain cash to the cent.
    """
    total = np.zeros(plan.months + 1)
    for names, sign in ((_OWED_TO_THE_FIRM, 1.0), (_OWED_BY_THE_FIRM, -1.0)):
        for name in names:
            total += sign * np.concatenate([[plan.opening[name]], plan.line(name)])
    return cents(total)


def financing_plan(plan: Plan, years: Sequence[slice]) -> pd.DataFrame:
    """Needs and resources of each stretch of months; path 0, money, equipment ex VAT.

    ``earned`` (CAF, see ``reading.self_financing``); ``borrowed``: loans drawn and
    interest added to debt; ``requirement``: its rise, ``released``: its fall. ``change`` = ``resources`` −
    ``needs`` is the change of cash, to the cent.

    Returns
    -------
    One row per year: ``year`` (its place in ``years``), :data:`NEEDS`, ``needs``, :data:`RESOURCES`,
    ``resources``, ``change``, ``closing`` (cash at its end).
    """
    tied = requirement(plan)
    assets = np.concatenate([[plan.opening["fixed_assets"]], plan.line("fixed_assets")])
    earned = self_financing(plan)
    spread = plan.line("net_profit") + plan.line("depreciation") - earned  # investment grants' income
    monthly = {
        "capital_spending": np.diff(assets) + plan.line("depreciation"),
        "requirement": np.diff(tied),
        "repaid": plan.line("loans_repaid"),
        "owners_out": plan.line("dividends") + plan.line("drawings"),
        "earned": earned,
        "owners_in": plan.line("capital_in"),
        "borrowed": plan.line("loans_drawn") + plan.line("interest") - plan.line("interest_paid"),
        # Grants for running costs are in what is earned already.
        "granted": plan.line("grants_received") - plan.line("grant_income") + spread,
    }
    frame = pd.DataFrame(
        {name: [float(cents(values[year].sum())) for year in years] for name, values in monthly.items()}
    )
    rise = frame["requirement"].to_numpy()
    frame["requirement"], frame["released"] = np.maximum(rise, 0.0), np.maximum(-rise, 0.0)
    frame["needs"] = cents(frame[list(NEEDS)].sum(axis=1).to_numpy())
    frame["resources"] = cents(frame[list(RESOURCES)].sum(axis=1).to_numpy())
    frame["change"] = cents((frame["resources"] - frame["needs"]).to_numpy())
    frame["closing"] = [float(plan.line("cash")[year.stop - 1]) for year in years]
    frame.insert(0, "year", np.arange(len(years)))
    return frame


def explained(plan: Plan, until: int) -> dict[str, float]:
    """Why cash moves from the opening to the end of month ``until`` (its place in the plan), path 0.

    ``earned``: what the business earns before interest, after corporation tax and without grants; the rises
    of ``stock``, ``customers``, ``suppliers`` and ``taxes`` (VAT, social contributions, corporation tax) take
    a negative sign when they take cash; ``invested``, ``loans`` (drawn − repaid − interest), ``owners``,
    ``grants``. They sum to the change of cash.
    """
    stretch = slice(0, until + 1)

    def flow(name: str) -> float:
        return float(plan.line(name)[stretch].sum())

    def rise(name: str) -> float:
        return float(plan.line(name)[until]) - plan.opening[name]

    parts = {
        "earned": flow("net_profit") + flow("interest") + flow("depreciation") - flow("grant_income"),
        "stock": -rise("stock"),
        "customers": -rise("receivables"),
        "suppliers": rise("payables"),
        "taxes": rise("vat_payable")
        + rise("tax_payable")
        + rise("social_payable")
        - rise("vat_receivable")
        - rise("tax_receivable"),
        "invested": -(rise("fixed_assets") + flow("depreciation")),
        "loans": flow("loans_drawn") - flow("loans_repaid") - flow("interest_paid"),
        "owners": flow("capital_in") - flow("dividends") - flow("drawings"),
        "grants": flow("grants_received"),
    }
    return dict(zip(parts, cents(np.array(list(parts.values()))).tolist(), strict=True))
