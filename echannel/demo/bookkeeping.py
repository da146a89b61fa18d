"""What a firm's trade and its costs leave in the books: postings to roles of accounts, in whole cents.

Each entry balances: its debits (positive) and credits (negative) sum to nothing. Sales, VAT, purchases and
stock follow the firm's own trade; wages, rent, carriage and the rest are drawn from a generator of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from echannel.demo.people import EUROPEAN_UNION
from echannel.demo.supply import Supply
from echannel.demo.trade import Trade

STANDARD = 0.2
_SOLD = ("shipped", "delivered", "paid", "refunded", "partly_refunded")
COLUMNS = ["day", "journal", "ref", "role", "party", "cents"]
RESULT = {
    *("sales", "sales_eu", "sales_export", "carriage_sold", "purchases", "stock_change", "carriage", "fees"),
    *("rent", "energy", "insurance", "accountant", "telecoms", "software", "packaging", "marketing"),
    *("wages", "charges", "local_tax", "depreciation", "interest", "corporation_tax"),
}


@dataclass(frozen=True)
class House:
    """How a firm is run: yearly costs ex VAT, people, loan, fixed assets; money in the firm's currency.

    ``overheads`` by role; ``wages`` gross per month and ``charges`` the employer's share of them; a loan of
    ``loan`` at ``rate`` over ``loan_months``; ``assets`` written off over ``life`` years; ``parcel``: what a
    carrier takes for one at home and abroad; ``fee``: share and fixed part that a payment costs. A VAT return
    covers ``vat_months``, ending in months that leave ``vat_offset``; it is paid on day ``vat_day`` of the
    next month in France, of the one after in Britain. ``first_month`` begins the fiscal year.
    """

    overheads: Mapping[str, float]
    wages: float
    charges: float
    loan: float
    rate: float
    loan_months: int
    assets: float
    life: int
    cash: float
    capital: float
    parcel: tuple[float, float]
    fee: tuple[float, float]
    vat_months: int
    vat_day: int
    vat_offset: int
    tax_rate: float
    first_month: int
    marketing: float = 0.0  # a year, where no advertising stands in the visits


_NO_VAT = {"insurance", "local_tax", "marketing"}  # advertising is billed from another member state
_NET_OF_WAGES = 0.78  # what employees get of their gross wage


def postings(trade: Trade, supply: Supply, adverts: np.ndarray, house: House, seed: int) -> pd.DataFrame:
    """All postings of the window, by day, journal and reference; ``adverts``: cost of each month's visits."""
    rng = np.random.default_rng([seed, 4])
    months = _months(trade)
    parts = [
        _begin(trade, supply, house),
        _sales(trade),
        _credit_notes(trade),
        _receipts(trade, house),
        _purchases(trade, supply),
        _stock(trade, supply, months),
        _overheads(trade, house, months, rng),
        _carriage(trade, house, months, rng),
        _adverts(house, adverts, months),
        _payroll(house, months),
        _loan(house, months),
        _written_off(house, months),
    ]
    made = pd.concat(parts, ignore_index=True)
    made = pd.concat([made, _vat(made, house, trade)], ignore_index=True)
    made = pd.concat([made, _tax(made, house, trade)], ignore_index=True)
    last = (trade.last - trade.first).days
    made = made[(made["cents"] != 0) & (made["day"] <= last)]
    return made.sort_values(["day", "journal", "ref"], kind="stable", ignore_index=True)


def _months(trade: Trade) -> list[tuple[int, int]]:
    """First and last day of each month of the window that is over, from the window's first day."""
    starts = pd.date_range(trade.first, trade.last, freq="MS")
    bounds = [(one.date() - trade.first).days for one in starts]
    ends = [*(bound - 1 for bound in bounds[1:])]
    return list(zip(bounds, ends, strict=False))


def _cents(amounts: np.ndarray | pd.Series) -> np.ndarray:
    return np.rint(np.asarray(amounts, dtype="float64") * 100).astype("int64")


def _entries(
    journal: str, day: np.ndarray, ref: np.ndarray, party: np.ndarray | str, **roles: np.ndarray
) -> pd.DataFrame:
    """One entry per row of the arrays, with one posting per role."""
    frames = [
        pd.DataFrame(
            {"day": day, "journal": journal, "ref": ref, "role": role, "party": party, "cents": cents}
        )
        for role, cents in roles.items()
    ]
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _one(journal: str, day: int, ref: str, party: str = "", **roles: int) -> pd.DataFrame:
    arrays = {role: np.array([cents]) for role, cents in roles.items()}
    return _entries(journal, np.array([day]), np.array([ref], dtype=object), party, **arrays)


