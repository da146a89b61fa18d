"""The books of two firms, as accountants hand them over: a FEC per year, and Xero's list of transactions.

What stands in them is what the firm's own trade and costs leave (see ``bookkeeping``); balances of what came
before are brought forward, in a FEC each year again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from echannel.demo.bookkeeping import COLUMNS, RESULT, House, fiscal_year_ends, postings
from echannel.demo.files import write_text
from echannel.demo.formats.base import money
from echannel.demo.supply import Supply
from echannel.demo.trade import Trade

HOUSES = {
    "breizh-epicerie": House(
        overheads={
            "rent": 9_600, "energy": 2_600, "insurance": 1_400, "accountant": 3_000, "telecoms": 900,
            "software": 2_400, "packaging": 4_800, "local_tax": 900,
        },
        wages=2_700, charges=0.27, loan=24_000, rate=0.031, loan_months=60, assets=21_000, life=5,
        cash=14_000, capital=10_000, parcel=(5.1, 10.5), fee=(0.014, 0.25),
        vat_months=1, vat_day=21, vat_offset=0, tax_rate=0.15, first_month=1,
    ),
    "sussex-parts": House(
        overheads={
            "rent": 24_000, "energy": 7_000, "insurance": 5_000, "accountant": 5_400, "telecoms": 2_100,
            "software": 3_900, "packaging": 6_200, "local_tax": 9_000,
        },
        wages=10_400, charges=0.14, loan=60_000, rate=0.068, loan_months=72, assets=54_000, life=6,
        cash=42_000, capital=20_000, parcel=(24.0, 58.0), fee=(0.0, 0.0),
        vat_months=3, vat_day=7, vat_offset=0, tax_rate=0.19, first_month=4, marketing=6_000,
    ),
}  # fmt: skip
SIREN = "123456782"
FEC_HEADERS = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum"),
    *("CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet"),
    *("ValidDate", "Montantdevise", "Idevise"),
]
XERO_HEADERS = [
    *("Date", "Source", "Description", "Reference", "Debit", "Credit"),
    *("Account Code", "Account", "Account Type"),
]


@dataclass(frozen=True)
class _Account:
    number: str
    name: str
    type: str = ""


_FRENCH = {
    "capital": _Account("101300", "Capital souscrit, appelé, versé"),
    "reserves": _Account("110000", "Report à nouveau"),
    "result": _Account("120000", "Résultat de l'exercice (bénéfice)"),
    "loss": _Account("129000", "Résultat de l'exercice (perte)"),
    "loan": _Account("164000", "Emprunts auprès des établissements de crédit"),
    "assets": _Account("218300", "Matériel de bureau et informatique"),
    "worn": _Account("281830", "Amortissements du matériel"),
    "stock": _Account("370000", "Stocks de marchandises"),
    "payables": _Account("401000", "Fournisseurs"),
    "receivables": _Account("411000", "Clients"),
    "staff": _Account("421000", "Personnel, rémunérations dues"),
    "social": _Account("431000", "Sécurité sociale"),
    "tax_owed": _Account("444000", "État, impôts sur les bénéfices"),
    "vat_due": _Account("445510", "TVA à décaisser"),
    "vat_in": _Account("445660", "TVA déductible sur biens et services"),
    "vat_out": _Account("445710", "TVA collectée"),
    "bank": _Account("512000", "Banque"),
    "packaging": _Account("602600", "Emballages"),
    "stock_change": _Account("603700", "Variation des stocks de marchandises"),
    "energy": _Account("606100", "Fournitures non stockables (eau, énergie)"),
    "purchases": _Account("607000", "Achats de marchandises"),
    "software": _Account("611000", "Sous-traitance (hébergement du site)"),
    "rent": _Account("613200", "Locations immobilières"),
    "insurance": _Account("616000", "Primes d'assurance"),
    "accountant": _Account("622600", "Honoraires"),
    "marketing": _Account("623100", "Annonces et insertions"),
    "carriage": _Account("624200", "Transports sur ventes"),
    "telecoms": _Account("626000", "Frais postaux et de télécommunications"),
    "fees": _Account("627800", "Commissions sur encaissements"),
    "local_tax": _Account("635110", "Cotisation foncière des entreprises"),
    "wages": _Account("641100", "Salaires et appointements"),
    "charges": _Account("645000", "Charges de sécurité sociale et de prévoyance"),
    "interest": _Account("661160", "Intérêts des emprunts"),
    "depreciation": _Account("681120", "Dotations aux amortissements"),
    "corporation_tax": _Account("695000", "Impôts sur les bénéfices"),
    "sales": _Account("707000", "Ventes de marchandises"),
    "sales_eu": _Account("707200", "Ventes de marchandises, Union européenne"),
    "sales_export": _Account("707300", "Ventes de marchandises, exportation"),
    "carriage_sold": _Account("708500", "Ports et frais accessoires facturés"),
}
_BRITISH = {
    "bank": _Account("090", "Business Bank Account", "Bank"),
    "sales": _Account("200", "Sales", "Revenue"),
    "sales_eu": _Account("201", "Sales - Europe", "Revenue"),
    "sales_export": _Account("202", "Sales - Export", "Revenue"),
    "carriage_sold": _Account("203", "Carriage Charged", "Revenue"),
    "purchases": _Account("310", "Cost of Goods Sold", "Direct Costs"),
    "stock_change": _Account("311", "Stock Movement", "Direct Costs"),
    "marketing": _Account("400", "Advertising & Marketing", "Overhead"),
    "accountant": _Account("401", "Audit & Accountancy fees", "Overhead"),
    "fees": _Account("404", "Bank Fees", "Overhead"),
    "depreciation": _Account("416", "Depreciation Expense", "Depreciation"),
    "carriage": _Account("425", "Postage, Freight & Courier", "Overhead"),
    "insurance": _Account("433", "Insurance", "Overhead"),
    "interest": _Account("437", "Interest Paid", "Overhead"),
    "energy": _Account("445", "Light, Power, Heating", "Overhead"),
    "packaging": _Account("461", "Packaging & Stationery", "Overhead"),
    "software": _Account("463", "IT Software and Consumables", "Overhead"),
    "local_tax": _Account("465", "Rates", "Overhead"),
    "rent": _Account("469", "Rent", "Overhead"),
    "wages": _Account("477", "Salaries", "Overhead"),
    "charges": _Account("479", "Employers National Insurance & Pensions", "Overhead"),
    "telecoms": _Account("489", "Telephone & Internet", "Overhead"),
    "corporation_tax": _Account("500", "Corporation Tax", "Overhead"),
    "receivables": _Account("610", "Accounts Receivable", "Accounts Receivable"),
    "stock": _Account("630", "Inventory", "Inventory"),
    "assets": _Account("764", "Plant and Machinery", "Fixed Asset"),
    "worn": _Account("765", "Less Accumulated Depreciation on Plant and Machinery", "Fixed Asset"),
    "payables": _Account("800", "Accounts Payable", "Accounts Payable"),
    "staff": _Account("814", "Wages Payable - Payroll", "Current Liability"),
    "vat_out": _Account("820", "VAT", "Current Liability"),
    "vat_in": _Account("820", "VAT", "Current Liability"),
    "vat_due": _Account("820", "VAT", "Current Liability"),
    "social": _Account("825", "PAYE & Pensions Payable", "Current Liability"),
    "tax_owed": _Account("830", "Provision for Corporation Tax", "Current Liability"),
    "loan": _Account("900", "Bank Loan", "Non-current Liability"),
    "capital": _Account("970", "Share Capital", "Equity"),
    "reserves": _Account("960", "Retained Earnings", "Equity"),
}
_JOURNALS = {
    "sales": ("VE", "Ventes"),
    "purchases": ("AC", "Achats"),
    "bank": ("BQ", "Banque"),
    "general": ("OD", "Opérations diverses"),
    "opening": ("AN", "À nouveaux"),
}
_SOURCES = {
    "sales": "Receivable Invoice",
    "purchases": "Payable Invoice",
    "bank": "Bank Transaction",
    "general": "Manual Journal",
    "opening": "Conversion Balance",
}
_TOTAL = ["role", "party"]


def write_books(folder: Path, trade: Trade, supply: Supply, visits: pd.DataFrame | None, seed: int) -> None:
    """Write the firm's books to ``folder``, one file per fiscal year up to the last month that is over.

    ``visits``: the list of visits as it was written, whose cost is the advertising of each month.
    """
    house = HOUSES[trade.firm.id]
    made = postings(trade, supply, _adverts(trade, visits), house, seed)
    ends = fiscal_year_ends(trade, house.first_month)
    over = max(one for one in pd.date_range(trade.first, trade.last, freq="ME")).date()
    write = _write_fec if trade.firm.country == "FR" else _write_xero
    for before, end in zip(ends, [*ends[1:], over], strict=True):
        year = _of_year(made, trade, before, end)
        if trade.firm.country == "FR" or before == ends[0]:
            year = pd.concat([_brought_forward(made, trade, before, before == ends[0]), year])
        if trade.firm.country == "FR" and before != ends[0]:
            year = pd.concat([year, _allotted(made, trade, before)])
        write(folder, year[year["cents"] != 0], trade, end)


def _adverts(trade: Trade, visits: pd.DataFrame | None) -> np.ndarray:
    """What visits cost in each month of the window."""
    months = pd.date_range(trade.first, trade.last, freq="MS")
    if visits is None:
        return np.zeros(len(months))
    french = trade.firm.country == "FR"
    cost = visits.iloc[:, -1].str.replace(",", ".").replace("", "0").astype(float)
    day = pd.to_datetime(visits.iloc[:, 0], format="%d/%m/%Y" if french else "%Y-%m-%d")
    at = np.searchsorted(months.to_numpy(), day.to_numpy(), side="right") - 1
    return np.bincount(at, cost, len(months))


def _day(trade: Trade, moment: date) -> int:
    return (moment - trade.first).days


def _of_year(made: pd.DataFrame, trade: Trade, before: date, end: date) -> pd.DataFrame:
    return made[(made["day"] > _day(trade, before)) & (made["day"] <= _day(trade, end))]


def _brought_forward(made: pd.DataFrame, trade: Trade, before: date, first: bool) -> pd.DataFrame:
    """Balances at the end of a year, as the next one begins with them: in France on its first day.

    What was earned before the books begin is in the reserves; later on, last year's result stands by itself.
    """
    end = _day(trade, before)
    begun = end if first else _day(trade, before.replace(year=before.year - 1))
    past = made[made["day"] <= end]
    earned = past["role"].isin(RESULT)
    old = earned & (first | (past["day"] <= begun))
    role = past["role"].mask(old, "reserves").mask(earned & ~old, "result")
    sums = past.assign(role=role, party=past["party"].mask(earned, "")).groupby(_TOTAL, as_index=False)
    totals = sums["cents"].sum()
    lost = (totals["role"] == "result") & (totals["cents"] > 0)
    french = trade.firm.country == "FR"
    return totals.assign(
        day=end + 1 if french else end, journal="opening", ref="AN", role=totals["role"].mask(lost, "loss")
    )[COLUMNS]


def _allotted(made: pd.DataFrame, trade: Trade, before: date) -> pd.DataFrame:
    """Last year's result to the reserves, by decision of the partners in June."""
    begun = _day(trade, before.replace(year=before.year - 1))
    inside = (made["day"] > begun) & (made["day"] <= _day(trade, before)) & made["role"].isin(RESULT)
    cents = int(made.loc[inside, "cents"].sum())
    day = _day(trade, before + timedelta(days=180))
    role = "result" if cents < 0 else "loss"
    rows = [(day, "general", "AFF", role, "", -cents), (day, "general", "AFF", "reserves", "", cents)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _write_fec(folder: Path, year: pd.DataFrame, trade: Trade, end: date) -> None:
    """The fichier des écritures comptables of one year (arrêté du 29 juillet 2013, LPF art. A47 A-1)."""
    year = year.sort_values(["day", "journal", "ref"], kind="stable", ignore_index=True)
    codes = year["journal"].map({name: code for name, (code, _) in _JOURNALS.items()})
    names = year["journal"].map({name: title for name, (_, title) in _JOURNALS.items()})
    entry = (
        year["day"].astype(str)
        + year["journal"]
        + year["ref"]
        + year["party"].where(year["journal"] != "opening", "")
    )
    number = pd.Series(pd.factorize(entry)[0] + 1).astype(str).str.zfill(6)
    day = (pd.Timestamp(trade.first) + pd.to_timedelta(year["day"], unit="D")).dt.strftime("%Y%m%d")
    own = year["role"].isin(["receivables", "payables"])
    cents = year["cents"].to_numpy()
    text = np.where(own, "Pièce " + year["ref"], names.to_numpy(object))
    columns = [
        codes, names, number, day,
        year["role"].map({role: one.number for role, one in _FRENCH.items()}),
        year["role"].map({role: one.name for role, one in _FRENCH.items()}),
        year["party"].where(own, ""),
        ("Tiers " + year["party"]).where(own, ""),
        year["ref"], day, text,
        money(np.maximum(cents, 0) / 100, comma=True),
        money(np.maximum(-cents, 0) / 100, comma=True),
        "", "", day, "", "",
    ]  # fmt: skip
    frame = pd.DataFrame(dict(zip(FEC_HEADERS, columns, strict=True)))
    write_text(folder / f"{SIREN}FEC{end:%Y%m%d}.txt", frame, "|", trade.firm.side_encoding)


def _write_xero(folder: Path, year: pd.DataFrame, trade: Trade, end: date) -> None:
    """Xero's report of account transactions of one year, account by account."""
    number = year["role"].map({role: one.number for role, one in _BRITISH.items()})
    year = year.assign(number=number).sort_values(["number", "day", "ref"], kind="stable", ignore_index=True)
    day = (pd.Timestamp(trade.first) + pd.to_timedelta(year["day"], unit="D")).dt.strftime("%d %b %Y")
    cents = year["cents"].to_numpy()
    columns = [
        day,
        year["journal"].map(_SOURCES),
        (year["ref"] + " " + year["party"]).str.strip(),
        year["ref"],
        money(np.maximum(cents, 0) / 100),
        money(np.maximum(-cents, 0) / 100),
        year["number"],
        year["role"].map({role: one.name for role, one in _BRITISH.items()}),
        year["role"].map({role: one.type for role, one in _BRITISH.items()}),
    ]
    frame = pd.DataFrame(dict(zip(XERO_HEADERS, columns, strict=True)))
    write_text(folder / f"Account-Transactions-{end:%Y-%m}.csv", frame)
