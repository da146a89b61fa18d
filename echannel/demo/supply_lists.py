"""The files of a firm's stockroom: counts, suppliers, their prices, purchases."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.demo.demand import days_of
from echannel.demo.formats.base import COUNTRIES, money
from echannel.demo.lists import day_text
from echannel.demo.suppliers import BREAKS
from echannel.demo.supply import Supply
from echannel.demo.trade import Trade

NO_PURCHASES = ("medway-spares", "leon-jardin")  # they count their stock, and file no order to a supplier
_TWO_PLACES = {"thanet-garden": ("Warehouse", "Margate shop"), "loire-cavistes": ("Chai", "Boutique")}
_ONE_PLACE = {"GB": ("Main",), "FR": ("Principal",)}
_SNAPSHOTS = 13  # month ends, and the last day
_VAN = 2
_DELISTED = 120  # days after a product's end, if none is left
_STOCK = {
    "GB": ["SKU", "Location", "Date", "On hand", "Reserved", "On order"],
    "FR": ["Référence", "Emplacement", "Date", "Stock physique", "Réservé", "En commande"],
}
_PACKS = {"GB": ["Pack size", "Shelf life (days)"], "FR": ["Colisage", "Durée de conservation"]}
_SUPPLIERS = {
    "GB": ["Supplier", "Supplier name", "Country", "Language", "Currency", "Lead time (days)",
           "Payment terms (days)", "Cost per order", "Minimum order value", "Days between orders"],
    "FR": ["Code fournisseur", "Raison sociale", "Pays", "Langue", "Devise", "Délai (jours)",
           "Délai de règlement", "Coût par commande", "Minimum de commande", "Jours entre commandes"],
}  # fmt: skip
_PRICES = {
    "GB": ["Supplier", "SKU", "From quantity", "Unit cost"],
    "FR": ["Code fournisseur", "Référence", "À partir de", "Prix d'achat HT"],
}
_PURCHASES = {
    "GB": ["PO number", "Supplier", "SKU", "Delivered to", "Order date", "Expected date", "Received date",
           "Quantity ordered", "Quantity received", "Unit cost"],
    "FR": ["Bon de commande", "Code fournisseur", "Référence", "Lieu de livraison", "Date de commande",
           "Livraison prévue", "Date de réception", "Quantité commandée", "Quantité reçue",
           "Prix d'achat HT"],
}  # fmt: skip
_ABROAD = {
    "GB": {"CN": "China", "PT": "Portugal", "IT": "Italy"},
    "FR": {"CN": "Chine", "PT": "Portugal", "IT": "Italie"},
}
_LANGUAGES = {
    "GB": {"en": "English", "fr": "French", "pt": "Portuguese", "it": "Italian"},
    "FR": {"en": "anglais", "fr": "français", "pt": "portugais", "it": "italien"},
}


def packs(trade: Trade, supply: Supply) -> pd.DataFrame:
    """What the list of products says of ordering them."""
    known = supply.products
    lives = known["shelf_life"].astype(str).where(known["shelf_life"] > 0, "")
    values = [known["pack"].astype(str), lives]
    return pd.DataFrame(dict(zip(_PACKS[trade.firm.country], values, strict=True)))


def stock(trade: Trade, supply: Supply) -> pd.DataFrame:
    """Counted stock at the end of each of the last 13 months and on the last day, at each location."""
    firm, known = trade.firm, trade.products
    days = days_of(trade.first, trade.last)
    ends = [*(int(day) for day in np.flatnonzero(days.is_month_end)[-_SNAPSHOTS:]), len(days) - 1]
    counted, on_order = supply.stock, supply.on_order
    places = _TWO_PLACES.get(firm.id, _ONE_PLACE[firm.country])
    parts = []
    for moment in ends:
        on_hand = counted[:, moment]
        held = np.minimum(on_hand, supply.waiting[:, moment])
        goes_on = (known["dies"] > moment - _DELISTED).to_numpy() | (on_hand > 0)
        listed = (supply.products["arrives"] <= moment).to_numpy() & goes_on
        for place, share in zip(places, _split(on_hand, len(places), moment), strict=True):
            here = place == places[0]
            values = [
                known["product_id"],
                place,
                day_text(firm, trade, moment),
                share.astype(str),
                np.minimum(held, share).astype(str) if here else "0",
                on_order[:, moment].astype(str) if here else "0",
            ]
            frame = pd.DataFrame(dict(zip(_STOCK[firm.country], values, strict=True)))
            parts.append(frame.assign(year=days[moment].year)[listed])
    return pd.concat(parts, ignore_index=True)


def _split(on_hand: np.ndarray, places: int, moment: int) -> list[np.ndarray]:
    """What lies where: the shop has from nothing to most of a product, whatever it sells there."""
    if places == 1:
        return [on_hand]
    number = np.arange(len(on_hand))
    shop = on_hand * ((number * 7 + moment // 28 * (number % 5)) % 11) // 12
    return [on_hand - shop, shop]


def suppliers(trade: Trade, supply: Supply) -> pd.DataFrame:
    """The list of suppliers; amounts in the firm's currency."""
    country, known = trade.firm.country, supply.suppliers
    comma = country == "FR"
    values = [
        known["supplier"],
        known["name"],
        known["country"].map(COUNTRIES[country] | _ABROAD[country]),
        known["language"].map(_LANGUAGES[country]),
        known["currency"],
        known["lead"].astype(str),
        known["terms"].astype(str),
        money(known["order_cost"], comma=comma),
        money(known["order_minimum"], comma=comma),
        # How often the firm orders is its own habit; one supplier's van comes at a rhythm.
        np.where(np.arange(len(known)) == _VAN, known["rhythm"].astype(str), ""),
    ]
    return pd.DataFrame(dict(zip(_SUPPLIERS[country], values, strict=True)))


