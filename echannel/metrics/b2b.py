"""Selling to firms: dependence on few accounts, accounts gone quiet, and when invoices are paid.

Only orders of kind b2b. Turnover is net goods ex VAT; receivables and payment figures include VAT,
as an invoice does (in the reporting currency). An order is taken as one invoice of its own day.
Refunds lower a receivable by their gross amount, at the order's own VAT share.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.turnover import Sales

AGE_BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def concentration(sales: Sales) -> pd.DataFrame:
    """How much of B2B turnover hangs on few accounts.

    Shares of the largest 1, 5, 10 accounts, and the Herfindahl–Hirschman index Σ share² (1 = a single
    account, 1/accounts = all equal). Accounts with negative net turnover (refunds only) count as 0.

    Returns
    -------
    Four rows: ``measure`` (top_1, top_5, top_10, hhi), ``numerator`` and ``denominator`` (turnover of those
    accounts and of all known ones; NaN for hhi), ``value`` (fraction; hhi 0–1), ``n`` (accounts),
    ``status``, ``reason``.
    """
    raise NotImplementedError


def lorenz(sales: Sales, points: int = 101) -> pd.DataFrame:
    """The Lorenz curve of B2B turnover, smallest accounts first.

    Returns
    -------
    At most ``points`` rows from (0, 0) to (1, 1): ``accounts_share``, ``value`` (turnover share), ``n``
    (accounts), ``status``, ``reason``.
    """
    raise NotImplementedError


def top_accounts(sales: Sales, count: int = 10) -> pd.DataFrame:
    """The largest B2B accounts.

    Returns
    -------
    One row per account, largest first: ``customer_id``, ``country``, ``value`` (net turnover), ``share``,
    ``cumulative_share``, ``n`` (orders), ``last_day`` (local day of the last order), ``status``, ``reason``.
    """
    raise NotImplementedError


def accounts_at_risk(sales: Sales, as_of: int | None = None, factor: float = 2.0) -> pd.DataFrame:
    """Accounts that should have ordered by now, judged by their own rhythm.

    An account's rhythm is the median of days between its purchases (orders of one day are one purchase;
    four purchases at least). It is at risk when days since its last purchase exceed ``factor`` × rhythm.

    Returns
    -------
    One row per account at risk, largest yearly turnover first: ``customer_id``, ``country``, ``value``
    (days since last / rhythm), ``rhythm`` (median days), ``days_since``, ``last_day``, ``turnover`` (net,
    in the 365 days up to the last purchase), ``n`` (intervals), ``status``, ``reason``.
    One row with status too_few and no customer when no account has four purchases; no row when none is at risk.
    """
    raise NotImplementedError


def receivables(sales: Sales, as_of: int | None = None, terms: int | None = None) -> pd.DataFrame:
    """B2B orders open on a local day: ordered by then, not paid by then, after refunds by then.

    ``terms``: days from order to due date where the source gives none.

    Returns
    -------
    One row per open order: ``order_id``, ``customer_id``, ``day``, ``due_day`` (NaN: unknown), ``open``
    (incl. VAT), ``days_late`` (negative: not due yet; NaN: unknown).
    """
    raise NotImplementedError


def receivables_by_age(sales: Sales, as_of: int | None = None, terms: int | None = None) -> pd.DataFrame:
    """Open receivables incl. VAT by how overdue they are; the parts sum to all that is open.

    Returns
    -------
    One row per name in ``AGE_BUCKETS``, and ``unknown`` (no due date) if there are such: ``bucket``,
    ``value`` (incl. VAT), ``share``, ``orders``, ``n`` (open orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def days_sales_outstanding(sales: Sales, as_of: int | None = None, window: int = 90) -> pd.DataFrame:
    """DSO, two ways.

    ``ratio``: receivables incl. VAT / B2B sales incl. VAT of the last ``window`` days × window.
    ``count_back``: days of most recent sales that the receivables equal (newest day first), which a
    strong or weak month does not distort.

    Returns
    -------
    Two rows: ``method`` (ratio, count_back), ``numerator`` (receivables), ``denominator`` (sales incl. VAT
    of the window), ``value`` (days), ``n`` (B2B orders in the window), ``status``, ``reason``.
    """
    raise NotImplementedError


def payment_delays(sales: Sales, terms: int | None = None) -> pd.DataFrame:
    """How long paid B2B orders took.

    Returns
    -------
    Four rows: ``measure`` (``days_to_pay``: mean days from order to payment; ``days_late``: mean days after
    the due date, paid early counting negative; ``days_late_weighted``: the same by amount incl. VAT;
    ``late_share``: share of orders paid after the due date), ``numerator``, ``denominator``, ``value``,
    ``n`` (paid orders with the dates needed), ``status``, ``reason``.
    """
    raise NotImplementedError


def beyond_legal_term(sales: Sales, legal_days: int, as_of: int | None = None) -> pd.DataFrame:
    """B2B orders paid, or still open, more than ``legal_days`` after the invoice.

    ``legal_days`` comes from the country pack: 60 in France (code de commerce, art. L441-10), 30 in the
    UK where nothing else is agreed (Late Payment of Commercial Debts (Interest) Act 1998, s. 4).
    An order counts once the term has run out on the day ``as_of``, or once it is paid.

    Returns
    -------
    Two rows: ``measure`` (orders, amount), ``numerator`` (beyond the term), ``denominator`` (all judged;
    amounts incl. VAT), ``value`` (fraction), ``n`` (orders judged), ``status``, ``reason``.
    """
    raise NotImplementedError
