"""Exports of accounts and tills: Xero, French invoices, counter sales, plain web orders."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.demo.formats import headers
from echannel.demo.formats.base import (
    COUNTRIES,
    Format,
    Raw,
    Sold,
    money,
    money_or_empty,
    numbered,
    sheet,
    stamp,
    words_for,
)


def _with_credit_notes(sold: Sold) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Documents (``order``, ``credit``, ``day``) and their lines: invoices, and a credit note per refund.

    A credit note has one line that gives the refund back; its number follows the invoices' own series.
    """
    orders, lines = sold.orders, sold.lines
    invoices = orders.assign(row=np.arange(len(orders)), credit=False, doc_total=orders["total"],
                             doc_net=orders["total_net"], doc_vat=orders["vat"])  # fmt: skip
    back = invoices[(orders["refunded"] > 0).to_numpy()].assign(credit=True)
    back = back.assign(
        day=back["refunded_on"], due=back["refunded_on"], paid=back["refunded_on"],
        doc_total=-back["refunded"], doc_net=-back["refunded_net"],
        doc_vat=np.round(back["refunded_net"] - back["refunded"], 2),
    )  # fmt: skip
    documents = pd.concat([invoices, back], ignore_index=True)
    sold_lines = lines.assign(document=lines["row"], quantity_text=lines["quantity"], unit=lines["unit_net"])
    first = lines.drop_duplicates("row").set_index("row").loc[back["row"]].reset_index()
    given = first.assign(
        document=len(invoices) + np.arange(len(back)), quantity_text=-1, unit=back["refunded_net"].to_numpy(),
        rebate=0.0, net=-back["refunded_net"].to_numpy(), gross=-back["refunded"].to_numpy(),
    )  # fmt: skip
    return documents, pd.concat([sold_lines, given], ignore_index=True)


def _numbers(documents: pd.DataFrame, invoice: str, credit: str) -> np.ndarray:
    series = documents.groupby("credit").cumcount() + 1
    return np.where(
        documents["credit"], [credit.format(n) for n in series], [invoice.format(n) for n in series]
    )


def xero(sold: Sold) -> Raw:
    """Sales invoices and credit notes: a row per line, amounts without VAT, rebates in per cent."""
    documents, lines = _with_credit_notes(sold)
    at = lines["document"].to_numpy()
    paid = documents["paid"].to_numpy() >= 0
    status = np.where(
        documents["status"] == "cancelled", "Voided", np.where(paid, "Paid", "Awaiting Payment")
    )

    def each(values: object) -> np.ndarray:
        return np.asarray(values, dtype=object)[at]

    filled = {
        "ContactName": each(documents["company"]),
        "EmailAddress": each(documents["email"]),
        "POAddressLine1": each(documents["street"]),
        "POCity": each(documents["town"]),
        "POPostalCode": each(documents["postcode"]),
        "POCountry": each(words_for(documents["country"], COUNTRIES["GB"])),
        "InvoiceNumber": each(_numbers(documents, "INV-{:05d}", "CN-{:04d}")),
        "InvoiceDate": each(sold.moment(documents["day"], "%d/%m/%Y")),
        "DueDate": each(sold.moment(documents["due"], "%d/%m/%Y")),
        "Total": each(money(documents["doc_total"])),
        "InventoryItemCode": lines["product_id"],
        "Description": lines["product_name"],
        "Quantity": lines["quantity_text"].astype(str),
        "UnitAmount": money(lines["unit"]),
        "Discount": money_or_empty(lines["rebate"] * 100, 0),
        "AccountCode": "200",
        "TaxType": np.where(lines["vat_rate"] > 0, "20% (VAT on Income)", "Zero Rated Income"),
        "TaxAmount": money(lines["gross"] - lines["net"]),
        "Currency": each(documents["currency"]),
        "Type": each(np.where(documents["credit"], "Sales credit note", "Sales invoice")),
        "Status": each(status),
        "PaidDate": each(sold.moment(documents["paid"], "%d/%m/%Y")),
    }
    return Raw(sheet(headers.XERO, filled, len(lines)), documents["row"].to_numpy()[at])