def _begin(trade: Trade, supply: Supply, house: House) -> pd.DataFrame:
    stock = int(_cents(supply.opening * trade.products["cost"].to_numpy()).sum())
    cash, assets, loan, capital = (
        round(100 * one) for one in (house.cash, house.assets, house.loan, house.capital)
    )
    worn = assets // 3
    reserves = -(stock + cash + assets - worn - loan - capital)
    return _one(
        "general", 0, "OB", "",
        bank=cash, stock=stock, assets=assets, worn=-worn, loan=-loan, capital=-capital, reserves=reserves,
    )  # fmt: skip


def _invoiced(trade: Trade) -> pd.DataFrame:
    """Orders that count as sold; those of consumers are booked as one a day and region."""
    orders = trade.orders[trade.orders["status"].isin(_SOLD)]
    home = (orders["country"] == trade.firm.country).to_numpy()
    near = orders["country"].isin(EUROPEAN_UNION).to_numpy() & (trade.firm.country == "FR")
    firm = (orders["kind"] == "b2b").to_numpy()
    rate = orders["rate"].to_numpy()
    net, gross = orders["total_net"].to_numpy() / rate, orders["total"].to_numpy() / rate
    carried = (orders["shipping_net"] + orders["wrapping_net"]).to_numpy() / rate
    return orders.assign(
        role=np.select([home, near], ["sales", "sales_eu"], "sales_export"),
        party=np.where(firm, "C" + orders["customer"].astype(str).str.zfill(4), "CWEB"),
        number=np.where(firm, orders.index, orders["day"]),
        gross_cents=_cents(gross),
        net_cents=_cents(net),
        carried_cents=_cents(carried),
        back_cents=_cents(orders["refunded"].to_numpy() / rate),
        back_net_cents=_cents(orders["refunded_net"].to_numpy() / rate),
    )


