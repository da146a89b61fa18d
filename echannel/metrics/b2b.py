"""Selling to firms: dependence on few accounts, accounts gone quiet, and when invoices are paid.

Only orders of kind b2b. Turnover is net goods ex VAT; receivables and payment figures include VAT,
as an invoice does (in the reporting currency). An order is taken as one invoice of its own day.
Refunds lower a receivable by their gross amount, at the order's own VAT share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from echannel.metrics.customers import customer_table, purchase_days
from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW, judged, missing, ratio
from echannel.metrics.turnover import Sales, as_date, day_number

AGE_BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")

LatestPayment = Callable[[date], Mapping[str, date]]
"""The last lawful day to pay an invoice of a day, by way of counting (``CountryPack.latest_payment``)."""

FEWEST_ACCOUNTS = 2
FEWEST_ORDERS = 5
FEWEST_PURCHASES = 4

_NO_B2B = "reason.b2b.no_orders"
_NO_PAID = "reason.b2b.no_paid_dates"
_NO_DUE = "reason.b2b.no_due_dates"
_NO_LAW = "reason.b2b.no_payment_law"
_FEW_ACCOUNTS = "reason.b2b.few_accounts"
_FEW_ORDERS = "reason.b2b.few_orders"
_FEW_PURCHASES = "reason.b2b.few_purchases"


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
    accounts = _accounts(sales)
    amounts = accounts["turnover"].clip(lower=0).sort_values(ascending=False).to_numpy()
    total, n = amounts.sum(), len(amounts)
    frame = pd.DataFrame(
        {
            "measure": ["top_1", "top_5", "top_10", "hhi"],
            "numerator": [*(amounts[:top].sum() for top in (1, 5, 10)), np.nan],
            "denominator": [total, total, total, np.nan],
            "n": n,
        }
    )
    frame["value"] = frame["numerator"] / (total or np.nan)
    frame.loc[3, "value"] = ((amounts / total) ** 2).sum() if total else np.nan
    return judged(frame, FEWEST_ACCOUNTS, _FEW_ACCOUNTS) if n else _without_accounts(sales, frame)


def top_accounts(sales: Sales, count: int = 10) -> pd.DataFrame:
    """The largest B2B accounts.

    Returns
    -------
    One row per account, largest first: ``customer_id``, ``country``, ``value`` (net turnover), ``share``,
    ``cumulative_share``, ``n`` (orders), ``last_day`` (local day of the last order), ``status``, ``reason``.
    """
    accounts = _accounts(sales)
    total = accounts["turnover"].clip(lower=0).sum()
    ranked = accounts.sort_values("turnover", ascending=False, kind="stable")
    share = ranked["turnover"].clip(lower=0) / (total or np.nan)
    frame = pd.DataFrame(
        {
            "customer_id": ranked["customer_id"],
            "country": ranked["country"],
            "value": ranked["turnover"],
            "share": share,
            "cumulative_share": share.cumsum(),
            "n": ranked["orders"],
            "last_day": ranked["last_seen"],
        }
    )
    return judged(frame.head(count).reset_index(drop=True), 1, "")


def accounts_at_risk(sales: Sales, as_of: int | None = None, factor: float = 2.0) -> pd.DataFrame:
    """Accounts that should have ordered by now, judged by their own rhythm.

    An account's rhythm is the median of days between its purchases (orders of one day are one purchase;
    four purchases at least). It is at risk when days since its last purchase exceed ``factor`` × rhythm;
    beyond twice that, and a year at least, it is lost rather than at risk, and left out.

    Returns
    -------
    One row per account at risk, largest yearly turnover first: ``customer_id``, ``country``, ``value``
    (days since last / rhythm), ``rhythm`` (median days), ``days_since``, ``last_day``, ``turnover`` (net,
    in the 365 days up to the last purchase), ``n`` (intervals), ``status``, ``reason``.
    One row with status too_few and no customer when no account has four purchases; no row when none
    is at risk.
    """
    firms = sales.select(kinds=["b2b"], until=as_of)
    today = sales.last_day if as_of is None else as_of
    codes, days = purchase_days(firms.orders)
    gaps = pd.Series(np.diff(days))[codes[1:] == codes[:-1]]
    rhythms = gaps.groupby(codes[1:][codes[1:] == codes[:-1]]).agg(["median", "size"])
    rhythms = rhythms[rhythms["size"] >= FEWEST_PURCHASES - 1]
    ids = firms.orders["customer_id"].cat.categories[rhythms.index.to_numpy(dtype="int64")]
    accounts = customer_table(firms).set_index("customer_id").loc[ids]
    frame = pd.DataFrame(
        {
            "customer_id": ids,
            "country": accounts["country"].to_numpy(),
            "value": (today - accounts["last_seen"].to_numpy()) / rhythms["median"].to_numpy(),
            "rhythm": rhythms["median"].to_numpy(),
            "days_since": today - accounts["last_seen"].to_numpy(),
            "last_day": accounts["last_seen"].to_numpy(),
            "turnover": _last_year(firms, ids, accounts["last_seen"].to_numpy()),
            "n": rhythms["size"].to_numpy(),
        }
    )
    if frame.empty:
        row = frame.reindex([0]).assign(n=0, status=TOO_FEW)
        return row.assign(reason=_FEW_PURCHASES if len(firms.orders) else _NO_B2B)
    lost = frame["days_since"] > np.maximum(2 * factor * frame["rhythm"], _YEAR)
    quiet = frame[(frame["value"] > factor) & ~lost].sort_values(
        ["turnover", "customer_id"], ascending=[False, True]
    )
    return judged(quiet.reset_index(drop=True), FEWEST_PURCHASES - 1, _FEW_PURCHASES)


def receivables(sales: Sales, as_of: int | None = None, terms: int | None = None) -> pd.DataFrame:
    """B2B orders open on a local day: ordered by then, not paid by then, after refunds by then.

    ``terms``: days from order to due date where the source gives none.

    Returns
    -------
    One row per open order: ``order_id``, ``customer_id``, ``day``, ``due_day`` (NaN: unknown), ``open``
    (incl. VAT), ``days_late`` (negative: not due yet; NaN: unknown).
    """
    today = sales.last_day if as_of is None else as_of
    invoices = _invoices(sales, today, terms)
    open_amount = _open(invoices, today)
    invoices = invoices.assign(open=open_amount, days_late=today - invoices["due_day"])
    columns = ["order_id", "customer_id", "day", "due_day", "open", "days_late"]
    return invoices.loc[open_amount > 0, columns].reset_index(drop=True)


def receivables_by_age(sales: Sales, as_of: int | None = None, terms: int | None = None) -> pd.DataFrame:
    """Open receivables incl. VAT by how overdue they are; the parts sum to all that is open.

    Returns
    -------
    One row per name in ``AGE_BUCKETS``, and ``unknown`` (no due date) if there are such: ``bucket``,
    ``value`` (incl. VAT), ``share``, ``orders``, ``n`` (open orders), ``status``, ``reason``.
    """
    lacking = _lacking(sales)
    if lacking:
        return pd.concat(
            [missing(lacking, bucket=bucket) for bucket in AGE_BUCKETS], ignore_index=True
        ).assign(share=np.nan, orders=np.nan)[["bucket", "value", "share", "orders", "n", "status", "reason"]]
    bills = receivables(sales, as_of, terms)
    late = bills["days_late"].to_numpy()
    place = np.where(np.isnan(late), len(AGE_BUCKETS), np.digitize(late, [0.5, 30.5, 60.5, 90.5]))
    amounts = np.bincount(place, bills["open"].to_numpy(), len(AGE_BUCKETS) + 1)
    orders = np.bincount(place, minlength=len(AGE_BUCKETS) + 1)
    frame = pd.DataFrame({"bucket": [*AGE_BUCKETS, "unknown"], "value": amounts})
    frame = frame.assign(
        share=amounts / (amounts.sum() or np.nan), orders=orders, n=orders, status=OK, reason=""
    )
    if not orders[-1]:
        return frame.iloc[:-1]
    if orders[-1] == len(bills):
        known = frame["bucket"] != "unknown"
        frame.loc[known, ["value", "share"]] = np.nan
        frame.loc[known, ["status", "reason"]] = [INPUT_MISSING, _NO_DUE]
    return frame


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
    methods = ("ratio", "count_back")
    lacking = _lacking(sales)
    if lacking:
        rows = [missing(lacking, method=method, numerator=np.nan, denominator=np.nan) for method in methods]
        return pd.concat(rows, ignore_index=True)
    today = sales.last_day if as_of is None else as_of
    invoices = _invoices(sales, today, None)
    due = _open(invoices, today).sum()
    invoices = invoices.assign(net=invoices["amount"] - invoices["refunded"])
    recent = invoices[invoices["day"] > today - window]
    sold = recent["net"].sum()
    frame = pd.DataFrame(
        {
            "method": methods,
            "numerator": due,
            "denominator": sold,
            "value": [due / sold * window if sold > 0 else np.nan, _count_back(invoices, due, today)],
            "n": len(recent),
        }
    )
    return judged(frame, FEWEST_ORDERS, _FEW_ORDERS)


def payment_delays(sales: Sales, terms: int | None = None) -> pd.DataFrame:
    """How long paid B2B orders took.

    Returns
    -------
    Four rows: ``measure`` (``days_to_pay``: mean days from order to payment; ``days_late``: mean days after
    the due date, paid early counting negative; ``days_late_weighted``: the same by amount incl. VAT;
    ``late_share``: share of orders paid after the due date), ``numerator``, ``denominator``, ``value``,
    ``n`` (paid orders with the dates needed), ``status``, ``reason``.
    """
    measures = ("days_to_pay", "days_late", "days_late_weighted", "late_share")
    lacking = _lacking(sales)
    if lacking:
        rows = [missing(lacking, measure=name, numerator=np.nan, denominator=np.nan) for name in measures]
        return pd.concat(rows, ignore_index=True)
    invoices = _invoices(sales, None, terms)
    paid = invoices[np.isfinite(invoices["paid_day"])]
    due = paid[paid["due_day"].notna()]
    late = (due["paid_day"] - due["due_day"]).to_numpy()
    amount = due["amount"].to_numpy()
    frame = pd.DataFrame(
        {
            "measure": measures,
            "numerator": [
                (paid["paid_day"] - paid["day"]).sum(), late.sum(), (late * amount).sum(), (late > 0).sum()
            ],
            "denominator": [len(paid), len(due), amount.sum(), len(due)],
            "n": [len(paid), len(due), len(due), len(due)],
        }
    )  # fmt: skip
    result = ratio(frame, FEWEST_ORDERS, _FEW_ORDERS)
    if due.empty and len(paid):
        result.loc[1:, ["status", "reason"]] = [INPUT_MISSING, _NO_DUE]
    return result


def beyond_legal_term(sales: Sales, latest: LatestPayment, as_of: int | None = None) -> pd.DataFrame:
    """B2B orders paid, or still open, after the last day that the law of the SME's country allows.

    ``latest`` gives that day for an invoice's day, by way of counting: in France 60 days from the invoice,
    or 45 days end of month, counted in one of two ways (code de commerce, art. L441-10); in the UK 30 days
    where nothing else is agreed (Late Payment of Commercial Debts (Interest) Act 1998, s. 4).
    An order counts once its last day is over on the day ``as_of``, or once it is paid.

    Returns
    -------
    Two rows per way of counting, and two of ``counting`` ``every`` (late by each of them, whatever the
    contract says): ``counting``, ``measure`` (orders, amount), ``numerator`` (beyond the term),
    ``denominator`` (all judged; amounts incl. VAT), ``value`` (fraction), ``n`` (orders judged), ``status``,
    ``reason``.
    """
    lacking = _lacking(sales)
    if lacking:
        return _no_term(lacking)
    today = sales.last_day if as_of is None else as_of
    invoices = _invoices(sales, today, None)
    limits = _latest_days(invoices["day"], latest)
    if limits.empty:
        return _no_term(_NO_LAW)
    parts = [_beyond(invoices, limits[name].to_numpy(), today).assign(counting=str(name)) for name in limits]
    frame = ratio(pd.concat(parts, ignore_index=True), FEWEST_ORDERS, _FEW_ORDERS)
    return frame[["counting", *(column for column in frame if column != "counting")]]


def _latest_days(days: pd.Series, latest: LatestPayment) -> pd.DataFrame:
    """The last lawful day for each invoice, one column per way of counting and ``every`` for the latest."""
    by_day = {day: latest(as_date(int(day)).date()) for day in days.unique()}
    rows = {day: {name: last.toordinal() for name, last in found.items()} for day, found in by_day.items()}
    limits = pd.DataFrame.from_dict(rows, orient="index", dtype="float64") - date(1970, 1, 1).toordinal()
    limits = limits.reindex(days.to_numpy())
    return limits.assign(every=limits.max(axis=1)) if len(limits.columns) else limits


def _beyond(invoices: pd.DataFrame, last: np.ndarray, today: int) -> pd.DataFrame:
    amount = (invoices["amount"] - invoices["refunded"]).to_numpy()
    paid = invoices["paid_day"].to_numpy()
    owed = (amount > _CENT) & np.isfinite(last)
    judged_orders = owed & ((paid <= today) | ((paid > today) & (last < today)))
    beyond = judged_orders & (np.minimum(paid, today) > last)
    return pd.DataFrame(
        {
            "measure": ["orders", "amount"],
            "numerator": [beyond.sum(), amount[beyond].sum()],
            "denominator": [judged_orders.sum(), amount[judged_orders].sum()],
            "n": judged_orders.sum(),
        }
    )


def _no_term(reason: str) -> pd.DataFrame:
    rows = [
        missing(reason, counting="every", measure=name, numerator=np.nan, denominator=np.nan)
        for name in ("orders", "amount")
    ]
    return pd.concat(rows, ignore_index=True)


_CENT = 0.005
_YEAR = 365


def _accounts(sales: Sales) -> pd.DataFrame:
    return customer_table(sales.select(kinds=["b2b"]))


def _without_accounts(sales: Sales, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` when there is no known B2B account: no B2B order, or none with its customer."""
    ordered = (sales.orders["kind"] == "b2b").any()
    return frame.assign(status=INPUT_MISSING, reason="reason.customers.unknown" if ordered else _NO_B2B)


