"""The files beside the orders: products, customers, visits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.demo.demand import days_of
from echannel.demo.firms import Firm
from echannel.demo.formats.base import COUNTRIES, money
from echannel.demo.lookers import visits_from_abroad
from echannel.demo.trade import Trade

_PRODUCTS = {
    "GB": ["SKU", "Product name", "Category", "Supplier", "Cost price", "Price inc VAT", "VAT rate",
           "Lead time (days)", "Minimum order quantity", "Weight (kg)", "Country of origin", "HS code",
           "Active", "Date added"],
    "FR": ["Référence", "Désignation", "Catégorie", "Fournisseur", "Prix d'achat HT", "Prix de vente TTC",
           "Taux TVA", "Délai (jours)", "Quantité minimale", "Poids (kg)", "Pays d'origine", "Code SH",
           "Actif", "Créé le"],
}  # fmt: skip
_CUSTOMERS = {
    "GB": ["Customer", "Customer type", "Country", "County", "Customer since"],
    "FR": ["Client", "Type de client", "Pays", "Région", "Client depuis"],
}
_VISITS = {
    "GB": ["Date", "Source", "Medium", "Country", "Device", "Sessions", "Product views", "Add to carts",
           "Checkouts", "Orders", "Cost"],
    "FR": ["Date", "Source", "Support", "Pays", "Appareil", "Sessions", "Vues produit", "Ajouts au panier",
           "Passages en caisse", "Commandes", "Coût"],
}  # fmt: skip
_WORDS = {
    "GB": {"b2b": "Business", "b2c": "Consumer", "yes": "yes", "no": "no"},
    "FR": {"b2b": "Professionnel", "b2c": "Particulier", "yes": "oui", "no": "non"},
}
# Where visits come from: share of sessions, cost of a session.
_CAMPAIGNS = (
    ("google", "organic", 0.34, 0.0),
    ("google", "cpc", 0.2, 0.34),
    ("(direct)", "(none)", 0.24, 0.0),
    ("newsletter", "email", 0.1, 0.02),
    ("facebook", "social", 0.12, 0.22),
)
_NO_SHOP = {"xero", "invoices_csv", "invoices_xlsx", "generic_xlsx", "generic_ods", "amazon", "ebay"}


def products(trade: Trade, lead: pd.Series | None = None) -> pd.DataFrame:
    """The list of products; a cost that nobody entered is empty. ``lead``: its suppliers' lead times."""
    firm, known = trade.firm, trade.products
    comma = firm.country == "FR"
    added = [day_text(firm, trade, max(int(born), -400)) for born in known["born"]]
    unsold = known["dies"] < len(days_of(trade.first, trade.last))
    change = np.where(known["change_day"] < 10_000, known["change"], 1.0)
    values = [
        known["product_id"],
        known["name"],
        known["category"],
        known["supplier"],
        money(np.where(known["cost_known"], known["cost"], np.nan), comma=comma),
        money(known["gross"] * change, comma=comma),
        [f"{rate} %" if comma else f"{rate}%" for rate in money(known["vat"] * 100, 1, comma=comma)],
        (known["lead_time"] if lead is None else lead).astype(str),
        known["order_minimum"].astype(str),
        money(known["weight"], comma=comma),
        known["origin"],
        known["hs_code"],
        np.where(unsold, _WORDS[firm.country]["no"], _WORDS[firm.country]["yes"]),
        added,
    ]
    listed = pd.DataFrame(dict(zip(_PRODUCTS[firm.country], values, strict=True)))
    coded = (known["hs_code"] != "").any()
    return listed if coded else listed.drop(columns=["HS code", "Code SH"], errors="ignore")