def prices(trade: Trade, supply: Supply) -> pd.DataFrame:
    """Prices by quantity, of the suppliers that have them."""
    country, known = trade.firm.country, trade.products
    of = supply.suppliers["breaks"].to_numpy()[supply.products["number"]] & known["cost_known"].to_numpy()
    rows = np.repeat(np.flatnonzero(of), len(BREAKS))
    times = np.tile([first for first, _ in BREAKS], int(of.sum()))
    off = np.tile([off for _, off in BREAKS], int(of.sum()))
    quantity = np.where(times == 1, 1, times * supply.products["minimum"].to_numpy()[rows])
    values = [
        known["supplier"].to_numpy()[rows],
        known["product_id"].to_numpy()[rows],
        quantity.astype(str),
        money(known["cost"].to_numpy()[rows] * (1 - off), comma=country == "FR"),
    ]
    return pd.DataFrame(dict(zip(_PRICES[country], values, strict=True)))


def purchases(trade: Trade, supply: Supply) -> pd.DataFrame:
    """Orders to suppliers, line by line; what did not come yet has no day of receipt."""
    firm, known = trade.firm, supply.purchases
    came = known["received"].to_numpy() >= 0
    names = [*_PURCHASES[firm.country]]
    prefix = "BC" if firm.country == "FR" else "PO"
    values = [
        [f"{prefix}-{number:04d}" for number in known["purchase"]],
        supply.suppliers["supplier"].to_numpy()[known["number"]],
        trade.products["product_id"].to_numpy()[known["product"]],
        _TWO_PLACES.get(firm.id, _ONE_PLACE[firm.country])[0],
        _dates(trade, known["ordered"]),
        _dates(trade, known["expected"]),
        np.where(came, _dates(trade, known["received"]), ""),
        known["quantity"].astype(str),
        np.where(came, known["came"].astype(str), ""),
        money(known["cost"], comma=firm.country == "FR"),
    ]
    frame = pd.DataFrame(dict(zip(names, values, strict=True)))
    return frame if firm.id in _TWO_PLACES else frame.drop(columns=names[3])


def _dates(trade: Trade, days: pd.Series) -> np.ndarray:
    moments = pd.Timestamp(trade.first) + pd.to_timedelta(days, unit="D")
    return moments.dt.strftime("%d/%m/%Y" if trade.firm.country == "FR" else "%Y-%m-%d").to_numpy(object)