def _sales(trade: Trade) -> pd.DataFrame:
    sold = _invoiced(trade)
    keys = ["day", "party", "number", "role"]
    sums = sold.groupby(keys, as_index=False)[["gross_cents", "net_cents", "carried_cents"]].sum()
    parts = []
    for role, rows in sums.groupby("role"):
        net, gross, carried = (
            rows[name].to_numpy() for name in ("net_cents", "gross_cents", "carried_cents")
        )
        sales = {str(role): carried - net}
        ref = ("F" + rows["number"].astype(str).str.zfill(5)).to_numpy(object)
        parts.append(
            _entries(
                "sales",
                rows["day"].to_numpy(),
                ref,
                rows["party"].to_numpy(),
                receivables=gross,
                **sales,
                carriage_sold=-carried,
                vat_out=net - gross,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _credit_notes(trade: Trade) -> pd.DataFrame:
    sold = _invoiced(trade)
    back = sold[(sold["back_cents"] > 0) & (sold["refunded_on"] >= 0)]
    keys = ["refunded_on", "party", "number", "role"]
    sums = back.groupby(keys, as_index=False)[["back_cents", "back_net_cents"]].sum()
    parts = []
    for role, rows in sums.groupby("role"):
        gross, net = rows["back_cents"].to_numpy(), rows["back_net_cents"].to_numpy()
        day, party = rows["refunded_on"].to_numpy(), rows["party"].to_numpy()
        ref = ("A" + rows["number"].astype(str).str.zfill(5)).to_numpy(object)
        own = {str(role): net}
        parts.append(_entries("sales", day, ref, party, receivables=-gross, **own, vat_out=gross - net))
        parts.append(_entries("bank", day + 2, ref, party, receivables=gross, bank=-gross))
    return pd.concat(parts, ignore_index=True)


def _receipts(trade: Trade, house: House) -> pd.DataFrame:
    """Cards' money comes two days later less the fee; firms pay by transfer, on the day they pay."""
    sold = _invoiced(trade)
    paid = sold[sold["paid"] >= 0]
    card = (paid["kind"] == "b2c").to_numpy()
    day = np.where(card, paid["day"].to_numpy() + 2, paid["paid"].to_numpy())
    fee = np.where(card, np.rint(paid["gross_cents"] * house.fee[0] + 100 * house.fee[1]), 0)
    sums = (
        paid.assign(on=day, fee=fee.astype("int64"), number=np.where(card, paid["day"], paid.index))
        .groupby(["on", "party", "number"], as_index=False)[["gross_cents", "fee"]]
        .sum()
    )
    gross, fees = sums["gross_cents"].to_numpy(), sums["fee"].to_numpy()
    ref = ("R" + sums["number"].astype(str).str.zfill(5)).to_numpy(object)
    return _entries(
        "bank", sums["on"].to_numpy(), ref, sums["party"].to_numpy(),
        bank=gross - fees, fees=fees, receivables=-gross,
    )  # fmt: skip


def _purchases(trade: Trade, supply: Supply) -> pd.DataFrame:
    """Suppliers' invoices on the day of delivery, paid on their terms; VAT where the supplier charges it."""
    known = supply.purchases[supply.purchases["received"] >= 0]
    product = known["product"].to_numpy()
    cost = known["cost"].fillna(pd.Series(trade.products["cost"].to_numpy()[product], index=known.index))
    value = known["came"].to_numpy() * cost.to_numpy()
    number = known["number"].to_numpy()
    home = (supply.suppliers["country"].to_numpy() == trade.firm.country)[number]
    vat = value * np.where(home, trade.products["vat"].to_numpy()[product], 0.0)
    sums = (
        known.assign(net=value, vat=vat)
        .groupby(["received", "purchase", "number"], as_index=False)[["net", "vat"]]
        .sum()
    )
    net, tax = _cents(sums["net"]), _cents(sums["vat"])
    day, party = sums["received"].to_numpy(), supply.suppliers["supplier"].to_numpy()[sums["number"]]
    ref = ("P" + sums["purchase"].astype(str).str.zfill(4)).to_numpy(object)
    terms = supply.suppliers["terms"].to_numpy()[sums["number"]]
    billed = _entries("purchases", day, ref, party, purchases=net, vat_in=tax, payables=-net - tax)
    return pd.concat([billed, _entries("bank", day + terms, ref, party, payables=net + tax, bank=-net - tax)])


def _stock(trade: Trade, supply: Supply, months: list[tuple[int, int]]) -> pd.DataFrame:
    """What the stock gained or lost at cost in each month."""
    ends = [end for _, end in months]
    value = _cents(supply.stock[:, ends] * trade.products["cost"].to_numpy()[:, None]).sum(axis=0)
    begun = int(_cents(supply.opening * trade.products["cost"].to_numpy()).sum())
    change = np.diff(value, prepend=begun)
    ref = np.array([f"S{at:03d}" for at in range(len(ends))], dtype=object)
    return _entries("general", np.array(ends), ref, "", stock=change, stock_change=-change)


def _billed(
    day: np.ndarray, ref: list[str], role: str, net: np.ndarray, terms: int, party: str
) -> pd.DataFrame:
    """A monthly invoice and its payment."""
    tax = np.zeros_like(net) if role in _NO_VAT else np.rint(net * STANDARD).astype("int64")
    refs, own = np.array(ref, dtype=object), {role: net}
    billed = _entries("purchases", day, refs, party, **own, vat_in=tax, payables=-net - tax)
    paid = _entries("bank", day + terms, refs, party, payables=net + tax, bank=-net - tax)
    return pd.concat([billed, paid], ignore_index=True)


def _overheads(
    trade: Trade, house: House, months: list[tuple[int, int]], rng: np.random.Generator
) -> pd.DataFrame:
    starts = np.array([start for start, _ in months])
    years = starts / 365
    parts = []
    for at, (role, yearly) in enumerate(house.overheads.items()):
        spread = 0.0 if role in {"rent", "insurance", "accountant"} else 0.12
        net = _cents(yearly / 12 * 1.025**years * np.exp(rng.normal(0, spread, len(starts))))
        ref = [f"G{at:02d}{month:03d}" for month in range(len(starts))]
        parts.append(_billed(starts + 4 + at, ref, role, net, 0 if role == "rent" else 30, f"G{at:02d}"))
    return pd.concat(parts, ignore_index=True)


def _carriage(
    trade: Trade, house: House, months: list[tuple[int, int]], rng: np.random.Generator
) -> pd.DataFrame:
    """The carrier's bill at each month's end, by parcel."""
    sold = trade.orders[trade.orders["status"].isin(_SOLD)]
    price = np.where(sold["country"] == trade.firm.country, *house.parcel)
    month = np.searchsorted([start for start, _ in months], sold["day"].to_numpy(), side="right") - 1
    value = np.bincount(month, price, len(months))[: len(months)] * rng.uniform(0.96, 1.05, len(months))
    ends = np.array([end for _, end in months])
    ref = [f"T{at:03d}" for at in range(len(months))]
    return _billed(ends, ref, "carriage", _cents(value), 30, "GTRANS")


def _adverts(house: House, adverts: np.ndarray, months: list[tuple[int, int]]) -> pd.DataFrame:
    """Advertising, by card in the month."""
    ends = np.array([end for _, end in months])
    spent = _cents(adverts[: len(months)] + house.marketing / 12)
    ref = [f"M{at:03d}" for at in range(len(months))]
    return _billed(ends, ref, "marketing", spent, 0, "GPUB")


def _payroll(house: House, months: list[tuple[int, int]]) -> pd.DataFrame:
    """Wages at the end of each month, what is withheld and charged in the middle of the next."""
    ends = np.array([end for _, end in months])
    gross = _cents(house.wages * 1.03 ** (ends // 365))
    net, charges = (
        np.rint(gross * _NET_OF_WAGES).astype("int64"),
        np.rint(gross * house.charges).astype("int64"),
    )
    owed = gross - net + charges
    ref = np.array([f"W{at:03d}" for at in range(len(months))], dtype=object)
    booked = _entries("general", ends, ref, "", wages=gross, charges=charges, staff=-net, social=-owed)
    paid = _entries("bank", ends, ref, "", staff=net, bank=-net)
    return pd.concat([booked, paid, _entries("bank", ends + 15, ref, "", social=owed, bank=-owed)])


def _loan(house: House, months: list[tuple[int, int]]) -> pd.DataFrame:
    step = house.rate / 12
    annuity = round(100 * house.loan * step / (1 - (1 + step) ** -house.loan_months))
    left, parts = round(100 * house.loan), []
    for at, (start, _) in enumerate(months):
        interest = round(left * step)
        capital = min(left, annuity - interest)
        left -= capital
        parts.append(
            _one("bank", start + 4, f"L{at:03d}", loan=capital, interest=interest, bank=-capital - interest)
        )
    return pd.concat(parts, ignore_index=True)


def _written_off(house: House, months: list[tuple[int, int]]) -> pd.DataFrame:
    ends = np.array([end for _, end in months])
    left = round(100 * house.assets) * 2 // 3
    each = np.full(len(months), round(100 * house.assets / house.life / 12))
    each = np.minimum(each, np.maximum(left - np.cumsum(each) + each, 0))
    ref = np.array([f"D{at:03d}" for at in range(len(months))], dtype=object)
    return _entries("general", ends, ref, "", depreciation=each, worn=-each)


def _vat(made: pd.DataFrame, house: House, trade: Trade) -> pd.DataFrame:
    """Returns at the ends of their periods, and the payment (or repayment) that follows."""
    ends = pd.date_range(trade.first, trade.last, freq="ME")
    ends = ends[(ends.month - house.vat_offset) % house.vat_months == 0]
    parts, before = [], -1
    for at, moment in enumerate(ends):
        end = (moment.date() - trade.first).days
        inside = (made["day"] > before) & (made["day"] <= end)
        out, paid = (
            int(made.loc[inside & (made["role"] == role), "cents"].sum()) for role in ("vat_out", "vat_in")
        )
        due = -(out + paid)
        later = (moment + pd.DateOffset(months=1 if trade.firm.country == "FR" else 2)).replace(
            day=house.vat_day
        )
        on = (later.date() - trade.first).days
        parts.append(_one("general", end, f"V{at:03d}", vat_out=-out, vat_in=-paid, vat_due=-due))
        parts.append(_one("bank", on, f"V{at:03d}", vat_due=due, bank=-due))
        before = end
    return pd.concat(parts, ignore_index=True)


def _tax(made: pd.DataFrame, house: House, trade: Trade) -> pd.DataFrame:
    """Tax on the profit of each fiscal year, paid nine months later in Britain and four in France."""
    parts = [made.iloc[:0]]
    for end in fiscal_year_ends(trade, house.first_month):
        day = (end - trade.first).days
        start = (end.replace(year=end.year - 1) + timedelta(days=1) - trade.first).days
        inside = (made["day"] >= start) & (made["day"] <= day) & made["role"].isin(RESULT)
        profit = -int(made.loc[inside, "cents"].sum())
        tax = round(max(0, profit) * house.tax_rate)
        months = 9 if trade.firm.country == "GB" else 4
        due = (pd.Timestamp(end) + pd.DateOffset(months=months) + pd.Timedelta(days=1)).date()
        ref = f"IS{end.year}"
        parts.append(_one("general", day, ref, corporation_tax=tax, tax_owed=-tax))
        parts.append(_one("bank", (due - trade.first).days, ref, tax_owed=tax, bank=-tax))
    return pd.concat(parts, ignore_index=True)


def fiscal_year_ends(trade: Trade, first_month: int) -> list[date]:
    """The last days of the fiscal years that end in the window."""
    starts = pd.date_range(trade.first, trade.last, freq="MS")
    return [(one - pd.Timedelta(days=1)).date() for one in starts[1:] if one.month == first_month]