def _last_year(firms: Sales, ids: pd.Index, last: np.ndarray) -> np.ndarray:
    """Net turnover of each account in the 365 days up to its own last purchase."""
    entries = firms.entries
    at = ids.get_indexer(pd.Index(entries["customer_id"].astype(object)))
    known = at >= 0
    at, day = at[known], entries["day"].to_numpy()[known]
    inside = day > last[at] - _YEAR
    return np.bincount(at[inside], entries["net_goods"].to_numpy()[known][inside], len(ids))


def _lacking(sales: Sales) -> str:
    """Why payment cannot be judged: no B2B order, or no payment date at all; "" when it can."""
    firms = sales.orders[(sales.orders["kind"] == "b2b").to_numpy()]
    if firms.empty:
        return _NO_B2B
    return "" if firms["paid_at"].notna().any() else _NO_PAID


def _invoices(sales: Sales, today: int | None, terms: int | None) -> pd.DataFrame:
    """B2B orders up to ``today`` as invoices.

    ``amount`` incl. VAT, ``refunded`` (incl. VAT, by ``today``), ``paid_day`` (UTC day; inf: not paid;
    NaN: the status says paid, but not when) and ``due_day`` (NaN: unknown).
    """
    orders = sales.orders[(sales.orders["kind"] == "b2b").to_numpy()]
    entries = sales.entries[(sales.entries["entry"] == "refund").to_numpy()]
    if today is not None:
        orders = orders[orders["day"] <= today]
        entries = entries[entries["day"] <= today]
    orders = orders.reset_index(drop=True)
    unpaid = (orders["status"] != "paid").to_numpy()
    day = orders["day"].to_numpy().astype("float64")
    due = _day_of(orders["due_at"])
    if terms is not None:
        due = np.where(np.isnan(due), day + terms, due)
    paid = _day_of(orders["paid_at"])
    total = orders["total_gross"].to_numpy()
    by_order = entries.groupby("order_id", observed=True)["refunded"].sum()
    back = orders["order_id"].astype(object).map(by_order).fillna(0.0).to_numpy(dtype="float64")
    net = total - orders["vat"].to_numpy()
    gross_back = back * np.divide(total, net, out=np.ones(len(net)), where=net != 0)
    return pd.DataFrame(
        {
            "order_id": orders["order_id"],
            "customer_id": orders["customer_id"],
            "day": day,
            "amount": total,
            "refunded": gross_back,
            "paid_day": np.where(np.isnan(paid) & unpaid, np.inf, paid),
            "due_day": due,
        }
    )


def _open(invoices: pd.DataFrame, today: int) -> np.ndarray:
    """What is still to be paid of each invoice on a day, incl. VAT; 0 also where paid without a date."""
    owed = (invoices["amount"] - invoices["refunded"]).to_numpy()
    return np.where((invoices["paid_day"].to_numpy() > today) & (owed > _CENT), owed, 0.0)


def _day_of(moments: pd.Series) -> np.ndarray:
    """UTC days since 1970-01-01 as floats; NaN where there is no moment."""
    known = moments.notna().to_numpy()
    days = np.full(len(moments), np.nan)
    days[known] = day_number(moments[known].dt.tz_convert(None))
    return days


def _count_back(invoices: pd.DataFrame, due: float, today: int) -> float:
    """Days back from ``today`` whose sales incl. VAT make up ``due``; NaN if all sales do not."""
    if due <= _CENT:
        return 0.0
    if invoices.empty:
        return np.nan
    age = (today - invoices["day"].to_numpy()).astype(int)
    sold = np.bincount(age, invoices["net"].to_numpy()).cumsum()
    full = int(np.searchsorted(sold, due - _CENT))
    if full == len(sold):
        return np.nan
    before = sold[full - 1] if full else 0.0
    return full + (due - before) / (sold[full] - before)
