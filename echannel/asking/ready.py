"""Questions to start from: what owners ask first, each shown where the SME has the rows for it."""

from __future__ import annotations

from echannel.asking.subjects import Subject
from echannel.metrics.asking import Question

_READY = {
    "best_products": Question("sales", "turnover", by="product", most=15),
    "months": Question("sales", "turnover", by="day", across="channel"),
    "margins": Question("sales", "margin", by="category"),
    "weekdays": Question("orders", "turnover", "mean", by="day", step="weekday"),
    "newcomers": Question("orders", "turnover", by="day", across="customer_is"),
    "abroad": Question("orders", "turnover", "count", by="country"),
    "best_customers": Question("sales", "turnover", by="customer", most=15),
    "given_back": Question("refunds", "refunded", by="product", most=15),
    "where_from": Question("visits", "sessions", by="came_from"),
    "stock": Question("stock", "stock_value", by="category"),
    "suppliers": Question("purchases", "spent", by="supplier"),
    "costs": Question("ledger", "balance", by="account", most=25),
}


def ready_questions(subjects: dict[str, Subject]) -> dict[str, Question]:
    """The questions that can be answered here, by name; the first is where a page starts."""
    return {name: question for name, question in _READY.items() if question.subject in subjects}
