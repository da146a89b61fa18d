"""A plan's streams of turnover: who buys, at which margin, with which fees, and when they pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from echannel.metrics.periods import month_start
from echannel.metrics.planning import observed
from echannel.metrics.planning.assumed import Found
from echannel.metrics.planning.inputs import PaymentTerms, Stream
from echannel.metrics.turnover import as_date
from echannel.plan_known import Known

DEFAULTS: Mapping[str, float] = {
    "margin_rate": 0.40,
    "carriage_rate_b2c": 0.08,
    "carriage_rate_b2b": 0.03,
    "payment_fee_rate": 0.014,
    "payment_fee_fixed": 0.25,
    "marketplace_fee_rate": 0.13,
    "payout_days": 3.0,
    "marketplace_payout_days": 14.0,
    "supplier_days": 30.0,
    "return_loss": 0.25,
}
"""Round numbers where nobody knows better; each is shown as a default, to be replaced by the firm's own."""


def streams_of(
    known: Known, turnover: np.ndarray, standard: float, registered: np.ndarray
) -> tuple[Stream, ...]:
    """The streams that sold in the last year, by their share; without any, the SME's orientation.

    ``registered`` ``(T,)``: in which months the firm charges VAT; once it begins to, consumers still pay what
    they paid.
    """
    alone = "b2b" if known.sme.profile.orientation == "b2b" else "b2c"
    facts: Mapping[str, observed.StreamFacts | None] = known.streams or {alone: None}
    begins = bool(registered.any()) and not known.sme.profile.vat.registered
    made = [_stream(known, name, one, turnover, standard, begins) for name, one in facts.items()]
    return tuple(_charging(one, registered) for one in made) if begins else tuple(made)


def _charging(stream: Stream, registered: np.ndarray) -> Stream:
    """A stream of a firm that begins to charge VAT.

    Consumers pay what they paid: of a price p, p / (1 + rate) is left, for as many goods. Firms are asked for
    the VAT on top, which they deduct.
    """
    if stream.vat_scheme != "domestic" or stream.kind == "b2b":
        return stream
    left = np.where(registered, 1 / (1 + float(stream.vat_rate)), 1.0)[None, :]
    return replace(
        stream,
        turnover=stream.turnover * left,
        price_index=np.asarray(stream.price_index) * left,
    )


def _stream(
    known: Known,
    name: str,
    facts: observed.StreamFacts | None,
    turnover: np.ndarray,
    standard: float,
    begins: bool,
) -> Stream:
    kind, told, take = ("b2b" if name == "b2b" else "b2c"), known.told, known.notes.take
    nan = float("nan")
    share = facts.share if facts else 1.0
    if len(known.streams) > 1:
        known.notes.note("share", share, "percent", "history", "reason.planning.from_orders", name)
    charged = facts.vat_rate if facts and not (begins and name != "abroad") else nan
    vat = take(
        "vat_rate",
        "percent",
        told.vat_rate,
        Found(charged, "history", "reason.planning.from_orders"),
        Found(
            standard if begins or known.sme.profile.vat.registered else 0.0,
            "default",
            "reason.planning.vat_to_come" if begins else "reason.planning.usual",
        ),
        about=name,
    )
    returned = take(
        "return_rate",
        "percent",
        told.return_rate,
        Found(facts.return_rate if facts else nan, "history", "reason.planning.from_orders"),
        Found(0.0, "default", "reason.planning.usual"),
        about=name,
    )
    carriage = take(
        "carriage_rate",
        "percent",
        told.carriage_rate,
        Found(known.books.carriage_rate, "ledger", "reason.planning.from_books"),
        Found(facts.carriage_rate if facts else nan, "history", "reason.planning.from_orders"),
        Found(DEFAULTS[f"carriage_rate_{kind}"], "default", "reason.planning.usual"),
        about=name,
    )
    loss = take(
        "return_loss",
        "percent",
        told.return_loss,
        Found(DEFAULTS["return_loss"] if returned else 0.0, "default", "reason.planning.usual"),
        about=name,
        quiet=True,
    )
    margin = _margin(known, name, facts)
    return Stream(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        turnover=(turnover * share)[None, :],
        cost_share=1 - margin,
        vat_rate=vat,
        vat_scheme="oss" if name == "abroad" else "domestic",
        basket=facts.basket if facts else nan,
        carriage_rate=carriage,
        return_rate=returned,
        return_loss=loss,
        **_money_terms(known, name),  # type: ignore[arg-type]
    )


def _margin(known: Known, name: str, facts: observed.StreamFacts | None) -> float:
    told = (known.told.margin_rate_b2b if name == "b2b" else None) or known.told.margin_rate
    missing = "reason.costs_missing" if facts is None else facts.margin_reason
    seen = facts.margin_rate if facts else float("nan")
    partly = facts is not None and facts.coverage < observed.WELL_KNOWN
    margin = known.notes.take(
        "margin_rate",
        "percent",
        told,
        Found(known.books.margin_rate, "ledger", "reason.planning.from_books"),
        Found(seen, "history", f"reason.planning.{'costs_partly' if partly else 'from_costs'}", missing),
        Found(DEFAULTS["margin_rate"], "default", "reason.planning.usual"),
        about=name,
    )
    if told is None and np.isnan(seen) and np.isnan(known.books.margin_rate):
        known.reasons.append("reason.planning.margin_unknown")
    if margin < 0:
        known.reasons.append("reason.planning.margin_negative")
    return margin


def _money_terms(known: Known, name: str) -> dict[str, object]:
    told, take = known.told, known.notes.take
    if name == "b2b":
        return {"terms": PaymentTerms(_customer_days(known))}
    rate = take(
        "payment_fee_rate",
        "percent",
        told.payment_fee_rate,
        Found(known.books.fee_rate, "ledger", "reason.planning.from_books"),
        Found(DEFAULTS["payment_fee_rate"], "default", "reason.planning.usual"),
        about=name,
    )
    # What the books or the owner give as a rate has the fixed part in it.
    all_in = told.payment_fee_rate is not None or not np.isnan(known.books.fee_rate)
    fixed = take(
        "payment_fee_fixed",
        "cents",
        told.payment_fee_fixed,
        Found(0.0 if all_in else DEFAULTS["payment_fee_fixed"], "default", "reason.planning.usual"),
        about=name,
        quiet=True,
    )
    if name != "marketplace":
        days = take(
            "payout_days",
            "days",
            told.payout_days,
            Found(DEFAULTS["payout_days"], "default", "reason.planning.usual"),
            about=name,
        )
        return {"terms": PaymentTerms(days), "fee_rate": rate, "fee_fixed": fixed}
    commission = take(
        "marketplace_fee_rate",
        "percent",
        told.marketplace_fee_rate,
        Found(DEFAULTS["marketplace_fee_rate"], "default", "reason.planning.usual"),
    )
    days = take(
        "marketplace_payout_days",
        "days",
        told.marketplace_payout_days,
        Found(DEFAULTS["marketplace_payout_days"], "default", "reason.planning.usual"),
    )
    return {"terms": PaymentTerms(days), "commission_rate": commission}


def _customer_days(known: Known) -> float:
    period = known.period
    seen = observed.mean_days_to_pay(known.sme.sales, period)[0] if period else float("nan")
    law = known.sme.pack.payment_law_on(as_date(month_start(known.start)).date())
    return known.notes.take(
        "customer_days",
        "days",
        known.told.customer_days,
        Found(seen, "history", "reason.planning.from_payments"),
        Found(known.books.dso, "ledger", "reason.planning.from_books"),
        Found(float(law.default_days) if law else 30.0, "default", "reason.planning.law_default"),
    )