def invoices(sold: Sold) -> Raw:
    """Invoices and credit notes (avoirs) as French accounts write them."""
    documents, lines = _with_credit_notes(sold)
    at = lines["document"].to_numpy()
    paid = documents["paid"].to_numpy() >= 0
    status = np.where(documents["status"] == "cancelled", "Annulée", np.where(paid, "Réglée", "À payer"))

    def each(values: object) -> np.ndarray:
        return np.asarray(values, dtype=object)[at]

    filled = {
        "N° facture": each(_numbers(documents, "FA{:06d}", "AV{:05d}")),
        "Type de pièce": each(np.where(documents["credit"], "Avoir", "Facture")),
        "Date facture": each(sold.moment(documents["day"], "%d/%m/%Y")),
        "Date échéance": each(sold.moment(documents["due"], "%d/%m/%Y")),
        "Date règlement": each(sold.moment(documents["paid"], "%d/%m/%Y")),
        "Code client": each([f"C{number:04d}" for number in documents["customer"]]),
        "Raison sociale": each(documents["company"]),
        "Pays": each(words_for(documents["country"], COUNTRIES["FR"])),
        "Code article": lines["product_id"],
        "Désignation": lines["product_name"],
        "Qté": lines["quantity_text"].astype(str),
        "PU HT": money(lines["unit"], comma=True),
        "Remise %": money_or_empty(lines["rebate"] * 100, 0),
        "Taux TVA": [f"{text} %" for text in money(lines["vat_rate"] * 100, 1, comma=True)],
        "Total ligne HT": money(lines["net"], comma=True),
        "Total HT": each(money(documents["doc_net"], comma=True)),
        "Montant TVA": each(money(documents["doc_vat"], comma=True)),
        "Total TTC": each(money(documents["doc_total"], comma=True)),
        "Statut": each(status),
    }
    return Raw(sheet(headers.INVOICES, filled, len(lines)), documents["row"].to_numpy()[at])


def _anonymous(orders: pd.DataFrame) -> np.ndarray:
    """Over the counter only regulars give their name."""
    return np.where(orders["customer"] % 5 < 2, orders["name"], "")