def customers(trade: Trade) -> pd.DataFrame:
    """The list of customers, under the identifier that their orders carry."""
    firm, known = trade.firm, trade.customers
    formats = np.array([outlet.format for outlet in firm.outlets])[known["outlet"]]
    identity = np.select(
        [formats == "xero", np.isin(formats, ["invoices_csv", "invoices_xlsx"])],
        [known["company"], [f"C{number:04d}" for number in range(len(known))]],
        known["email"],
    )
    since = trade.orders.groupby("customer")["day"].min().reindex(range(len(known))).fillna(0)
    listed = ~np.isin(formats, ["generic_xlsx", "generic_ods"])  # a till knows no list of customers
    values = [
        identity,
        known["kind"].map(_WORDS[firm.country]),
        known["country"].map(COUNTRIES[firm.country]),
        known["town"],
        [day_text(firm, trade, int(day)) for day in since],
    ]
    return pd.DataFrame(dict(zip(_CUSTOMERS[firm.country], values, strict=True)))[listed]


def visits(trade: Trade, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions per day, source, country and device, with the orders that came of them (own shop only)."""
    firm = trade.firm
    days = days_of(trade.first, trade.last)
    shops = [n for n, outlet in enumerate(firm.outlets) if outlet.format not in _NO_SHOP]
    bought = np.bincount(trade.orders["day"][trade.orders["outlet"].isin(shops)], minlength=len(days))
    opening = 0 if firm.starts is None else int(np.flatnonzero(days >= pd.Timestamp(firm.starts))[0])
    conversion = rng.uniform(0.016, 0.034)
    smooth = np.convolve(bought, np.ones(7) / 7, mode="same")
    shares = [share * part for _, _, share, _ in _CAMPAIGNS for part in (0.62, 0.38)]
    sessions = rng.poisson((0.6 * smooth + 0.4 * bought + 0.3)[:, None] / conversion * np.asarray(shares))
    weight = sessions * np.asarray([factor for (*_,) in _CAMPAIGNS for factor in (0.8, 1.35)]) + 1e-9
    orders = rng.multinomial(bought, weight / weight.sum(axis=1, keepdims=True))
    sessions = np.maximum(sessions, orders * 3)
    views = rng.binomial(sessions, 0.55)
    carts = np.maximum(rng.binomial(sessions, 0.085), orders)
    checkouts = np.clip(rng.binomial(carts, 0.62), orders, carts)
    per_session = np.repeat([cost for *_, cost in _CAMPAIGNS], 2)
    cost = np.round(sessions * per_session * rng.uniform(0.85, 1.15, sessions.shape), 2)
    n = len(days)
    sources = [name for name, *_ in _CAMPAIGNS for _ in range(2)]
    media = [medium for _, medium, *_ in _CAMPAIGNS for _ in range(2)]
    figures = [sessions, views, carts, checkouts, orders]
    abroad = visits_from_abroad(trade, shops, [figure[:, 0] for figure in figures])
    for figure, there in zip(figures, abroad[2:], strict=True):
        figure[:, 0] -= np.bincount(abroad[0], there, n).astype(int)
    at = np.r_[np.repeat(np.arange(n), 10), abroad[0]]
    order = np.argsort(at, kind="stable")
    more = len(abroad[0])
    comma = firm.country == "FR"
    values = [
        days.strftime("%d/%m/%Y" if comma else "%Y-%m-%d")[at],
        np.r_[np.tile(sources, n), np.full(more, sources[0])],
        np.r_[np.tile(media, n), np.full(more, media[0])],
        np.r_[np.full(10 * n, firm.country), abroad[1]],
        np.r_[np.tile(["mobile", "desktop"], 5 * n), np.full(more, "mobile")],
        *(np.r_[f.ravel(), there].astype(str) for f, there in zip(figures, abroad[2:], strict=True)),
        money(np.r_[cost.ravel(), np.zeros(more)], comma=comma),
    ]
    frame = pd.DataFrame(dict(zip(_VISITS[firm.country], values, strict=True)))
    return frame.iloc[order[at[order] >= opening]]


def day_text(firm: Firm, trade: Trade, day: int) -> str:
    moment = pd.Timestamp(trade.first) + pd.Timedelta(days=day)
    return moment.strftime("%d/%m/%Y" if firm.country == "FR" else "%Y-%m-%d")
