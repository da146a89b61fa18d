"""Writes the demonstration cohort's raw files, in each platform's own export format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from echannel.demo import lists, rivals, supply_lists
from echannel.demo.books import HOUSES, write_books
from echannel.demo.faults import Faults, spoil
from echannel.demo.files import write_ods, write_text, write_xlsx
from echannel.demo.firms import FIRMS, Firm, Outlet
from echannel.demo.formats import FORMATS, Format, Raw, Sold, sold_by
from echannel.demo.supply import supply
from echannel.demo.trade import Trade, simulate
from echannel.workspace import Workspace

SEED = 20261115
FIRST_DAY = date(2023, 11, 1)
LAST_FULL_DAY = date(2026, 10, 31)
LAST_DAY = date(2026, 11, 15)
_SUPPLY_FILES = ("suppliers", "supplier-prices", "purchases")
_SUPPLY = (supply_lists.suppliers, supply_lists.prices, supply_lists.purchases)
OVERLAP = timedelta(days=7)  # people export "the last year" a few days too early, to be sure


@dataclass(frozen=True)
class DemoSummary:
    """What was written: orders and refunds (each counted once, refused rows included) and faults, by SME."""

    orders: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    faults: dict[str, Faults] = field(default_factory=dict)


def write_demo(
    workspace: Workspace, progress: Callable[[str, int, int], None] | None = None, seed: int = SEED
) -> DemoSummary:
    """Write the demo cohort's export files to ``data/inbox/<sme>/``; the same seed gives the same bytes.

    36 full months (``FIRST_DAY`` to ``LAST_FULL_DAY``) and a part of the next. ``progress`` is called with
    (sme, done, total). Files of an earlier run are replaced; others in the folder stay.
    """
    summary = DemoSummary()
    for done, firm in enumerate(FIRMS):
        if progress:
            progress(firm.id, done, len(FIRMS))
        write_firm(firm, workspace.inbox / firm.id, seed, summary)
    if progress:
        progress(FIRMS[-1].id, len(FIRMS), len(FIRMS))
    return summary


def write_firm(firm: Firm, folder: Path, seed: int, summary: DemoSummary) -> Trade:
    """Write one firm's files to ``folder`` and note in ``summary`` what they hold; returns its trade."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, crc32(firm.id.encode())])  # its own, whichever firms come before
    trade = simulate(firm, FIRST_DAY, LAST_DAY, rng)
    orders = refunds = 0
    faults = Faults()
    for number, outlet in enumerate(firm.outlets):
        fmt = FORMATS[outlet.format]
        sold = sold_by(trade, number, fmt, rng)
        faults += _write_orders(folder, firm, outlet, fmt, sold)
        orders += len(sold.orders)
        refunds += int((sold.orders["refunded"] > 0).sum())
    _write_lists(folder, trade, rng, seed)
    if "p" in firm.lists:
        faults = replace(faults, products_without_cost=int((~trade.products["cost_known"]).sum()))
    summary.orders[firm.id] = orders
    summary.refunds[firm.id] = refunds
    summary.faults[firm.id] = faults
    return trade


def _write_orders(folder: Path, firm: Firm, outlet: Outlet, fmt: Format, sold: Sold) -> Faults:
    starts = pd.date_range(FIRST_DAY, LAST_DAY, freq=f"{outlet.months}MS")
    bounds = [*((start.date() - FIRST_DAY).days for start in starts), (LAST_DAY - FIRST_DAY).days + 1]
    day = sold.orders["day"].to_numpy()
    repeated = np.zeros(len(day), dtype=bool)
    for bound in bounds[1:-1]:
        repeated |= (day >= bound - OVERLAP.days) & (day < bound)
    raw, faults = spoil(fmt.build(sold), sold, fmt, repeated)
    for first, last in pairwise(bounds):
        since = first - OVERLAP.days if first else 0
        inside = (day >= since) & (day < last)
        if inside.any():
            _write_period(folder, firm, outlet, fmt, raw, inside, first, last)
    return faults


def _write_period(
    folder: Path, firm: Firm, outlet: Outlet, fmt: Format, raw: Raw, inside: np.ndarray, first: int, last: int
) -> None:
    name = fmt.name.format(
        first=f"{FIRST_DAY + timedelta(days=first):%Y-%m}",
        last=f"{FIRST_DAY + timedelta(days=last - 1):%Y-%m}",
    )
    frame = raw.frame[inside[raw.order]]
    path = folder / f"{name}.{fmt.extension}"
    if fmt.extension == "xlsx":
        write_xlsx(path, frame, fmt.numbers, fmt.dates)
    elif fmt.extension == "ods":
        write_ods(path, frame, fmt.numbers, fmt.dates)
    else:
        footer = tuple(line.format(orders=inside.sum(), firm=firm.id) for line in fmt.footer)
        write_text(path, frame, fmt.separator, outlet.encoding, fmt.quote_all, footer)


def _write_lists(folder: Path, trade: Trade, rng: np.random.Generator, seed: int) -> None:
    firm = trade.firm
    french = firm.country == "FR"
    separator, encoding = (";", firm.side_encoding) if french else (",", firm.side_encoding)
    stocked = supply(trade, seed) if "s" in firm.lists else None
    buys = stocked if firm.id not in supply_lists.NO_PURCHASES else None
    if "p" in firm.lists:
        name = "produits" if french else "products"
        frame = lists.products(trade) if buys is None else lists.products(trade, buys.products["lead"])
        if buys is not None:
            frame = pd.concat([frame, supply_lists.packs(trade, buys)], axis=1)
        if any(outlet.format in ("invoices_xlsx", "generic_xlsx") for outlet in firm.outlets):
            write_xlsx(
                folder / f"{name}.xlsx", frame, (frame.columns[4], frame.columns[5]), (frame.columns[12],)
            )
        else:
            write_text(folder / f"{name}.csv", frame, separator, encoding)
    if (noted := rivals.competitors(trade, seed)) is not None:
        write_text(folder / "competitors.csv", noted, separator, encoding)
    if stocked is not None:
        for year, frame in supply_lists.stock(trade, stocked).groupby("year"):
            write_text(folder / f"stock-{year}.csv", frame.drop(columns="year"), separator, encoding)
    if buys is not None:
        names = ("fournisseurs", "tarifs-fournisseurs", "achats") if french else _SUPPLY_FILES
        for name, build in zip(names, _SUPPLY, strict=True):
            write_text(folder / f"{name}.csv", build(trade, buys), separator, encoding)
    if "c" in firm.lists:
        name = "clients" if french else "customers"
        write_text(folder / f"{name}.csv", lists.customers(trade), separator, encoding)
    visits = lists.visits(trade, rng) if "v" in firm.lists else None
    if visits is not None:
        name = "visites" if french else "visits"
        write_text(folder / f"{name}.csv", visits, separator, encoding)
    if stocked is not None and firm.id in HOUSES:
        write_books(folder, trade, stocked, visits, seed)