def counter(sold: Sold) -> Raw:
    """Counter sales in a workbook: one row per item, mostly without a customer."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()
    states = {"cancelled": "Void", "refunded": "Refunded", "partly_refunded": "Partially refunded"}
    status = orders["status"].map(states).fillna("Paid").to_numpy(dtype=object)
    filled = {
        "Receipt No": np.array(numbered(len(orders), 70_001), dtype=object)[row],
        "Date": stamp(orders["at"], "%Y-%m-%d")[row],
        "Time": stamp(orders["at"], "%H:%M")[row],
        "Customer": _anonymous(orders)[row],
        "SKU": lines["product_id"],
        "Description": lines["product_name"],
        "Qty": lines["quantity"].astype(str),
        "Price inc VAT": money(lines["unit_gross"]),
        "VAT rate": money(lines["vat_rate"] * 100, 0),
        "Total inc VAT": money(orders["total"])[row],
        "Refunded amount": money_or_empty(orders["refunded"])[row],
        "Refund date": sold.moment(orders["refunded_on"], "%Y-%m-%d")[row],
        "Payment method": words_for(orders["payment"], {"card": "Card", "paypal": "Cash"})[row],
        "Status": status[row],
    }
    return Raw(sheet(headers.COUNTER, filled, len(lines)), row)


def comptoir(sold: Sold) -> Raw:
    """The same, in French."""
    raw = counter(sold)
    states = {
        "Paid": "Payée",
        "Void": "Annulée",
        "Refunded": "Remboursée",
        "Partially refunded": "Remboursée partiellement",
    }
    frame = raw.frame.set_axis(list(headers.COMPTOIR), axis=1)
    ways = {"Card": "Carte", "Cash": "Espèces"}
    return Raw(
        frame.assign(**{
            "Statut": frame["Statut"].map(states),
            "Mode de règlement": frame["Mode de règlement"].map(ways),
        }),
        raw.order,
    )  # fmt: skip


def web_orders(sold: Sold) -> Raw:
    """A plain export in English: one row per line, the order's fields repeated."""
    orders, lines, row = sold.orders, sold.lines, sold.lines["row"].to_numpy()
    states = {"paid": "Paid", "shipped": "Dispatched", "delivered": "Completed", "pending": "Pending payment",
              "cancelled": "Cancelled", "refunded": "Refunded",
              "partly_refunded": "Partially refunded"}  # fmt: skip
    filled = {
        "Order number": np.array(numbered(len(orders), 1, "W{:05d}"), dtype=object)[row],
        "Order date": stamp(orders["at"], "%d/%m/%Y %H:%M")[row],
        "Status": words_for(orders["status"], states)[row],
        "Customer name": orders["name"].to_numpy(dtype=object)[row],
        "Customer email": orders["email"].to_numpy(dtype=object)[row],
        "Country": words_for(orders["country"], COUNTRIES["GB"])[row],
        "Currency": orders["currency"].to_numpy(dtype=object)[row],
        "SKU": lines["product_id"],
        "Product name": lines["product_name"],
        "Quantity": lines["quantity"].astype(str),
        "Unit price inc VAT": money(lines["unit_gross"]),
        "VAT rate": [f"{text}%" for text in money(lines["vat_rate"] * 100, 0)],
        "Discount inc VAT": money(orders["discount_gross"])[row],
        "Shipping inc VAT": money(orders["shipping_gross"])[row],
        "Total inc VAT": money(orders["total"])[row],
        "Refunded amount": money_or_empty(orders["refunded"])[row],
        "Refund date": sold.moment(orders["refunded_on"], "%d/%m/%Y")[row],
        "Payment method": words_for(orders["payment"], {"card": "Card", "paypal": "PayPal"})[row],
    }
    return Raw(sheet(headers.WEB_ORDERS, filled, len(lines)), row)


_TILL_NUMBERS = ("Qty", "Price inc VAT", "VAT rate", "Total inc VAT", "Refunded amount")
_COMPTOIR_NUMBERS = ("Quantité", "PU TTC", "Taux TVA", "Total TTC", "Remboursé TTC")
_INVOICE_NUMBERS = ("Qté", "PU HT", "Remise %", "Total ligne HT", "Total HT", "Montant TVA", "Total TTC")

LEDGERS = {
    "xero": Format(
        xero, "SalesInvoices-{first}", "InvoiceDate", "31/02/2025", "UnitAmount", total=("Total",),
        country="POCountry", refunds=True,
    ),
    "invoices_csv": Format(
        invoices, "factures-{first}", "Date facture", "31/02/2025", "PU HT", total=("Total TTC",),
        country="Pays", separator=";", refunds=True,
    ),
    "invoices_xlsx": Format(
        invoices, "factures-{first}", "Date facture", "31/02/2025", "PU HT", total=("Total TTC",),
        country="Pays", extension="xlsx", refunds=True, numbers=_INVOICE_NUMBERS,
        dates=("Date facture", "Date échéance", "Date règlement"),
    ),
    "generic_xlsx": Format(
        counter, "counter-sales-{first}", "Date", "30/02/2025", "Price inc VAT", total=("Total inc VAT",),
        extension="xlsx", refunds=True, numbers=_TILL_NUMBERS, dates=("Date", "Refund date"),
    ),
    "generic_ods": Format(
        comptoir, "ventes-boutique-{first}", "Date", "30/02/2025", "PU TTC", total=("Total TTC",),
        extension="ods", refunds=True, numbers=_COMPTOIR_NUMBERS,
        dates=("Date", "Date remboursement"),
    ),
    "generic_csv": Format(
        web_orders, "web-orders-{first}", "Order date", "31/02/2025 10:15", "Unit price inc VAT",
        total=("Total inc VAT",), country="Country", refunds=True,
    ),
}  # fmt: skip
