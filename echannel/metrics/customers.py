"""Who buys, and who comes back: new and returning customers, repeat rate, rhythm, cohorts.

Orders without a customer (order_rank 0) are a part of their own, never guessed into another.
Money is net goods (net of VAT, after discounts and refunds, shipping excluded) in the reporting
currency. A customer is new with their first order ever, in the whole history, not in the period.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.turnover import Sales

GROUPS = ("new", "returning", "unknown")


def new_and_returning(sales: Sales) -> pd.DataFrame:
    """Net turnover and orders per month from first orders, later orders, and orders of unknown customers.

    A refund goes with its order: what a new customer sends back is taken off the new part.
    The three parts sum to the month's net turnover and to its orders.

    Returns
    -------
    One row per month without gaps and group: ``month`` (period[M]), ``group`` (new, returning, unknown),
    ``value`` (net turnover), ``orders``, ``customers`` (distinct; NaN for unknown), ``share`` (of the
    month's turnover; NaN where that is not above 0), ``complete`` (False: the data ends before the
    month does, or starts after it), ``n`` (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def repeat_purchase_rate(sales: Sales, minimum_age: int = 180) -> pd.DataFrame:
    """Share of customers who bought more than once.

    ``window``: customers with at least two orders in these sales / customers with at least one.
    ``matured``: of the customers whose first order is in these sales and at least ``minimum_age``
    days old on the last day, those who ordered again since: newcomers had no time to, and are left out.

    Returns
    -------
    Two rows: ``view`` (window, matured), ``numerator``, ``denominator`` (customers), ``value`` (fraction),
    ``n``, ``status``, ``reason``.
    """
    raise NotImplementedError


def time_between_orders(sales: Sales, highest: int = 5) -> pd.DataFrame:
    """Days from one purchase to the customer's next one: median and quartiles.

    Several orders of a customer on one local day are one purchase. Only purchases that did follow
    count, so the true rhythm is somewhat slower: customers who will still come back are not in it.

    Returns
    -------
    One row for all (``order_number`` 0) and one per purchase number 2 … ``highest`` (2: from the first
    purchase to the second; the last row takes in all higher numbers): ``order_number``, ``value``
    (median days), ``q25``, ``q75``, ``n`` (intervals), ``status``, ``reason``.
    """
    raise NotImplementedError


def cohort_retention(sales: Sales, minimum: int = 5) -> pd.DataFrame:
    """Customers by month of first order: how many come back, and what they bring, month by month.

    Only customers whose first order is in these sales. A cell with fewer than ``minimum`` active
    customers shows no figure (too few to mean anything); cumulative turnover per customer rests on
    the whole cohort and is hidden only when the cohort is smaller than ``minimum``.

    Returns
    -------
    One row per cohort and month since (without gaps, up to the last month): ``cohort`` (period[M]),
    ``age`` (months since, 0 …), ``month`` (period[M]), ``customers`` (active), ``numerator`` (active
    customers), ``denominator`` (cohort's customers), ``value`` (retention: their ratio), ``turnover``
    (net, in that month), ``turnover_share`` (of the cohort's turnover in its first month),
    ``cumulative_per_customer`` (net turnover since the first order / cohort's customers), ``complete``
    (False: the data ends before that month does), ``n`` (cohort's customers), ``status``, ``reason``.
    """
    raise NotImplementedError


def retention_by_age(sales: Sales, minimum: int = 5) -> pd.DataFrame:
    """All cohorts together: the share of customers active so many months after their first order.

    Each age takes in the cohorts that have reached it in a complete month, so the denominator falls
    with age; readable for small shops whose single cohorts are not.

    Returns
    -------
    One row per age: ``age`` (months), ``numerator`` (active customers), ``denominator`` (customers
    of the cohorts), ``value``, ``cumulative_per_customer`` (net turnover up to that age per customer),
    ``n`` (customers), ``status``, ``reason``.
    """
    raise NotImplementedError


def customer_table(sales: Sales) -> pd.DataFrame:
    """One row per known customer in these sales: what segments, lifetime value and accounts start from.

    Returns
    -------
    ``customer_id``, ``kind`` (of the latest order), ``country`` (of the latest order), ``first_day``
    (first order ever), ``first_seen`` and ``last_seen`` (local days of the first and last order in
    these sales), ``orders``, ``purchases`` (distinct days with an order), ``turnover`` (net goods).
    """
    raise NotImplementedError
